"""Damage to packages on disk: each costs only itself, in every command, and the sound copy is never uninstalled."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from checks import CORE_VERSION, FAILED, OK, assert_commands_work, faults_from_doctor
from tiny_student import TinyStudent
from venvs import CleanVenv, NewVenv
from wheels import TINY_VERSION, tiny_filter_wheel, tiny_wheel

Files = Mapping[str, bytes]

ARTICLE = {"id": 1, "title": "A bridge", "content": "It opened on Monday, and a town of thousands can cross."}
INFO = f"distillery_filter_steady-{TINY_VERSION}.dist-info"
METADATA = b"Metadata-Version: 2.1\nName: %s\nVersion: %s\n"
UNRELATED = METADATA % (b"unrelated", b"1.0")
CAFE = METADATA % (b"distillery-filter-cafe", b"1.0")
NO_UTF_8 = b"Summary: caf\xe9\n"
CAFE_POINT = b"[distillery.filters]\ncafe = json\n"

# Packages that do not concern distillery.
UNRELATED_PACKAGES: dict[str, Files] = {
    "entry points not UTF-8": {
        "METADATA": UNRELATED,
        "entry_points.txt": b"\xff\xfe[console_scripts]\nunrelated = nowhere:main\n",
    },
    "entry point without a value": {"METADATA": UNRELATED, "entry_points.txt": b"[console_scripts]\nunrelated\n"},
    "metadata not UTF-8": {"METADATA": UNRELATED + NO_UTF_8, "entry_points.txt": b""},
    "no metadata": {"RECORD": b""},
    "empty folder": {},
    "no name": {"METADATA": b"Metadata-Version: 2.1\nVersion: 1.0\n"},
    "no version": {"METADATA": b"Metadata-Version: 2.1\nName: unrelated\n"},
    "invalid version": {"METADATA": METADATA % (b"unrelated", b"newest")},
    "wrong requirement": {"METADATA": UNRELATED + b"Requires-Dist: numpy as new as possible\n"},
}

# Filters, and what the fault of each says.
FILTERS: dict[str, tuple[Files, str]] = {
    "metadata not UTF-8": (
        {"METADATA": CAFE + NO_UTF_8, "entry_points.txt": CAFE_POINT},
        "its METADATA cannot be read (UnicodeDecodeError",
    ),
    "entry points in UTF-16": (
        {"METADATA": CAFE, "entry_points.txt": CAFE_POINT},
        "its entry_points.txt cannot be read (UnicodeDecodeError",
    ),
    "no metadata": ({"RECORD": b"", "entry_points.txt": CAFE_POINT}, "its METADATA is missing"),
    "no name": (
        {"METADATA": b"Metadata-Version: 2.1\nVersion: 1.0\n", "entry_points.txt": CAFE_POINT},
        "its METADATA states no valid Name",
    ),
    "no version": (
        {"METADATA": b"Metadata-Version: 2.1\nName: distillery-filter-cafe\n", "entry_points.txt": CAFE_POINT},
        "its METADATA states the Version '', which is not a version",
    ),
    "invalid version": (
        {"METADATA": METADATA % (b"distillery-filter-cafe", b"newest"), "entry_points.txt": CAFE_POINT},
        "its METADATA states the Version 'newest', which is not a version",
    ),
    "invalid core range": (
        {"METADATA": CAFE + b"Requires-Dist: distillery-core one or two\n", "entry_points.txt": CAFE_POINT},
        "it requires 'distillery-core one or two', which is not a requirement",
    ),
    "entry point without a value": (
        {"METADATA": CAFE, "entry_points.txt": b"[distillery.filters]\ncafe\n"},
        "its entry_points.txt cannot be read",
    ),
    "entry point that names no module": (
        {"METADATA": CAFE, "entry_points.txt": b"[distillery.filters]\ncafe = not a module!\n"},
        "its entry point is 'cafe = not a module!', which names no module",
    ),
}


def write_info(folder: Path, files: Files) -> Path:
    """Write a dist-info folder."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def scores_with_torch(venv: CleanVenv, **variables: str) -> None:
    """Check that the good filter scores an article, with torch imported and all."""
    (venv.work / "articles.jsonl").write_text(json.dumps(ARTICLE) + "\n", encoding="utf-8")
    done = venv.distillery(
        "score", "articles.jsonl", "--filter", "steady", "--backend", "torch", "--quiet", **variables
    )
    assert done.returncode == OK, done.stderr
    assert json.loads(done.stdout)["results"]["steady"]["error"] is None


