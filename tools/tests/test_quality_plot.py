"""The pictures of the cards and of the documentation show the figures of a report, the same bytes each time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure

from distillery_tools.drawing import Interval, save_svg
from distillery_tools.evaluation.evaluator import MEDIAN
from distillery_tools.evaluation.overview_plot import draw_overview, draw_rows, gap_row
from distillery_tools.evaluation.quality_plot import draw_quality, quality_link, thresholds_of, write_quality_plot
from distillery_tools.measuring.binomial import two_sided_interval

Report = dict[str, Any]
MOST_BYTES = 60_000
NOTHING = {"value": None, "low": None, "high": None}
CURVE = [
    {"threshold": 6.0, "precision": 1.0, "recall": 0.5},
    {"threshold": 2.0, "precision": 0.5, "recall": 1.0},
]
BANDS = [
    {"from": 0.0, "probability": 0.02, "share": 0.0, "n": 90},
    {"from": 0.8, "probability": 0.85, "share": 0.9, "n": 10},
]


def figure(value: float, low: float | None = None, high: float | None = None) -> dict[str, float]:
    """Return a figure as reports have it."""
    return {"value": value, "low": value if low is None else low, "high": value if high is None else high}


def report_of(name: str = "garden", gap: dict[str, Any] | None = None) -> Report:
    """Return what the pictures need of a report."""
    student = {
        "recall": figure(0.5, 0.2, 0.8),
        "precision": figure(0.6, 0.3, 0.9),
        "average_precision": figure(0.75),
        "gap_closed": gap or figure(0.7, 0.6, 0.8),
        "r_precision": figure(0.55, 0.3, 0.8),
    }
    point = {"threshold": 3.2, "recall": figure(0.8, 0.5, 1.0), "precision": figure(0.4, 0.2, 0.6)}
    probability = {"reliability_error": 0.012, "bands": BANDS}
    return {
        "filter": name,
        "version": "1.2.0",
        "split": "test",
        "n_articles": 100,
        "n_positives": 9,
        "positive_from": 4.0,
        "models": {"student compact": student, MEDIAN: {"weighted_average_mae": figure(0.5)}},
        "oracle": {"weighted_average_mae": figure(0.1, 0.05, 0.2), "r_precision": figure(0.8, 0.7, 0.9)},
        "student": {
            "tiers": {"thresholds": {"high": {"at_least": 7.0}, "medium": {"at_least": 4.0}}},
            "operating_points": {"points": {"balanced": point}, "missing": {"precision-80": "too few"}},
            "precision_recall": CURVE,
            "confidence": {**probability, "probabilities": {"positive": probability}},
        },
    }


@pytest.fixture
def report() -> Report:
    """A report on 100 articles with everything in it."""
    return report_of()


def drawn(report: Report) -> Figure:
    """Return the picture of a card that has one."""
    picture = draw_quality(report)
    assert picture is not None
    return picture


def panel(picture: Figure, label: str) -> Axes:
    """Return one panel of a card's picture."""
    (found,) = [axes for axes in picture.axes if axes.get_label() == label]
    return found


def points(axes: Axes) -> dict[Any, list[list[float]]]:
    """Return the points of each line of a panel by the line's name."""
    return {line.get_label(): np.asarray(line.get_xydata()).tolist() for line in axes.lines}


def segments(axes: Axes) -> list[list[list[float]]]:
    """Return the ends of the lines that are intervals."""
    lines = [each for each in axes.collections if isinstance(each, LineCollection)]
    return [np.asarray(segment).tolist() for each in lines for segment in each.get_segments()]


