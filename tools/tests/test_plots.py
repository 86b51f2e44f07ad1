"""Pictures of a report: drawn from its numbers, the same bytes each time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from distillery_tools.evaluation.details import details
from distillery_tools.evaluation.plots import (
    draw_confusion,
    draw_reliability,
    draw_scatter,
    write_plots,
)

GENERATOR = np.random.default_rng(0)
EXPECTED = GENERATOR.uniform(0, 10, 50)
PREDICTED = (EXPECTED + GENERATOR.normal(0, 1, 50)).clip(0, 10)
CONFUSION = {"high": {"high": 3, "low": 1}, "low": {"high": 0, "low": 9}}
FIGURES = {"relative_error": 0.5, "spearman": 0.3}
HISTORY: list[dict[str, Any]] = [
    {"number": number, "train_loss": 0.8 / number, "val_loss": 0.5, "filters": {"garden": FIGURES}} for number in (1, 2)
]


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """What the pictures need of a report."""
    dimensions = {"green": details(PREDICTED, EXPECTED), "weighted_average": details(PREDICTED, EXPECTED)}
    nothing_else: dict[str, Any] = {"confidence": None, "precision_recall": []}
    return {"student": {"dimensions": dimensions, "tiers": {"confusion": CONFUSION}, **nothing_else}}


def test_every_picture_is_written(report: dict[str, Any], tmp_path: Path) -> None:
    """As PNG, and reported."""
    files = write_plots(tmp_path, report, PREDICTED, EXPECTED, HISTORY)
    names = ["reliability.png", "predicted_against_true.png", "tier_confusion.png", "learning_curves.png"]
    assert [file.name for file in files] == names
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)


def test_without_a_history_there_are_no_learning_curves(report: dict[str, Any], tmp_path: Path) -> None:
    """A student may come without the record of its training."""
    write_plots(tmp_path, report, PREDICTED, EXPECTED, [])
    assert not (tmp_path / "learning_curves.png").exists()
    assert len(list(tmp_path.iterdir())) == 3


def test_pictures_can_be_repeated(report: dict[str, Any], tmp_path: Path) -> None:
    """Byte for byte."""
    folders = [tmp_path / "first", tmp_path / "second"]
    contents = []
    for folder in folders:
        folder.mkdir()
        contents.append([file.read_bytes() for file in write_plots(folder, report, PREDICTED, EXPECTED, HISTORY)])
    assert contents[0] == contents[1]


def test_pyplot_is_left_alone(report: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its global state is the caller's: nothing here imports it."""
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    assert len(write_plots(tmp_path, report, PREDICTED, EXPECTED, HISTORY)) == 4


def test_reliability_draws_a_line_for_each_dimension(report: dict[str, Any]) -> None:
    """Mean label over mean prediction."""
    axes = Figure().subplots()
    draw_reliability(axes, report["student"]["dimensions"])
    _, line, _ = axes.lines
    points = report["student"]["dimensions"]["green"]["reliability"]
    assert line.get_label() == "green"
    assert np.asarray(line.get_xydata()).tolist() == [[point["predicted"], point["expected"]] for point in points]


def test_the_scatter_has_a_point_for_each_article() -> None:
    """The oracle's average to the right, the student's upwards."""
    axes = Figure().subplots()
    draw_scatter(axes, PREDICTED, EXPECTED)
    assert np.asarray(axes.collections[0].get_offsets()).tolist() == np.column_stack([EXPECTED, PREDICTED]).tolist()


def test_confusion_is_shaded_by_share_and_shows_counts() -> None:
    """A row is the oracle's tier."""
    axes = Figure().subplots()
    draw_confusion(axes, CONFUSION)
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0.0, 1.0]]
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (0, 0): "3",
        (1, 0): "1",
        (0, 1): "0",
        (1, 1): "9",
    }
