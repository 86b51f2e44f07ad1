"""``distillery info``: what a filter measures, and how well."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import FAILED, JSON, OK, USAGE, run

from distillery.config import CONFIG_FILE, PROBE_FILE, FilterConfig
from distillery.testing import state_probe, write_probe

CopyOf = Callable[[Path], Path]
Install = Callable[..., None]


def test_info_for_people(bert_filter: Path) -> None:
    result = run("info", bert_filter)

    assert (result.exit_code, result.stderr) == (OK, "")
    assert result.stdout.startswith("tiny-filter 1.2.3: Shared water and a village clinic, verified.\n")
    expected = ("reach", "0.50", "How many people.", "high", "7.00", "compact (default)", "acme/tiny", "16+8")
    assert [text for text in expected if text not in result.stdout] == []
    assert "While proof is below 3, the average is at most 3: Nothing is verified." in result.stdout
    assert "This filter has no evaluation.  Measure it: distillery evaluate " in result.stdout


def test_info_says_what_is_experimental(bert_filter: Path, copy_of: CopyOf) -> None:
    folder = copy_of(bert_filter)
    path = folder / CONFIG_FILE
    path.write_text(path.read_text() + "experimental: Few labels\n")

    assert "verified.\n\nExperimental: Few labels.\n" in run("info", folder).stdout
    assert json.loads(run("info", folder, *JSON).stdout)["config"]["experimental"] == "Few labels"


def test_info_as_json(bert_filter: Path) -> None:
    data = json.loads(run("info", bert_filter, *JSON).stdout)

    assert list(data) == ["config", "evaluation", "notes", "folder"]
    assert data["config"]["name"] == "tiny-filter"
    assert [dimension["weight"] for dimension in data["config"]["dimensions"]] == [0.5, 0.3, 0.2]
    assert (data["evaluation"], data["folder"]) == (None, str(bert_filter))


def test_info_by_name_and_by_project_folder(
    tmp_path: Path, install: Install, bert_filter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project" / "src" / "distillery_filter_tiny_filter"
    shutil.copytree(bert_filter, project)
    install(bert_filter)
    monkeypatch.chdir(tmp_path / "project")

    folders = [
        json.loads(run("info", name, *JSON).stdout)["folder"]
        for name in ("Tiny_Filter", str(tmp_path / "project"), ".")
    ]

    assert folders[:2] == [str(bert_filter), str(project)]
    assert Path(folders[2]).resolve() == project


FIGURE = {"value": 0.5, "low": 0.4, "high": 0.6}
UNKNOWN = {"value": None, "low": None, "high": None}
MODELS = {"compact": {"weighted_average_mae": FIGURE, "spearman": UNKNOWN}}


def write_evaluation(folder: Path, **facts: str) -> None:
    """Write an evaluation of the folder's own weights, but for the facts given."""
    own = {"filter": "tiny-filter", "weights_sha256": FilterConfig.load(folder).student().weights_sha256}
    kept = {name: value for name, value in (own | facts).items() if value}
    (folder / "evaluation.json").write_text(json.dumps({"n_articles": 250, "models": MODELS} | kept))


def test_info_shows_the_evaluation(bert_filter: Path, copy_of: CopyOf) -> None:
    folder = copy_of(bert_filter)
    write_evaluation(folder)

    result = run("info", folder)

    assert "On 250 held-out articles" in result.stdout
    assert "0.500 (0.400 to 0.600)" in result.stdout
    data = json.loads(run("info", folder, *JSON).stdout)
    assert data["evaluation"]["n_articles"] == 250
    assert data["notes"] == []


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"weights_sha256": "f" * 64}, "evaluation.json was measured with other weights (sha256 ffffffffffff...)."),
        ({"weights_sha256": ""}, "evaluation.json was measured before figures named their weights."),
        ({"filter": "uplifting"}, "evaluation.json is that of 'uplifting'."),
    ],
    ids=["other weights", "no weights", "other filter"],
)
def test_info_hides_an_evaluation_that_is_not_its_own(
    bert_filter: Path, copy_of: CopyOf, facts: dict[str, str], reason: str
) -> None:
    """After a filter is copied, the figures of the other one are not shown."""
    folder = copy_of(bert_filter)
    write_evaluation(folder, **facts)

    result = run("info", folder)

    assert "held-out" not in result.stdout
    assert f"{reason}  Measure it: distillery evaluate {folder} --save\n" in result.stdout
    data = json.loads(run("info", folder, *JSON).stdout)
    assert data["evaluation"] is None
    assert reason in data["notes"][0]


PROMISE = {
    "positive_from": 4.0,
    "miss_rate": 0.05,
    "confidence": 0.95,
    "n_positives": 60,
    "n_misses": 0,
    "bound": 0.05,
    "data_sha256": "d" * 64,
}
COSTS = {
    "n_articles": 100,
    "articles_sha256": "a" * 64,
    "skip_rate": 0.5,
    "stage1_milliseconds": 1.0,
    "student_milliseconds": 10.0,
    "speed_up": 1.8,
    "backend": "torch-float32",
    "machine": "a machine",
}


@pytest.mark.parametrize(
    ("probe", "weights", "shown"),
    [
        ("own", "own", (True, True)),
        ("own", "f" * 64, (True, False)),
        ("f" * 64, "own", (False, False)),
        (None, None, (False, False)),
    ],
    ids=["own", "other student", "other probe", "unnamed"],
)
def test_info_shows_only_what_was_measured_of_its_own_stage_1(
    bert_filter: Path, copy_of: CopyOf, probe: str | None, weights: str | None, shown: tuple[bool, bool]
) -> None:
    folder = write_probe(copy_of(bert_filter))
    config = FilterConfig.load(folder)
    assert config.probe
    probe_sha256 = config.probe.sha256[PROBE_FILE] if probe == "own" else probe
    weights_sha256 = config.student().weights_sha256 if weights == "own" else weights
    state_probe(
        folder,
        guarantee=PROMISE | {"probe_sha256": probe_sha256},
        costs=COSTS | {"probe_sha256": probe_sha256, "weights_sha256": weights_sha256},
    )

    result = run("info", folder)

    assert ("Stage 1 misses at most 5.0%" in result.stdout, "skip the student: 1.8 times" in result.stdout) == shown
    assert result.stdout.count("Measure this probe: distillery probe ") == 2 - sum(shown)
    section = json.loads(run("info", folder, *JSON).stdout)["config"]["probe"]
    assert (section["guarantee"] is not None, section["costs"] is not None) == shown


@pytest.mark.parametrize("content", ["{", "{}"], ids=["cut off", "of another shape"])
def test_info_of_a_broken_evaluation_is_a_clear_error(bert_filter: Path, copy_of: CopyOf, content: str) -> None:
    folder = copy_of(bert_filter)
    (folder / "evaluation.json").write_text(content)

    result = run("info", folder)

    assert result.exit_code == FAILED
    assert "evaluation.json" in result.stderr


@pytest.mark.parametrize(
    ("name", "message"), [("nope", "No filter 'nope' is installed."), ("./nope", "There is no filter at nope")]
)
def test_info_of_no_filter(install: Install, name: str, message: str) -> None:
    result = run("info", name)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert result.stderr.startswith(f"error: {message}")


def test_info_of_a_broken_config_names_every_fault(bert_filter: Path, copy_of: CopyOf) -> None:
    folder = copy_of(bert_filter)
    (folder / "config.yaml").write_text("name: tiny\ncolour: blue\n")

    result = run("info", folder)

    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert "config.yaml has " in result.stderr
    assert all(f"  {key}: " in result.stderr for key in ("version", "dimensions", "colour"))