def test_reliability_is_the_share_over_the_probability_with_exact_intervals(report: Report) -> None:
    """Of both probabilities of a score."""
    axes = panel(drawn(report), "reliability")
    confidence, positive = [each for each in axes.containers if isinstance(each, ErrorbarContainer)]
    assert confidence.get_label() == "confidence: the tier is the oracle's"
    assert positive.get_label() == "positive_probability: the oracle's average is 4 or above"
    for container in (confidence, positive):
        line, _, (whiskers,) = container.lines
        assert np.asarray(line.get_xydata()).tolist() == [[0.02, 0.0], [0.85, 0.9]]
        ends = [np.asarray(segment)[:, 1].tolist() for segment in whiskers.get_segments()]
        assert ends == [pytest.approx(two_sided_interval(0, 90)), pytest.approx(two_sided_interval(9, 10))]


def test_the_bars_are_the_numbers_of_articles(report: Report) -> None:
    """And say so."""
    axes = panel(drawn(report), "counts")
    bars = [each for each in axes.containers if isinstance(each, BarContainer)]
    assert [[bar.get_height() for bar in container] for container in bars] == [[90, 10], [90, 10]]
    assert [text.get_text() for text in axes.texts] == ["90", "10"] * 2


def test_the_curve_and_the_thresholds_are_the_reports(report: Report) -> None:
    """The tier's threshold and each operating point, as crosses of their intervals."""
    axes = panel(drawn(report), "retrieval")
    found = points(axes)
    assert found["every threshold: average precision 0.750 (0.750 to 0.750)"] == [[0.5, 1.0], [1.0, 0.5]]
    assert found["tier medium, from 4: recall 0.50, precision 0.60"] == [[0.5, 0.6]]
    assert found["balanced, from 3.2: recall 0.80, precision 0.40"] == [[0.8, 0.4]]
    assert found["by chance: precision 0.090"][0][1] == 0.09
    assert segments(axes) == [
        [[0.2, 0.6], [0.8, 0.6]],
        [[0.5, 0.3], [0.5, 0.9]],
        [[0.5, 0.4], [1.0, 0.4]],
        [[0.8, 0.2], [0.8, 0.6]],
    ]


def test_what_a_panel_shows_is_written_above_it(report: Report) -> None:
    """Every line and mark has its entry."""
    key = panel(drawn(report), "retrieval key").get_legend()
    assert key is not None
    texts = [text.get_text() for text in key.get_texts()]
    assert texts[2:] == [str(threshold) for threshold in thresholds_of(report)]


def test_positives_that_are_no_tier_are_marked_all_the_same(report: Report) -> None:
    """Such as those of commerce."""
    report["positive_from"] = 5.0
    assert str(thresholds_of(report)[0]) == "positives, from 5: recall 0.50, precision 0.60"


def test_a_threshold_that_finds_nothing_is_only_named(report: Report) -> None:
    """It has no precision."""
    report["models"]["student compact"] |= {"recall": figure(0.0), "precision": NOTHING}
    axes = panel(drawn(report), "retrieval")
    assert points(axes)["tier medium, from 4: finds no article"] == []
    assert len(segments(axes)) == 2


@pytest.mark.parametrize(
    ("missing", "panels", "words"),
    [
        ({"confidence": None}, ["retrieval key", "retrieval"], "Precision over recall"),
        ({"precision_recall": []}, ["reliability key", "reliability", "counts"], "Reliability errors"),
        (
            {"operating_points": None},
            ["reliability key", "retrieval key", "reliability", "retrieval", "counts"],
            "Reliability errors",
        ),
    ],
)
def test_what_a_filter_does_not_have_is_left_out(
    report: Report, missing: dict[str, Any], panels: list[str], words: str
) -> None:
    """Probabilities, positives or operating points."""
    report["student"] |= missing
    assert [axes.get_label() for axes in drawn(report).axes] == panels
    link = quality_link(report)
    assert link is not None
    assert link.startswith(f"![{words}")


def test_with_nothing_to_show_there_is_no_picture(report: Report, tmp_path: Path) -> None:
    """A former one goes."""
    path = tmp_path / "quality.svg"
    assert write_quality_plot(path, report) == path
    report["student"] |= {"confidence": None, "precision_recall": []}
    assert write_quality_plot(path, report) is None
    assert not path.exists()
    assert quality_link(report) is None


