"""``distillery doctor``: each filter's fault, and whether it scores as it was released."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import FAILED, JSON, OK, USAGE, run

from distillery.config import PROBE_FILE
from distillery.plugins.manager import core_version
from distillery.scoring.scorer import FilterBaseScorer
from distillery.testing import write_probe

CopyOf = Callable[[Path], Path]
Install = Callable[..., None]


def test_doctor_without_filters(install: Install) -> None:
    result = run("doctor", *JSON)

    report = json.loads(result.stdout)
    assert report["filters"] == []
    assert report["versions"]["distillery-core"] == core_version()
    assert set(report) == {"versions", "cache", "filters", "plugins", "remarks"}
    assert result.exit_code == (FAILED if any(plugin["fault"] for plugin in report["plugins"]) else OK)


def test_doctor_of_a_sound_filter(install: Install, bert_filter: Path) -> None:
    install(bert_filter)

    result = run("doctor", "tiny-filter", *JSON)

    assert (result.exit_code, result.stderr) == (OK, "")
    assert json.loads(result.stdout)["filters"] == [
        {"name": "tiny-filter", "distribution": "distillery-filter-tiny-filter 1.2.3", "fault": None}
    ]


def test_doctor_looks_at_the_probe(install: Install, bert_filter: Path, copy_of: CopyOf) -> None:
    folder = write_probe(copy_of(bert_filter))
    install(folder)
    (folder / "probe" / PROBE_FILE).write_bytes(b"something else")

    result = run("doctor", "tiny-filter", *JSON)

    assert result.exit_code == FAILED
    assert "probe.safetensors has sha256" in json.loads(result.stdout)["filters"][0]["fault"]


def test_doctor_tells_the_sound_from_the_faulty(install: Install, bert_filter: Path, broken_filter: Path) -> None:
    install(broken_filter)
    install(bert_filter, "misnamed")
    install(bert_filter, "outdated", requires_core="<1,>=0.1")

    result = run("doctor", *JSON)

    faults = {entry["name"]: entry["fault"] for entry in json.loads(result.stdout)["filters"]}
    assert result.exit_code == FAILED
    assert "adapter_model.safetensors has sha256" in faults["tiny-filter"]
    assert "its config.yaml names 'tiny-filter'" in faults["misnamed"]
    assert "outdated 1.2.3 needs distillery-core >=0.1,<1" in faults["outdated"]


def test_doctor_for_people(install: Install, bert_filter: Path, broken_filter: Path) -> None:
    install(broken_filter)

    result = run("doctor")

    assert result.exit_code == FAILED
    assert "FAULTY" in result.stdout
    assert "torch" in result.stdout
    assert "distillery-filter-tiny-filter 1.2.3: " in result.stderr


def test_doctor_asks_only_after_the_named(
    install: Install, bert_filter: Path, broken_filter: Path, other_filter: Path
) -> None:
    install(broken_filter)
    install(other_filter, "other-filter")

    result = run("doctor", "Other_Filter", *JSON)

    assert result.exit_code == OK
    assert [entry["name"] for entry in json.loads(result.stdout)["filters"]] == ["other-filter"]


def test_doctor_of_a_filter_provided_twice(install: Install, bert_filter: Path) -> None:
    install(bert_filter)
    install(bert_filter, owner="other-")

    result = run("doctor", *JSON)

    assert result.exit_code == FAILED
    assert [entry["distribution"] for entry in json.loads(result.stdout)["filters"]] == [
        "distillery-filter-tiny-filter 1.2.3",
        "other-distillery-filter-tiny-filter 1.2.3",
    ]


def test_doctor_of_no_filter(install: Install) -> None:
    result = run("doctor", "nope", *JSON)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert "No filter 'nope' is installed." in result.stderr


@pytest.fixture
def with_golden(bert_filter: Path, copy_of: CopyOf, bert_scorer: FilterBaseScorer) -> Callable[[float], Path]:
    """A function that copies the filter with one golden article, whose scores are off by so much."""

    def write(off_by: float) -> Path:
        folder = copy_of(bert_filter)
        article = {"id": "golden", "title": "clinic", "content": "shared water in the village"}
        scores = {name: value + off_by for name, value in (bert_scorer.score_article(article).scores or {}).items()}
        (folder / "golden.jsonl").write_text(json.dumps({"article": article, "scores": scores}))
        return folder

    return write


@pytest.mark.parametrize(("off_by", "status"), [(0.0, OK), (0.05, OK), (1.0, FAILED)], ids=["agrees", "near", "off"])
def test_doctor_scores_the_golden_articles(
    install: Install, with_golden: Callable[[float], Path], off_by: float, status: int
) -> None:
    install(with_golden(off_by))

    result = run("doctor", "--scores", *JSON)

    assert result.exit_code == status
    (entry,) = json.loads(result.stdout)["filters"]
    assert ("golden: reach is " in (entry["fault"] or "")) == (status == FAILED)
    assert entry["golden"]["articles"] == 1
    assert entry["golden"]["largest_difference"] == pytest.approx(off_by, abs=0.02)


def test_doctor_says_how_far_off_the_golden_articles_are(
    install: Install, with_golden: Callable[[float], Path], other_filter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    install(with_golden(0.05))
    install(other_filter, "other-filter")

    result = run("doctor", "--scores")

    assert re.search(r"tiny-filter 1.2.3 +ok +1 checked, at most 0.0[3-7]\d\d off", result.stdout)
    assert re.search(r"other-filter 1.2.3 +ok +the package has none", result.stdout)