def test_damaged_unrelated_packages_harm_nothing(steady_venv: CleanVenv, tmp_path: Path) -> None:
    """With all of them at once the good filter scores; doctor names the unreadable ones, and does not fail for them."""
    for number, files in enumerate(UNRELATED_PACKAGES.values()):
        write_info(tmp_path / f"broken{number}-1.0.dist-info", files)
    (tmp_path / "broken9-1.0.dist-info").mkdir()
    (tmp_path / "broken9-1.0.dist-info" / "METADATA").symlink_to("METADATA")  # a loop
    scores_with_torch(steady_venv, PYTHONPATH=str(tmp_path))
    assert assert_commands_work(steady_venv, PYTHONPATH=str(tmp_path)) == {"steady": None}
    done = steady_venv.distillery("doctor", "--format", "json", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (OK, "")
    remarks = json.loads(done.stdout)["remarks"]
    assert sorted(remark.partition(" is ignored: its ")[0] for remark in remarks) == [
        str(tmp_path / f"broken{number}-1.0.dist-info") for number in (0, 1, 2, 9)
    ]


def test_damaged_filters_cost_themselves(steady_venv: CleanVenv, tmp_path: Path) -> None:
    """The list shows the fault of each and names its folder, doctor fails for them alone, loading is a clear error."""
    path = {"PYTHONPATH": str(tmp_path)}
    names = {f"cafe{number}": case for number, case in enumerate(FILTERS)}
    for name, case in names.items():
        files = {file: content.replace(b"cafe", name.encode()) for file, content in FILTERS[case][0].items()}
        if case == "entry points in UTF-16":
            files["entry_points.txt"] = files["entry_points.txt"].decode().encode("utf-16")
        write_info(tmp_path / f"distillery_filter_{name}-1.0.dist-info", files)

    faults = assert_commands_work(steady_venv, **path)

    assert {name for name, fault in faults.items() if fault is None} == {"steady"}
    assert len(faults) == len(names) + 1
    for name, case in names.items():
        fault, folder = str(faults[name]), tmp_path / f"distillery_filter_{name}-1.0.dist-info"
        assert FILTERS[case][1].replace("cafe", name) in fault
        again = f"install it again: pip install --force-reinstall distillery-filter-{name}"
        assert f"\n  Delete {folder}, then {again}" in fault
    required = steady_venv.distillery("list", "--requirements", **path)
    assert (required.returncode, required.stdout) == (OK, f"distillery-filter-steady=={TINY_VERSION}\n")
    assert required.stderr.count("warning: ") == len(names)
    doctor = steady_venv.distillery("doctor", "--format", "json", **path)
    assert doctor.returncode == FAILED
    assert {entry["name"]: entry["fault"] for entry in json.loads(doctor.stdout)["filters"]} == faults
    *damaged, steady, panel = steady_venv.evaluate(
        *(f"load_filter({name!r})" for name in names),
        "load_config('steady').version",
        "sorted(load_filters(backend='torch').faults)",
        **path,
    )
    assert {(outcome.error, outcome.message) for outcome in damaged} == {
        ("FilterImportError", f"The filter '{name}' cannot be loaded: {faults[name]}") for name in names
    }
    assert panel.value == list(names), panel
    assert steady.value == TINY_VERSION


def test_doctor_reports_a_damaged_library(steady_venv: CleanVenv, tmp_path: Path) -> None:
    write_info(tmp_path / "tokenizers-0.1.dist-info", {"METADATA": METADATA % (b"tokenizers", b"0.1") + NO_UTF_8})
    done = steady_venv.distillery("doctor", "--format", "json", PYTHONPATH=str(tmp_path))
    assert done.returncode in {OK, FAILED}, done.stderr  # transformers looks at the version of tokenizers
    report = json.loads(done.stdout)
    assert report["versions"]["tokenizers"] == "metadata unreadable (UnicodeDecodeError)"


@pytest.fixture
def copy_venv(steady_venv: CleanVenv) -> Iterator[CleanVenv]:
    """The good filter's environment; what a test leaves in its site-packages is removed again."""
    before = set(steady_venv.site.iterdir())
    yield steady_venv
    for path in set(steady_venv.site.iterdir()) - before:
        shutil.rmtree(path)


def _leftover(site: Path, elsewhere: Path, info: Path) -> Path:
    del elsewhere
    return Path(shutil.copytree(info, site / f"~istillery_filter_steady-{TINY_VERSION}.dist-info"))


def _leftover_of_another_version(site: Path, elsewhere: Path, info: Path) -> Path:
    folder = _leftover(site, elsewhere, info)
    text = (folder / "METADATA").read_text(encoding="utf-8")
    (folder / "METADATA").write_text(text.replace(f"\nVersion: {TINY_VERSION}", "\nVersion: 1.2.2"), encoding="utf-8")
    return folder


def _older_without_metadata(site: Path, elsewhere: Path, info: Path) -> Path:
    del elsewhere
    folder = Path(shutil.copytree(info, site / "distillery_filter_steady-1.0.0.dist-info"))
    (folder / "METADATA").unlink()
    return folder


def _older_beside_it(site: Path, elsewhere: Path, info: Path) -> Path:
    return _leftover_of_another_version(site, elsewhere, info).rename(site / "distillery_filter_steady-1.2.2.dist-info")


def _without_metadata_before_it(site: Path, elsewhere: Path, info: Path) -> Path:
    del site
    folder = Path(shutil.copytree(info, elsewhere / info.name))
    (folder / "METADATA").unlink()
    return folder


def _not_utf_8_before_it(site: Path, elsewhere: Path, info: Path) -> Path:
    folder = _without_metadata_before_it(site, elsewhere, info)
    (folder / "METADATA").write_bytes(METADATA % (b"distillery-filter-steady", b"9.0") + NO_UTF_8)
    return folder


def _unrelated_of_its_name(site: Path, elsewhere: Path, info: Path) -> Path:
    del site, info
    files = {"METADATA": b"", "entry_points.txt": b"[distillery.filters]\nsteady = json\n"}
    return write_info(elsewhere / "acme_steady-1.0.dist-info", files)


COPIES = {
    "left by pip": _leftover,
    "left by an upgrade": _leftover_of_another_version,
    "older one without metadata": _older_without_metadata,
    "older one": _older_beside_it,
    "no metadata, first on the path": _without_metadata_before_it,
    "metadata not UTF-8, first on the path": _not_utf_8_before_it,
}


@pytest.mark.parametrize("case", COPIES)
def test_damaged_copy_does_not_touch_the_sound_one(copy_venv: CleanVenv, tmp_path: Path, case: str) -> None:
    """The sound copy is used, doctor says which folder to delete, and nothing says to uninstall the sound copy."""
    path = {"PYTHONPATH": str(tmp_path)}
    folder = COPIES[case](copy_venv.site, tmp_path, copy_venv.site / INFO)
    assert assert_commands_work(copy_venv, **path) == {"steady": None}
    done = copy_venv.distillery("doctor", "--format", "json", **path)
    assert done.returncode == OK, done.stdout
    (remark,) = json.loads(done.stdout)["remarks"]
    assert remark.startswith(str(folder))
    assert "Delete " in remark
    assert "uninstall distillery-filter-steady" not in done.stdout


def test_damaged_unrelated_of_the_same_name_does_not_touch_the_sound_filter(
    steady_venv: CleanVenv, tmp_path: Path
) -> None:
    """A filter is provided twice only if both packages are sound."""
    path = {"PYTHONPATH": str(tmp_path)}
    _unrelated_of_its_name(steady_venv.site, tmp_path, steady_venv.site / INFO)
    (steady,) = steady_venv.evaluate("load_config('steady').version", **path)
    assert steady.value == TINY_VERSION, steady
    listed = json.loads(steady_venv.distillery("list", "--format", "json", **path).stdout)
    assert [(entry["distribution"], bool(entry["fault"])) for entry in listed] == [
        ("acme-steady", True),
        ("distillery-filter-steady", False),
    ]


def test_package_in_two_places(steady_venv: CleanVenv, tmp_path: Path) -> None:
    """Python takes the first on the path, and so does distillery."""
    for name in (INFO, "distillery_filter_steady"):
        shutil.copytree(steady_venv.site / name, tmp_path / name)
    path = {"PYTHONPATH": str(tmp_path)}
    assert assert_commands_work(steady_venv, **path) == {"steady": None}
    shown = json.loads(steady_venv.distillery("info", "steady", "--format", "json", **path).stdout)
    assert shown["folder"] == str(tmp_path / "distillery_filter_steady")


def test_files_that_hide_the_installed_copy(steady_venv: CleanVenv, tmp_path: Path) -> None:
    """The message names the folder that Python imports, not a reinstallation that changes nothing."""
    shutil.copytree(steady_venv.site / "distillery_filter_steady", tmp_path / "distillery_filter_steady")
    config = tmp_path / "distillery_filter_steady" / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace(TINY_VERSION, "1.0.0"), encoding="utf-8")
    (steady,) = steady_venv.evaluate("load_config('steady')", PYTHONPATH=str(tmp_path))
    assert steady.error == "FilterContractError"
    assert steady.message == (
        f"distillery-filter-steady {TINY_VERSION} is installed, but its config.yaml is of version 1.0.0.\n"
        f"  Python imports it from {config.parent}, which hides the copy in {steady_venv.site}.\n"
        f"  Take that folder off the path (PYTHONPATH), or delete it."
    )