def test_the_alternative_text_says_what_the_picture_shows(report: Report) -> None:
    """A package index shows only the text."""
    assert quality_link(report) == (
        "![Reliability errors on 100 test articles: confidence 0.012, positive probability 0.012. Precision over "
        "recall of 9 positives: tier medium, from 4: recall 0.50, precision 0.60; balanced, from 3.2: recall 0.80, "
        "precision 0.40.](plots/quality.svg)"
    )


def test_the_same_figures_give_the_same_small_file(report: Report, tmp_path: Path) -> None:
    """Without the date, so that a card that is renewed in vain does not change."""
    first = write_quality_plot(tmp_path / "a.svg", report)
    # What else a process draws moves the last digits of the layout.
    others = [save_svg(draw_overview([report] * number), tmp_path / "other.svg") for number in (1, 5, 13)]
    second = write_quality_plot(tmp_path / "b" / "c.svg", report)
    assert first is not None
    assert second is not None
    assert others
    assert first.read_bytes() == second.read_bytes()
    assert len(first.read_bytes()) < MOST_BYTES
    assert "date>" not in first.read_text(encoding="utf-8")


def test_the_overview_has_a_row_for_each_filter_the_best_at_the_top() -> None:
    """The gap closed and R-precision, each over the oracle's."""
    reports = [report_of("low", figure(-0.2, -0.3, 0.1)), report_of("none", NOTHING), report_of("high")]

    gap, r_precision = draw_overview(reports).axes

    names = [f"{name}, 9 positives" for name in ("none", "low", "high")]
    assert [label.get_text() for label in gap.get_yticklabels()] == names
    assert points(gap)["filter, with its 95 % interval"] == [[-0.2, 1], [0.7, 2]]
    assert segments(gap) == [[[-0.3, 1], [0.1, 1]], [[0.6, 2], [0.8, 2]]]
    assert [text.get_text() for text in gap.texts] == ["not defined", "-0.20", "0.70"]
    assert points(r_precision)["filter, with its 95 % interval"] == [[0.55, place] for place in range(3)]
    (bars,) = [each for each in r_precision.containers if isinstance(each, BarContainer)]
    assert [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars] == [pytest.approx((0.7, 0.9))] * 3


def test_the_oracles_gap_is_one_with_the_interval_of_its_error(report: Report) -> None:
    """In the same unit as the filters'; undefined where the median is as close as the oracle, or it read once."""
    oracle = gap_row(report).oracle
    assert oracle is not None
    assert oracle == pytest.approx(Interval(1.0, (0.5 - 0.2) / 0.4, (0.5 - 0.05) / 0.4))
    for other in ({**report["oracle"], "weighted_average_mae": figure(0.6)}, None):
        assert gap_row(report | {"oracle": other}).oracle is None


def test_what_lies_further_out_is_a_mark_at_the_edge_and_a_number() -> None:
    """Intervals of a few positives would leave no room for the others."""
    axes = Figure().subplots()
    draw_rows(axes, [gap_row(report_of(gap=figure(-1.4, -20.0, -0.3)))], (-0.5, 1.6))
    *_, edge = axes.lines
    assert np.asarray(edge.get_xydata()).tolist() == [[-0.5, 0]]
    assert [text.get_text() for text in axes.texts] == ["-1.40"]


def test_the_overview_can_be_repeated(report: Report, tmp_path: Path) -> None:
    """Byte for byte, and small with thirteen filters."""
    reports = [report_of(f"filter-{number}") for number in range(13)]
    first, second = (save_svg(draw_overview(reports), tmp_path / name).read_bytes() for name in ("a.svg", "b.svg"))
    assert first == second
    assert len(first) < MOST_BYTES
