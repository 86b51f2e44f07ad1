"""Calibration: legacy files are read unchanged, and everything else is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillery.calibration.maps import Breakpoints, Calibration
from distillery.calibration.origin import CalibrationOrigin
from distillery.config import FilterConfig
from distillery.errors import CalibrationError
from distillery.students.encoder_spec import resolve_encoder_spec

MAP = {"x": [0.5859375, 0.71875, 1.21875, 8.0], "y": [1.0, 1.1282, 1.1282, 7.8776]}

# A legacy file: its keys, in its order.
LEGACY: dict[str, Any] = {
    "method": "isotonic",
    "fitted_on": "val",
    "n_samples": 1049,
    "filter_name": "tiny_filter",
    "filter_version": "1.2",
    "dimensions": {"reach": MAP, "proof": MAP, "lasting": MAP},
    "stats": {"mae_before": 0.6733, "mae_after": 0.6525, "per_dimension": {"reach": {"n_breakpoints": 4}}},
}

# What new files say beside: the student they were fitted on, here the one of conftest.py.
FITTED_ON = {
    "weights_sha256": "1" * 64,
    "dtype": "float32",
    "preprocessing": {"head_tokens": 16, "tail_tokens": 8},
}

finite = st.floats(-20, 20, width=32)


@st.composite
def breakpoints(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    n = draw(st.integers(1, 12))
    x = draw(st.lists(finite, min_size=n, max_size=n, unique=True))
    y = draw(st.lists(finite, min_size=n, max_size=n))
    return sorted(x), sorted(y)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calibration.json"


def load(path: Path, data: Any, config: FilterConfig) -> Calibration:
    path.write_text(json.dumps(data), encoding="utf-8")
    return read(path, config)


def read(path: Path, config: FilterConfig) -> Calibration:
    return Calibration.load(
        path, config, CalibrationOrigin.of_student(config.student(), resolve_encoder_spec(config, path.parent))
    )


def test_legacy_file_is_read_unchanged(path: Path, config: FilterConfig) -> None:
    raw = np.array([[0.0, 1.0, 2.0], [9.5, 8.0, 0.6]], dtype=np.float32)

    calibrated = load(path, LEGACY, config).apply(raw)

    assert np.array_equal(calibrated, np.interp(raw, MAP["x"], MAP["y"]))


def test_raw_scores_are_left_alone(path: Path, config: FilterConfig) -> None:
    raw = np.full((2, 3), 5.0, dtype=np.float64)

    load(path, LEGACY, config).apply(raw)

    assert (raw == 5.0).all()


@given(breakpoints(), st.lists(finite, min_size=1, max_size=20))
def test_map_is_numpy_interp(points: tuple[list[float], list[float]], values: list[float]) -> None:
    x, y = points

    mapped = Breakpoints(np.array(x), np.array(y)).apply(np.array(values))

    assert mapped.tolist() == np.interp(values, x, y).tolist()


@given(breakpoints(), st.lists(finite, min_size=2, max_size=20))
def test_map_never_falls(points: tuple[list[float], list[float]], values: list[float]) -> None:
    x, y = points

    mapped = Breakpoints(np.array(x), np.array(y)).apply(np.array(sorted(values)))

    assert (np.diff(mapped) >= -1e-9).all()


@given(breakpoints())
def test_map_is_flat_beyond_its_ends(points: tuple[list[float], list[float]]) -> None:
    x, y = points

    mapped = Breakpoints(np.array(x), np.array(y)).apply(np.array([x[0] - 100, x[-1] + 100]))

    assert mapped.tolist() == [y[0], y[-1]]


def test_absent_dimension_passes_through(path: Path, config: FilterConfig) -> None:
    calibration = load(path, {**LEGACY, "dimensions": {"proof": MAP}}, config)

    calibrated = calibration.apply(np.array([[9.5, 9.5, -1.0]]))

    assert calibrated.tolist() == [[9.5, 7.8776, -1.0]]


def test_further_dimensions_are_ignored(path: Path, config: FilterConfig) -> None:
    raw = np.array([[1.0, 2.0, 3.0]])
    with_more = load(path, {"dimensions": {**LEGACY["dimensions"], "novelty": MAP}}, config).apply(raw)

    assert with_more.tolist() == load(path, LEGACY, config).apply(raw).tolist()


def test_a_file_that_maps_none_of_the_dimensions_is_refused(path: Path, config: FilterConfig) -> None:
    """It would switch calibration off without a word."""
    with pytest.raises(CalibrationError, match="maps none of the dimensions"):
        load(path, {"dimensions": {"novelty": MAP}}, config)


def test_maps_follow_the_filters_order_not_the_files(path: Path, config: FilterConfig) -> None:
    shifted = {name: {"x": [0, 10], "y": [n, 10 + n]} for n, name in enumerate(["lasting", "proof", "reach"])}

    assert load(path, {"dimensions": shifted}, config).apply(np.zeros((1, 3))).tolist() == [[2, 1, 0]]


def test_no_articles_give_no_scores(path: Path, config: FilterConfig) -> None:
    assert load(path, LEGACY, config).apply(np.empty((0, 3), dtype=np.float32)).shape == (0, 3)


def test_identifier_is_the_files_sha256(path: Path, config: FilterConfig) -> None:
    identifier = load(path, LEGACY, config).identifier

    assert identifier == hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@pytest.mark.parametrize("name", ["tiny_filter", "tiny-filter"])
def test_either_spelling_of_the_filter_is_accepted(path: Path, config: FilterConfig, name: str) -> None:
    """Legacy folders had underscores on one machine and hyphens on another."""
    load(path, {**LEGACY, "filter_name": name}, config)


def test_another_filters_file_is_refused(path: Path, config: FilterConfig) -> None:
    with pytest.raises(CalibrationError, match="was fitted for filter 'uplifting', not for 'tiny-filter'"):
        load(path, {**LEGACY, "filter_name": "uplifting"}, config)


def test_a_file_for_this_student_is_accepted(path: Path, config: FilterConfig) -> None:
    load(path, {**LEGACY, **FITTED_ON}, config)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("weights_sha256", "2" * 64),
        ("weights_sha256", None),
        ("weights_sha256", 7),
        ("weights_sha256", {}),
        ("dtype", "bfloat16"),
        ("preprocessing", {"head_tokens": 256, "tail_tokens": 0}),
        ("preprocessing", None),
    ],
)
def test_a_file_for_another_student_is_refused(path: Path, config: FilterConfig, fact: str, value: Any) -> None:
    """New calibration on old weights once ran for three days, unnoticed."""
    with pytest.raises(CalibrationError, match=f"was fitted with {fact} .*, but the student has "):
        load(path, {**LEGACY, **FITTED_ON, fact: value}, config)


@pytest.mark.parametrize("content", ["", "{", "not json", "\x00"])
def test_what_is_not_json_is_refused(path: Path, config: FilterConfig, content: str) -> None:
    path.write_text(content, encoding="utf-8")

    with pytest.raises(CalibrationError, match=r"calibration.json cannot be read as JSON"):
        read(path, config)


def test_a_missing_file_is_refused(path: Path, config: FilterConfig) -> None:
    """Scoring must not go on without calibration."""
    with pytest.raises(CalibrationError, match=r"calibration.json cannot be read"):
        read(path, config)


@pytest.mark.parametrize("data", [[], "x", None, {}, {"dimensions": None}, {"dimensions": [MAP]}])
def test_a_file_without_dimensions_is_refused(path: Path, config: FilterConfig, data: Any) -> None:
    with pytest.raises(CalibrationError, match="has no 'dimensions'"):
        load(path, data, config)


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"x": [1.0]},
        {"y": [1.0]},
        [],
        None,
        7,
        "xy",
        {"x": None, "y": None},
        {"x": [], "y": []},
        {"x": 1.0, "y": 1.0},
        {"x": [1.0, 2.0], "y": [1.0]},
        {"x": [[1.0], [2.0]], "y": [[1.0], [2.0]]},
        {"x": [[1.0], [2.0, 3.0]], "y": [1.0, 2.0]},
        {"x": ["a"], "y": [1.0]},
        {"x": [None], "y": [1.0]},
        {"x": [float("nan")], "y": [1.0]},
        {"x": [1.0], "y": [float("inf")]},
        {"x": [10**400], "y": [1.0]},
        {"x": [2.0, 1.0], "y": [1.0, 2.0]},
        {"x": [1.0, 2.0], "y": [2.0, 1.0]},
    ],
)
def test_a_malformed_dimension_is_refused_by_name(path: Path, config: FilterConfig, entry: Any) -> None:
    with pytest.raises(CalibrationError, match="dimension 'proof'"):
        load(path, {**LEGACY, "dimensions": {"reach": MAP, "proof": entry}}, config)