def test_core_beside_what_is_left_of_another(copy_venv: CleanVenv) -> None:
    """The version of the core is that of the copy whose metadata can be read."""
    write_info(copy_venv.site / "distillery_core-0.1.0.dist-info", {"RECORD": b""})
    write_info(
        copy_venv.site / "~istillery_core-0.2.0.dist-info", {"METADATA": METADATA % (b"distillery-core", b"0.2.0")}
    )
    assert copy_venv.distillery("--version").stdout == f"distillery {CORE_VERSION}\n"
    assert assert_commands_work(copy_venv) == {"steady": None}


@pytest.fixture
def half_venv(
    new_venv: NewVenv, steady_wheel: Path, student: TinyStudent, tmp_path_factory: pytest.TempPathFactory
) -> CleanVenv:
    """The good filter, and 'half', which a test removes half of."""
    return new_venv(steady_wheel, tiny_filter_wheel(tmp_path_factory.mktemp("half"), name="half", student=student))


AGAIN = "Install it again: pip install --force-reinstall distillery-filter-half"


def test_metadata_without_files(half_venv: CleanVenv) -> None:
    """The list, doctor and loading say that it is half installed."""
    shutil.rmtree(half_venv.site / "distillery_filter_half")
    (half,) = half_venv.evaluate("load_config('half')")
    assert half.error == "FilterImportError"
    title = f"distillery-filter-half {TINY_VERSION}"
    assert half.message == f"'half' is only half installed: the files of {title} are gone.\n  {AGAIN}"
    assert assert_commands_work(half_venv) == {"steady": None, "half": half.message}
    assert faults_from_doctor(half_venv, status=FAILED) == {"steady": None, "half": half.message}


