"""The wheels that users get: what is in them, what they say, and that they score as they were released."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from checks import CORE_VERSION, OK
from packaging.requirements import Requirement
from venvs import CleanVenv, NewVenv
from wheels import (
    BASES,
    CORE,
    ENCODERS,
    FILTERS,
    ROOT,
    built_wheel,
    files_of,
    metadata_of,
    sha256_of,
    text_of,
    version_of,
)

from distillery.names import distribution_of, package_of

EXAMPLES = ROOT / "examples" / "articles.jsonl"
REAL_ARTICLES = ROOT.parent / "shared" / "data" / "articles.jsonl"
WORDS_IN_COMMON = 12  # so many words in a row are no coincidence
TOLERANCE = 0.1  # on the 0-10 scale, between the backend of the release and the one of this machine
NEVER_SHIPPED = re.compile(
    r"\.(bin|ckpt|csv|joblib|npy|npz|onnx|parquet|pickle|pkl|pt|pth|pyc|sqlite|zip)$|(^|/)tests?/"
)
# The checks of the conformance kit that depend on how a wheel is packed: names, metadata and files.
PACKING = (
    "one_name",
    "range_of_cores",
    "readme_and_licence",
    "marked",
    "forbidden_file",
    "imports_nothing",
    "oracles_prompt",
)
IN_A_FILTER = re.compile(r"\.(json|md|py|safetensors|yaml)$|/py\.typed$|/golden\.jsonl$")

each_released = pytest.mark.parametrize("released", FILTERS, ids=lambda folder: folder.name)


@pytest.fixture(scope="module")
def filter_wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel of every filter of the repository, by the filter's name."""
    return {folder.name: built_wheel(folder, tmp_path_factory.mktemp(folder.name)) for folder in FILTERS}


@pytest.fixture(scope="module")
def encoder_wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel of every encoder of the repository, by the encoder's name."""
    return {folder.name: built_wheel(folder, tmp_path_factory.mktemp(folder.name)) for folder in ENCODERS}


@pytest.fixture(scope="module")
def base_wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel of every base model of the repository, by the base model's name."""
    return {folder.name: built_wheel(folder, tmp_path_factory.mktemp(folder.name)) for folder in BASES}


@pytest.fixture(params=FILTERS, ids=lambda folder: folder.name)
def project(request: pytest.FixtureRequest) -> Path:
    """The folder of each filter package."""
    return request.param


@pytest.fixture
def wheel(project: Path, filter_wheels: dict[str, Path]) -> Path:
    """Its wheel."""
    return filter_wheels[project.name]


@pytest.fixture
def package(project: Path) -> Path:
    """The folder of its import package in the source tree."""
    return project / "src" / package_of(project.name)


