"""Intervals: around each score as wide as the file says, within the scale, and on every score of a filter."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillery.calibration.intervals import HalfWidths
from distillery.calibration.maps import Calibration
from distillery.config import FilterConfig
from distillery.config.scale import AVERAGE
from distillery.errors import CalibrationError
from distillery.scoring.scorer import FilterBaseScorer

NAMES = ["reach", "proof", "lasting", AVERAGE]

# Narrow up to and with 1, wider up to and with 4, widest above.
INTERVALS: dict[str, Any] = {
    "level": 0.9,
    "method": "split-conformal",
    "n": 400,
    "edges": {name: [1.0, 4.0] for name in NAMES},
    "half_widths": {name: [0.25, 1.5, 3.0] for name in NAMES},
}


def parse(data: dict[str, Any], config: FilterConfig) -> Calibration:
    return Calibration.parse(data, config, source="calibration.json")


def with_intervals(config: FilterConfig, intervals: Any) -> Calibration:
    return parse({"dimensions": {}, "intervals": intervals}, config)


def intervals_of(calibration: Calibration, scores: list[list[float]], averages: list[float]) -> list[dict[str, Any]]:
    found = calibration.intervals(np.array(scores), np.array(averages))
    assert found is not None
    return found


def test_each_score_has_the_half_width_of_its_band(config: FilterConfig) -> None:
    """The upper edge belongs to the band."""
    found = intervals_of(with_intervals(config, INTERVALS), [[1.0, 1.0001, 4.0]], [5.0])

    assert list(found[0]) == NAMES
    assert found[0]["reach"] == (0.75, 1.25)
    assert found[0]["proof"] == (0.0, pytest.approx(2.5001))
    assert found[0]["lasting"] == (2.5, 5.5)
    assert found[0][AVERAGE] == (2.0, 8.0)


def test_one_band_needs_no_edges(config: FilterConfig) -> None:
    intervals = {"edges": {name: [] for name in NAMES}, "half_widths": {name: [n] for n, name in enumerate(NAMES)}}

    (found,) = intervals_of(with_intervals(config, intervals), [[5.0, 5.0, 5.0]], [5.0])

    assert found == {"reach": (5, 5), "proof": (4, 6), "lasting": (3, 7), AVERAGE: (2, 8)}


def test_scores_beyond_the_scale_are_clamped_first(config: FilterConfig) -> None:
    """As the postfilter clamps them: the interval is around the score that the user sees."""
    (found,) = intervals_of(with_intervals(config, INTERVALS), [[-3.0, 12.0, 9.0]], [0.0])

    assert (found["reach"], found["proof"], found["lasting"]) == ((0.0, 0.25), (7.0, 10.0), (6.0, 10.0))


@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=20),
    st.lists(st.floats(0, 10), max_size=4, unique=True).map(sorted),
    st.data(),
)
def test_an_interval_holds_its_score_and_stays_within_the_scale(
    scores: list[float], edges: list[float], data: st.DataObject
) -> None:
    widths = data.draw(st.lists(st.floats(0, 12), min_size=len(edges) + 1, max_size=len(edges) + 1))

    intervals = HalfWidths(np.array(edges), np.array(widths)).around(np.array(scores))

    assert all(0 <= low <= score <= high <= 10 for score, (low, high) in zip(scores, intervals, strict=True))


def test_no_articles_have_no_intervals(config: FilterConfig) -> None:
    assert with_intervals(config, INTERVALS).intervals(np.empty((0, 3)), np.empty(0)) == []


def test_a_file_without_half_widths_gives_none(config: FilterConfig) -> None:
    """Legacy files have none."""
    calibration = parse({"dimensions": {"reach": {"x": [0, 10], "y": [0, 10]}}}, config)

    assert calibration.intervals(np.ones((2, 3)), np.ones(2)) is None


def test_a_file_with_intervals_needs_no_maps(config: FilterConfig) -> None:
    raw = np.array([[1.0, 2.0, 3.0]])

    assert with_intervals(config, INTERVALS).apply(raw).tolist() == raw.tolist()


def test_a_file_with_neither_is_refused(config: FilterConfig) -> None:
    """It would switch calibration off without a word."""
    with pytest.raises(CalibrationError, match="maps none of the dimensions"):
        parse({"dimensions": {}}, config)


def test_a_file_may_say_that_its_articles_carry_no_intervals(config: FilterConfig) -> None:
    raw = np.array([[1.0, 2.0, 3.0]])

    calibration = parse({"dimensions": {}, "intervals": None}, config)

    assert calibration.apply(raw).tolist() == raw.tolist()
    assert calibration.intervals(raw, np.array([2.0])) is None


def test_intervals_do_not_excuse_maps_of_other_dimensions(config: FilterConfig) -> None:
    data = {"dimensions": {"novelty": {"x": [0, 10], "y": [0, 10]}}, "intervals": INTERVALS}

    with pytest.raises(CalibrationError, match="maps none of the dimensions"):
        parse(data, config)


@pytest.mark.parametrize("intervals", [[], 7, "wide", {}, {"edges": {}}, {"edges": 1, "half_widths": 2}])
def test_intervals_that_are_none_are_refused(config: FilterConfig, intervals: Any) -> None:
    with pytest.raises(CalibrationError, match=r"calibration.json: intervals need edges and half_widths"):
        with_intervals(config, intervals)


@pytest.mark.parametrize("name", ["proof", AVERAGE])
@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("edges", None, "there must be one more"),
        ("edges", ["a", "b"], "two lists of numbers"),
        ("edges", [10**400, 1.0], "two lists of numbers"),
        ("edges", [1.0], "there must be one more"),
        ("edges", 1.0, "there must be one more"),
        ("edges", [[1.0, 4.0]], "there must be one more"),
        ("edges", [4.0, 1.0], "not rising, finite numbers"),
        ("edges", [1.0, 1.0], "not rising, finite numbers"),
        ("edges", [float("nan"), 1.0], "not rising, finite numbers"),
        ("half_widths", 0.5, "there must be one more"),
        ("half_widths", [0.5, 1.0], "there must be one more"),
        ("half_widths", [0.5, 1.0, -0.1], "negative or not finite"),
        ("half_widths", [0.5, 1.0, float("inf")], "negative or not finite"),
    ],
)
def test_malformed_half_widths_are_refused_by_name(
    config: FilterConfig, name: str, key: str, value: Any, message: str
) -> None:
    intervals = {**INTERVALS, key: {**INTERVALS[key], name: value}}

    with pytest.raises(CalibrationError, match=f"intervals of '{name}'.*{message}"):
        with_intervals(config, intervals)


@pytest.mark.parametrize("key", ["edges", "half_widths"])
@pytest.mark.parametrize("name", NAMES)
def test_every_name_must_be_there(config: FilterConfig, key: str, name: str) -> None:
    intervals = {**INTERVALS, key: {other: value for other, value in INTERVALS[key].items() if other != name}}

    with pytest.raises(CalibrationError, match=f"intervals of '{name}'"):
        with_intervals(config, intervals)


@pytest.fixture
def scorer(bert_filter: Path, copy_of: Callable[[Path], Path], restated: Callable[..., Path]) -> FilterBaseScorer:
    """The tiny filter with a map for one dimension, and intervals."""
    folder = restated(copy_of(bert_filter), calibration="calibration.json")
    maps = {"reach": {"x": [-5.0, 5.0], "y": [2.0, 6.0]}}
    (folder / "calibration.json").write_text(json.dumps({"dimensions": maps, "intervals": INTERVALS}), encoding="utf-8")
    return FilterBaseScorer.from_folder(folder, backend="torch")


def test_every_score_states_its_intervals(scorer: FilterBaseScorer, articles: list[dict[str, Any]]) -> None:
    """Around the calibrated scores, and around the average as the gatekeepers leave it."""
    half_widths = HalfWidths(np.array([1.0, 4.0]), np.array([0.25, 1.5, 3.0]))
    scores = scorer.score(articles)

    assert len(scores) == len(articles)
    for score in scores:
        assert score.scores is not None
        assert score.intervals is not None
        assert list(score.intervals) == NAMES
        for name, value in {**score.scores, AVERAGE: score.weighted_average}.items():
            assert score.intervals[name] == half_widths.around(np.array([value]))[0]


def test_articles_without_a_score_have_no_intervals(scorer: FilterBaseScorer) -> None:
    """The rows of those that have one are not shifted."""
    raw = np.array([[1, 2, 3], [np.nan, 2, 3], [4, 5, 6]], dtype=np.float32)

    first, second, third = scorer.to_scores(raw)

    assert second.error is not None
    assert second.intervals is None
    assert first.intervals is not None
    assert third.intervals is not None
    assert first.intervals["lasting"] == (1.5, 4.5)
    assert third.intervals["lasting"] == (3.0, 9.0)


def test_without_a_calibration_there_are_no_intervals(
    bert_scorer: FilterBaseScorer, articles: list[dict[str, Any]]
) -> None:
    assert [score.intervals for score in bert_scorer.score(articles)] == [None] * len(articles)