def test_metadata_with_a_folder_that_only_holds_compiled_modules(half_venv: CleanVenv) -> None:
    """Python would import it as an empty namespace."""
    package = half_venv.site / "distillery_filter_half"
    shutil.rmtree(package)
    (package / "__pycache__").mkdir(parents=True)
    (half,) = half_venv.evaluate("load_config('half')")
    assert "is only half installed" in half.message


def test_files_without_metadata(half_venv: CleanVenv) -> None:
    """It is not installed, and the message says where its files are and how they become whole."""
    shutil.rmtree(half_venv.site / f"distillery_filter_half-{TINY_VERSION}.dist-info")
    (half,) = half_venv.evaluate("load_config('half')")
    assert half.error == "FilterNotFoundError"
    files = half_venv.site / "distillery_filter_half"
    assert f"Its files are in {files}, but the metadata of distillery-filter-half is gone.\n  {AGAIN}" in half.message
    assert assert_commands_work(half_venv) == {"steady": None}


def install(wheel: Path) -> str:
    """Return the expression that installs a wheel while its process runs."""
    pip = ["-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile", "--force-reinstall", str(wheel)]
    return f"__import__('subprocess').run([sys.executable, *{pip!r}], check=True).returncode"


def test_upgrade_of_a_filter_in_use(half_venv: CleanVenv, student: TinyStudent, tmp_path: Path) -> None:
    """The process that imported the old one is told to restart; others are served."""
    newer = tiny_filter_wheel(tmp_path / "newer", name="half", student=student, version="1.3.0")
    before, _, after, steady = half_venv.evaluate(
        "load_config('half').version", install(newer), "load_config('half')", "load_config('steady').version"
    )
    assert before.value == TINY_VERSION
    assert after.error == "FilterImportError"
    assert after.message == (
        f"'half' was changed from {TINY_VERSION} to 1.3.0 while this process was running.\n"
        "  Restart the process to use the installed version."
    )
    assert steady.value == TINY_VERSION
    assert half_venv.evaluate("load_config('half').version")[0].value == "1.3.0"