@pytest.fixture
def config(package: Path) -> dict[str, Any]:
    """Its config.yaml."""
    return yaml.safe_load((package / "config.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def venv(
    new_venv: NewVenv,
    base_wheels: dict[str, Path],
    encoder_wheels: dict[str, Path],
    filter_wheels: dict[str, Path],
    private_cache: Path,
) -> CleanVenv:
    """A clean environment with the core, all base models, all encoders and all filters, outside the repository.

    It shares the cache of all tests: the encoder, the same one, is converted once.
    """
    wheels = (*base_wheels.values(), *encoder_wheels.values(), *filter_wheels.values())
    return replace(new_venv(*wheels), cache=private_cache)


def sources_of(package: Path) -> set[str]:
    """Return the files of an import package as a wheel must hold them."""
    files = (path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(package.parent).as_posix() for path in files}


def shipped(wheel: Path) -> set[str]:
    """Return the files of a wheel outside its dist-info folder."""
    return {name for name in files_of(wheel) if ".dist-info/" not in name}


def test_core_wheel_holds_the_package_and_nothing_else(core_wheel: Path) -> None:
    """Every source file, the typing marker, the licence; no test, no data."""
    assert shipped(core_wheel) == sources_of(CORE / "src" / "distillery")
    assert "distillery/py.typed" in shipped(core_wheel)
    assert [name for name in shipped(core_wheel) if not re.search(r"\.py$|/py\.typed$", name)] == []
    assert f"distillery_core-{CORE_VERSION}.dist-info/licenses/LICENSE" in files_of(core_wheel)


def test_core_wheel_describes_itself(core_wheel: Path) -> None:
    """Name, version, licence, tag and command; each requirement has both bounds."""
    metadata = metadata_of(core_wheel)
    assert (metadata["Name"], metadata["Version"]) == ("distillery-core", version_of(CORE))
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata_of(core_wheel, "WHEEL").get_all("Tag") == ["py3-none-any"]
    assert "distillery = distillery.cli:main" in text_of(core_wheel, "entry_points.txt")
    for line in metadata.get_all("Requires-Dist", []):
        operators = {specifier.operator for specifier in Requirement(line).specifier}
        assert operators == {">=", "<"}, f"{line} needs a lower and an upper bound"


def test_filter_wheel_holds_the_package_and_nothing_else(wheel: Path, package: Path) -> None:
    """What is in the source tree is in the wheel, even what an ignore file would leave out, and no more."""
    assert shipped(wheel) == sources_of(package)
    assert [name for name in files_of(wheel) if NEVER_SHIPPED.search(name)] == []
    assert [name for name in shipped(wheel) if not IN_A_FILTER.search(name)] == []
    assert [name for name in files_of(wheel) if name.endswith("/licenses/LICENSE")]


def test_filter_wheel_holds_what_its_config_names(wheel: Path, package: Path, config: dict[str, Any]) -> None:
    """Config, prompt, typing marker and, of every student trained so far, each file that has a sha256."""
    needed = {"__init__.py", "py.typed", "config.yaml", config["oracle"]["prompt"]}
    for student in config["students"].values():
        if (package / student["adapter"]).is_dir():
            needed |= {f"{student['adapter']}/{name}" for name in student["sha256"]}
        if student.get("calibration"):
            needed.add(student["calibration"])
    assert {f"{package.name}/{name}" for name in needed} <= files_of(wheel)


def test_filter_wheel_describes_itself(wheel: Path, project: Path, config: dict[str, Any]) -> None:
    """Version, summary, requirements and entry point are those of config.yaml."""
    metadata = metadata_of(wheel)
    assert (metadata["Name"], metadata["Version"]) == (distribution_of(project.name), config["version"])
    assert metadata["Summary"] == config["summary"]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata_of(wheel, "WHEEL").get_all("Tag") == ["py3-none-any"]
    entry_point = f"[distillery.filters]\n{project.name} = {package_of(project.name)}"
    assert text_of(wheel, "entry_points.txt").strip() == entry_point
    bases = {(student.get("base") or student["encoder"]).get("package") for student in config["students"].values()}
    wanted = [f"distillery-core{config['requires_core']}", *(bases - {None})]
    assert set(map(Requirement, metadata.get_all("Requires-Dist", []))) == set(map(Requirement, wanted))


@pytest.mark.parametrize("folder", ENCODERS, ids=lambda folder: folder.name)
def test_encoder_wheel_holds_what_its_config_names(folder: Path, encoder_wheels: dict[str, Path]) -> None:
    """Config, adapter with its sha256, typing marker and licence; requirements and entry point as stated."""
    wheel = encoder_wheels[folder.name]
    (package,) = (folder / "src").iterdir()
    config = yaml.safe_load((package / "encoder.yaml").read_text(encoding="utf-8"))
    assert shipped(wheel) == sources_of(package)
    for name, expected in config["sha256"].items():
        assert sha256_of(package / config["adapter"] / name) == expected
    metadata = metadata_of(wheel)
    assert (metadata["Name"], metadata["Version"]) == (f"distillery-encoder-{folder.name}", config["version"])
    assert text_of(wheel, "entry_points.txt").strip() == f"[distillery.plugins]\n{folder.name} = {package.name}"
    wanted = [f"distillery-core{config['requires_core']}", config["base"]["package"]]
    assert set(map(Requirement, metadata.get_all("Requires-Dist", []))) == set(map(Requirement, wanted))


@pytest.mark.parametrize("folder", BASES, ids=lambda folder: folder.name)
def test_base_wheel_holds_its_package(folder: Path, base_wheels: dict[str, Path]) -> None:
    """Sources and typing marker; the entry point by which the core finds it, and the core it needs."""
    wheel = base_wheels[folder.name]
    (package,) = (folder / "src").iterdir()
    assert shipped(wheel) == sources_of(package)
    metadata = metadata_of(wheel)
    assert (metadata["Name"], metadata["Version"]) == (f"distillery-base-{folder.name}", version_of(folder))
    assert text_of(wheel, "entry_points.txt").strip() == f"[distillery.plugins]\nbase-{folder.name} = {package.name}"
    assert "distillery-core" in {Requirement(text).name for text in metadata.get_all("Requires-Dist")}


@pytest.mark.parametrize("folder", [CORE, *FILTERS], ids=lambda folder: folder.name)
def test_building_twice_gives_the_same_bytes(
    folder: Path, core_wheel: Path, filter_wheels: dict[str, Path], tmp_path: Path
) -> None:
    """A wheel can be built again by anyone and compared."""
    first = core_wheel if folder == CORE else filter_wheels[folder.name]
    assert sha256_of(built_wheel(folder, tmp_path)) == sha256_of(first)


def test_installed_filters_are_listed(venv: CleanVenv, filter_wheels: dict[str, Path]) -> None:
    """Outside the repository the list shows each wheel with its version, and nothing is wrong with it."""
    listed = json.loads(venv.distillery("list", "--format", "json").stdout)
    found = {(entry["name"], entry["version"], entry["distribution"], entry["fault"]) for entry in listed}
    wheels = {name: metadata_of(wheel) for name, wheel in filter_wheels.items()}
    assert found == {(name, metadata["Version"], metadata["Name"], None) for name, metadata in wheels.items()}


def test_the_code_that_runs_is_the_wheels(venv: CleanVenv) -> None:
    """Nothing of the source tree is on the path; otherwise these tests would test the wrong code."""
    home, names, paths = venv.evaluate(
        "distillery.__file__", "[load_config(item.name).name for item in list_filters()]", "sys.path"
    )
    assert Path(home.value).is_relative_to(venv.site)
    assert sorted(names.value) == [folder.name for folder in FILTERS]
    assert not [path for path in paths.value if Path(path).resolve().is_relative_to(ROOT)]


def test_doctor_finds_nothing(venv: CleanVenv) -> None:
    """Every weight has the sha256 of the config, and every base model is found offline."""
    done = venv.distillery("doctor", *(folder.name for folder in FILTERS))
    assert (done.returncode, done.stderr) == (OK, "")


def test_examples_are_scored_by_the_command(venv: CleanVenv) -> None:
    """The installed command scores every example with every filter, offline, without a failure."""
    names = [folder.name for folder in FILTERS]
    wanted = [argument for name in names for argument in ("--filter", name)]
    done = venv.distillery("score", str(EXAMPLES), *wanted, "-o", "scored.jsonl", "--quiet")
    assert done.returncode == OK, done.stderr
    assert re.fullmatch(r"(INFO: Converting the network .*\n)?", done.stderr)
    results = [json.loads(line) for line in (venv.work / "scored.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [result["id"] for result in results] == [article["id"] for article in example_articles()]
    for result in results:
        assert list(result["results"]) == names
        assert [score["error"] for score in result["results"].values()] == [None] * len(names)


@pytest.fixture(scope="module")
def rescored(venv: CleanVenv, filter_wheels: dict[str, Path]) -> dict[str, list[dict[str, Any]]]:
    """The golden articles of each filter, scored by a panel of the installed wheels."""
    golden = [(folder.name, record) for folder in FILTERS for record in golden_of(filter_wheels[folder.name])]
    lines = [json.dumps({**record["article"], "id": str(number)}) for number, (_, record) in enumerate(golden)]
    (venv.work / "golden.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = venv.distillery("score", "golden.jsonl", "--no-prefilter", "-o", "golden_scored.jsonl", "--quiet")
    assert done.returncode == OK, done.stderr
    results = (venv.work / "golden_scored.jsonl").read_text(encoding="utf-8").splitlines()
    scored: dict[str, list[dict[str, Any]]] = {folder.name: [] for folder in FILTERS}
    for (name, _), line in zip(golden, results, strict=True):
        scored[name].append(json.loads(line)["results"][name])
    return scored


@each_released
def test_installed_filter_scores_as_released(
    released: Path, filter_wheels: dict[str, Path], rescored: dict[str, list[dict[str, Any]]]
) -> None:
    """Golden scores come again within the tolerance; a tier changes only where the average is at its border."""
    config = yaml.safe_load((released / "src" / package_of(released.name) / "config.yaml").read_text(encoding="utf-8"))
    golden = golden_of(filter_wheels[released.name])
    assert len(golden) >= 3
    floors = [tier["at_least"] for tier in config["tiers"]]
    for record, score in zip(golden, rescored[released.name], strict=True):
        assert list(score["scores"]) == [dimension["name"] for dimension in config["dimensions"]]
        assert score["scores"] == pytest.approx(record["scores"], abs=TOLERANCE)
        assert score["weighted_average"] == pytest.approx(record["weighted_average"], abs=TOLERANCE)
        at_a_border = any(abs(record["weighted_average"] - floor) <= TOLERANCE for floor in floors)
        assert score["tier"] == record["tier"] or at_a_border
        assert score["provenance"]["version"] == config["version"]


def test_installed_filters_conform(venv: CleanVenv) -> None:
    """The conformance kit finds no fault in how each wheel is packed.

    The rest of the kit runs on the same files in each filter's folder, and on all wheels in `nox -s check_wheels`.
    """
    names = [folder.name for folder in FILTERS]
    done = venv.run("python", "-m", "distillery.testing", *names, "-k", " or ".join(PACKING), "-rs")
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
    assert f"{len(PACKING) * len(FILTERS)} passed" in done.stdout


def test_an_installed_filter_conforms_in_all(venv: CleanVenv) -> None:
    """The whole kit passes on a wheel that has everything a filter can have, Stage 1 included; nothing is left out."""
    done = venv.run("python", "-m", "distillery.testing", "uplifting", "-q", "-rs")
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


@each_released
@pytest.mark.skipif(not REAL_ARTICLES.exists(), reason="needs the real articles of ../shared/data")
def test_no_wheel_contains_third_party_articles(
    released: Path, filter_wheels: dict[str, Path], real_word_runs: set[int]
) -> None:
    """No run of twelve words of a golden article is in a real one."""
    assert len(real_word_runs) > 100_000
    for record in golden_of(filter_wheels[released.name]):
        assert not word_runs(record["article"]) & real_word_runs, record["article"].get("id")


@pytest.fixture(scope="module")
def real_word_runs() -> set[int]:
    """Every run of twelve words in the real articles, as hashes."""
    with REAL_ARTICLES.open(encoding="utf-8") as lines:
        return {run for line in lines for run in word_runs(json.loads(line))}


def word_runs(article: dict[str, Any]) -> set[int]:
    """Return the hash of every run of twelve words in an article."""
    words = f"{article['title']} {article['content']}".lower().split()
    return {hash(tuple(words[start : start + WORDS_IN_COMMON])) for start in range(len(words) - WORDS_IN_COMMON + 1)}


def golden_of(wheel: Path) -> list[dict[str, Any]]:
    """Return the golden records in a filter's wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (name for name in archive.namelist() if name.endswith("/golden.jsonl"))
        return [json.loads(line) for line in archive.read(path).decode("utf-8").splitlines()]


def example_articles() -> list[dict[str, Any]]:
    """Return the repository's example articles."""
    return [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
