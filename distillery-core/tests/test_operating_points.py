"""Operating points: one floor moves, everything else stays; unknown and outdated ones are refused by name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from commands import OK, USAGE, run, score

from distillery import FilterConfig, OperatingPointError, load_filter, load_filters
from distillery.scoring.postfilter import Postfilter
from distillery.testing.tiny_filter import tiny_config

FIGURES = {"precision": [0.6, 0.4, 0.8], "recall": [0.7, 0.5, 0.9], "f1": [0.65, 0.5, 0.8]}
POSITIVE = "medium"


def section(threshold: float, weights_sha256: str = "1" * 64, calibration: str = "none") -> dict[str, Any]:
    """Return ``operating_points`` with one point."""
    return {
        "positive_from": 4.0,
        "n_articles": 700,
        "n_positives": 30,
        "weights_sha256": weights_sha256,
        "calibration": calibration,
        "points": {"balanced": {"threshold": threshold, **FIGURES}},
        "missing": {"precision-80": "no threshold promises it"},
    }


@pytest.fixture
def pointed(bert_filter: Path, copy_of: Callable[[Path], Path]) -> Callable[[float], Path]:
    """A function that gives the filter an operating point at a threshold, and returns its folder."""

    def state(threshold: float) -> Path:
        folder = copy_of(bert_filter)
        calibration = folder / "student" / "calibration.json"
        calibration.write_text('{"dimensions": {}, "intervals": null}')
        data = yaml.safe_load((folder / "config.yaml").read_text())
        data["students"]["compact"]["calibration"] = "student/calibration.json"
        (folder / "config.yaml").write_text(yaml.safe_dump(data))
        provenance = load_filter(folder, backend="torch").provenance
        assert provenance.calibration is not None
        data["operating_points"] = section(threshold, provenance.weights_sha256, provenance.calibration)
        (folder / "config.yaml").write_text(yaml.safe_dump(data))
        return folder

    return state


@pytest.mark.parametrize(
    ("threshold", "tiers"),
    [
        (None, ["low", "low", "medium", "medium", "high"]),
        (2.0, ["low", "medium", "medium", "medium", "high"]),
        (5.0, ["low", "low", "low", "medium", "high"]),
        (7.5, ["low", "low", "low", "low", "low"]),
    ],
)
def test_only_the_floor_of_the_positives_moves(threshold: float | None, tiers: list[str]) -> None:
    """A higher tier stays where it is, unless the threshold is above it."""
    postfilter = Postfilter(FilterConfig.parse(tiny_config()), threshold)

    assert [postfilter.tier_of(average).name for average in (1.0, 3.0, 4.0, 6.0, 7.0)] == tiers


def test_positives_may_start_within_a_tier() -> None:
    """Their tier is the one they start in, whichever its own floor is."""
    postfilter = Postfilter(FilterConfig.parse({**tiny_config(), "positive_from": 5.5}), 6.0)

    assert [postfilter.tier_of(average).name for average in (5.9, 6.0, 7.0)] == ["low", "medium", "high"]


def test_every_stage_of_the_postfilter_agrees() -> None:
    scores = np.array([[3.0, 3.0, 3.0], [1.0, 5.0, 1.0]])
    plain, pointed = (Postfilter(FilterConfig.parse(tiny_config()), threshold) for threshold in (None, 2.5))

    before, after = plain.apply(scores), pointed.apply(scores)

    assert [one.tier.name for one in after] == ["medium", "low"]
    assert [replace(one, tier=other.tier) for one, other in zip(after, before, strict=True)] == before


def test_a_filter_scores_at_its_point(pointed: Callable[[float], Path], articles: list[dict[str, Any]]) -> None:
    """Scores and averages stay; the provenance and info name the point."""
    folder = pointed(0.0)
    before = load_filter(folder, backend="torch").score(articles)
    scorer = load_filter(folder, backend="torch", operating_point="balanced")
    after = scorer.score(articles)

    assert all(score.tier in {POSITIVE, "high"} for score in after)
    assert [score.scores for score in after] == [score.scores for score in before]
    assert [score.weighted_average for score in after] == [score.weighted_average for score in before]
    assert {score.provenance.operating_point for score in after} == {"balanced"}
    assert {score.provenance.operating_point for score in before} == {None}
    assert (scorer.info()["operating_point"], scorer.info()["operating_points"]) == ("balanced", {"balanced": 0.0})
    assert "operating point balanced" in repr(scorer)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("best", "has no operating point 'best'.  There are: balanced"),
        ("precision-80", "'precision-80': no threshold promises it  There are: balanced"),
    ],
)
def test_an_unknown_point_names_those_there_are(name: str, said: str) -> None:
    config = FilterConfig.parse({**tiny_config(), "operating_points": section(3.0)})

    with pytest.raises(OperatingPointError) as fault:
        config.operating_point(name)
    assert said in str(fault.value)


def test_a_filter_without_points_says_how_to_choose_them(bert_filter: Path) -> None:
    with pytest.raises(OperatingPointError, match=r"has no operating points\.  Choose them: distillery calibrate"):
        load_filter(bert_filter, backend="torch", operating_point="balanced")


def test_points_of_another_student_are_refused(pointed: Callable[[float], Path]) -> None:
    """Also those of another calibration; without a point the filter loads."""
    folder = pointed(3.0)
    data = yaml.safe_load((folder / "config.yaml").read_text())
    data["operating_points"] |= {"weights_sha256": "0" * 64, "calibration": "aaaaaaaaaaaa"}
    (folder / "config.yaml").write_text(yaml.safe_dump(data))

    with pytest.raises(OperatingPointError, match=r"chosen for weights 000000000000, not .*, calibration aaaaaaaaaaaa"):
        load_filter(folder, backend="torch", operating_point="balanced")
    assert load_filter(folder, backend="torch").operating_point is None


def test_a_panel_keeps_the_tiers_of_a_filter_without_the_point(
    pointed: Callable[[float], Path], other_filter: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so; a point that no filter has is an error."""
    names = [pointed(3.0), other_filter]
    with caplog.at_level(logging.WARNING, logger="distillery"):
        panel = load_filters(names, backend="torch", operating_point="balanced")

    assert [scorer.operating_point for scorer in panel] == ["balanced", None]
    assert "other-filter 1.2.3 has no operating points" in caplog.text
    with pytest.raises(OperatingPointError, match=r"'best'\.  There are: balanced"):
        load_filters(names, backend="torch", operating_point="best")


def test_the_command_scores_at_a_point(pointed: Callable[[float], Path], articles_file: Path, tmp_path: Path) -> None:
    """And a wrong one is a wrong use of the command."""
    folder, output = pointed(0.0), tmp_path / "scored.csv"
    command = (articles_file, "--filter", folder, "--quiet", "--operating-point")

    done = score(*command, "balanced", "-o", output)

    assert done.exit_code == OK, done.output
    assert "balanced" in output.read_text()
    wrong = score(*command, "best")
    assert (wrong.exit_code, "There are: balanced" in wrong.output) == (USAGE, True)


def test_info_shows_the_points(pointed: Callable[[float], Path]) -> None:
    """With their figures, and why one is missing."""
    shown = run("info", pointed(3.0)).output

    assert "700 validation articles with 30 positives" in " ".join(shown.split())
    assert "0.65 (0.50 to 0.80)" in shown
    assert "No operating point precision-80: no threshold promises it." in shown