def test_files_that_change_in_a_running_process(half_venv: CleanVenv) -> None:
    """Files without their metadata, as in the middle of an upgrade: the message says to restart first."""
    path = half_venv.site / "distillery_filter_half" / "config.yaml"
    text = path.read_text(encoding="utf-8").replace(TINY_VERSION, "1.3.0")
    _, _, half = half_venv.evaluate(
        "load_config('half').version",
        f"__import__('pathlib').Path({str(path)!r}).write_text({text!r})",
        "load_config('half')",
    )
    assert half.error == "FilterContractError"
    assert (
        "The files changed while this process was running.  Restart it; if this remains: pip install " in half.message
    )


def test_upgrade_of_a_filter_not_in_use_yet(half_venv: CleanVenv, student: TinyStudent, tmp_path: Path) -> None:
    """A process that only listed it loads the new one, and a filter that is new."""
    newer = tiny_filter_wheel(tmp_path / "newer", name="half", student=student, version="1.3.0")
    other = tiny_filter_wheel(tmp_path / "other", name="other", student=student)
    listed, *_, half, new = half_venv.evaluate(
        "[item.name for item in list_filters()]",
        install(newer),
        install(other),
        "load_config('half').version",
        "load_config('other').version",
    )
    assert listed.value == ["half", "steady"]
    assert (half.value, new.value) == ("1.3.0", TINY_VERSION)


def test_upgrade_of_the_core_in_a_running_process(half_venv: CleanVenv, student: TinyStudent, tmp_path: Path) -> None:
    """A filter that needs the new core says to restart, not to install what is installed."""
    info = half_venv.site / f"distillery_core-{CORE_VERSION}.dist-info"
    text = (info / "METADATA").read_text(encoding="utf-8").replace(f"\nVersion: {CORE_VERSION}", "\nVersion: 1.99.0")
    upgraded = half_venv.site / "distillery_core-1.99.0.dist-info"
    newer = tiny_filter_wheel(tmp_path / "newer", name="newer", student=student, requires_core=">=1.99,<2")
    *_, needy = half_venv.evaluate(
        "load_config('steady').version",
        f"__import__('os').rename({str(info)!r}, {str(upgraded)!r})",
        f"__import__('pathlib').Path({str(upgraded / 'METADATA')!r}).write_text({text!r})",
        install(newer),
        "load_config('newer')",
    )
    assert needy.error == "FilterVersionError"
    assert f"distillery-core is 1.99.0 by now; restart this process, which began with {CORE_VERSION}." in needy.message


def test_upgrade_of_an_extension_in_use(half_venv: CleanVenv, tmp_path: Path) -> None:
    """Its old code is not taken for the new version."""

    def extension(version: str) -> Path:
        return tiny_wheel(
            tmp_path / version,
            distribution="acme-extras",
            version=version,
            entry_points={"distillery.plugins": {"extras": "acme_extras"}},
            module_source="",
        )

    half_venv.install(extension("1.0.0"))
    before, _, after = half_venv.evaluate(
        "[plugin.fault for plugin in host_plugins()]",
        install(extension("1.1.0")),
        "[plugin.fault for plugin in host_plugins()]",
    )
    assert before.value == [None]
    assert "acme-extras was changed from 1.0.0 to 1.1.0 while this process was running." in after.value[0]
