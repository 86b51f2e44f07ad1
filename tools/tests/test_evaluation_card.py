"""The figures in the READMEs: written between markers, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distillery.toolkit import TierConfig
from distillery_tools.evaluation.card import headline_row, markdown, write_cards
from distillery_tools.evaluation.details import details
from distillery_tools.evaluation.languages import language_figures, language_gap
from distillery_tools.evaluation.quality_plot import QUALITY_PLOT, quality_link
from distillery_tools.evaluation.separation import separation
from distillery_tools.evaluation.tables import tables
from distillery_tools.evaluation.tiers import tier_figures
from distillery_tools.measuring.final_scores import FinalScores
from distillery_tools.measuring.headline import gap_closed_figure, headline
from distillery_tools.measuring.retrieval import precision_recall_curve

TIERS = [
    TierConfig(name="high", at_least=6.0, description="all"),
    TierConfig(name="low", at_least=0.0, description="little"),
]
ROW = "| [garden](filters/garden/README.md) | 1.2.0 | 0.33 (0.00 to 0.67) |"


def judged(averages: list[float]) -> FinalScores:
    """Return averages of a filter with one dimension."""
    return FinalScores(np.array(averages)[:, None], np.array(averages), ["high" if a >= 6 else "low" for a in averages])


@pytest.fixture
def report() -> dict[str, Any]:
    """A report on six articles of a filter with one dimension."""
    found, expected = judged([1, 3, 5, 7, 8, 2]), judged([1, 3, 4, 8, 8, 2])
    languages = ["en", "en", "en", "nl", "nl", "nl"]
    prefilter = {
        "n_articles": 6,
        "passed": 5 / 6,
        "reasons": {"advert": 1},
        "n_positives": 3,
        "blocked_positives": 0,
        "blocked_share": 0.0,
        "blocked_share_at_most": 0.63,
        "reasons_of_positives": {},
    }
    model = {**headline(found, expected, ["green"], 4.0), "gap_closed": gap_closed_figure(found, expected, 3.5, 0.1)}
    return {
        "filter": "garden",
        "version": "1.2.0",
        "split": "test",
        "n_articles": 6,
        "positive_from": 4.0,
        "sparse": False,
        "n_positives": 3,
        "models": {"student compact": model},
        "oracle": {"n_articles": 2, **headline(expected, expected, ["green"], 4.0)},
        "student": {
            "dimensions": {"green": details(found.averages, expected.averages)},
            "tiers": tier_figures(found, expected, TIERS),
            "languages": language_figures(found.averages, expected.averages, languages),
            "language_gap": language_gap(found.averages, expected.averages, languages),
            "sampling": {},
            "origins": None,
            "intervals": None,
            "confidence": None,
            "precision_recall": precision_recall_curve(found.averages, expected.averages, 4.0),
            "operating_points": None,
            "separation": separation(found.averages, expected.averages, languages, 6.0),
        },
        "prefilter": {"test": prefilter, "all": prefilter},
        "textbook": None,
    }


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of one filter, with markers in both READMEs; the filter's package folder."""
    folder = tmp_path / "filters" / "garden" / "src" / "distillery_filter_garden"
    folder.mkdir(parents=True)
    (tmp_path / "README.md").write_text("# all\n<!-- filters -->\n<!-- /filters -->\nend\n")
    (tmp_path / "filters" / "garden" / "README.md").write_text(
        "# one\n<!-- evaluation -->\n<!-- /evaluation -->\nend\n"
    )
    return folder


def test_the_row_compares_filters(report: dict[str, Any]) -> None:
    """MAE, rank correlation, gap closed, number of positives, recall, R-precision."""
    row = headline_row(report)
    assert row.startswith(ROW)
    assert row.count("|") == 9
    assert row.endswith("| 1.00 (1.00 to 1.00) | 1.00 (1.00 to 1.00) |")


def test_a_table_of_one_dimension_has_the_clear_cases(report: dict[str, Any]) -> None:
    """What a filter does not have, such as intervals, gets no table."""
    titles = [table.title for table in tables(report)]
    assert "clear cases at 6; 2 unclear ones are left out" in titles
    assert "intervals" not in titles


def test_intervals_get_a_table(report: dict[str, Any]) -> None:
    """Once the filter states them."""
    figure = {"value": 0.9, "low": 0.85, "high": 0.95}
    group = {"n": 40, **figure, "width": 2.0}
    intervals = {"coverage": figure, "width": figure, "groups": {"top tenth": group}, "languages": {"nl": group}}
    report["student"]["intervals"] = {"green": intervals, "weighted_average": intervals}
    (table,) = [table for table in tables(report) if table.title == "intervals"]
    cell = "0.900 (0.850 to 0.950)"
    assert table.rows == [["green", cell, cell, cell], ["weighted_average", cell, cell, cell]]
    (groups,) = [table for table in tables(report) if table.title.startswith("intervals of the weighted average")]
    assert groups.rows == [["top tenth", "40", cell], ["nl", "40", cell]]


def test_confidence_gets_two_tables(report: dict[str, Any]) -> None:
    """What the probabilities are worth, and the curve."""
    figures = {"reliability_error": 0.0123, "by_chance": 0.01, "expected": 4.7, "found": 5, "bins": []}
    point = {"kept": 0.8, "confidence": 0.91, "tier_error": 0.05, "mae": 0.2}
    lowered = {"value": 0.5, "low": 0.4, "high": 0.6}
    report["student"]["confidence"] = {
        **figures,
        "curve": [point],
        "lowered_at_80": {"tier_error": lowered, "mae": lowered},
        "probabilities": {"positive": figures, "high": figures},
    }

    by_title = {table.title: table.rows for table in tables(report)}

    assert by_title["probabilities against the oracle"] == [
        [name, "5", "5", "0.012", "0.010"] for name in ("the tier is the oracle's", "positive", "high or above")
    ]
    (curve,) = [rows for title, rows in by_title.items() if title.startswith("keeping the surest")]
    assert curve == [["80.0%", "0.91", "5.0%", "0.200"]]


def test_textbook_cases_get_a_table_and_name_what_fails(report: dict[str, Any]) -> None:
    counts = {"n": 4, "passed": 3}
    report["textbook"] = {
        "kinds": {"direction": counts},
        "languages": {"nl": counts},
        "lengths": {},
        "failures": {"x": 1},
    }
    shown, failed = tables(report)[-2:]
    assert shown.rows == [["direction", "4", "3 (75%)"], ["texts in nl", "4", "3 (75%)"]]
    assert failed.rows == [["x", "1"]]


def test_both_readmes_are_renewed(report: dict[str, Any], repository: Path, tmp_path: Path) -> None:
    """The report in the filter's, the row in the repository's; what stands around stays."""
    card, overview = tmp_path / "filters" / "garden" / "README.md", tmp_path / "README.md"

    assert write_cards(repository, report) == [card, overview]

    block = f"<!-- evaluation -->\n{quality_link(report)}\n\n{markdown(report)}\n<!-- /evaluation -->"
    assert card.read_text() == f"# one\n{block}\nend\n"
    lines = overview.read_text().splitlines()
    assert lines[:2] == ["# all", "<!-- filters -->"]
    assert lines[2].startswith("| filter | version | MAE of the weighted average |")
    assert lines[4] == headline_row(report)
    assert lines[5:] == ["<!-- /filters -->", "end"]


def test_the_picture_lies_beside_the_card(report: dict[str, Any], repository: Path, tmp_path: Path) -> None:
    """Outside of the package; one that no longer has anything to show goes, with its link."""
    card = tmp_path / "filters" / "garden" / "README.md"
    write_cards(repository, report)
    assert (card.parent / QUALITY_PLOT).is_file()
    assert f"]({QUALITY_PLOT})\n" in card.read_text()
    assert list(repository.iterdir()) == []

    report["student"]["precision_recall"] = []
    write_cards(repository, report)
    assert not (card.parent / QUALITY_PLOT).exists()
    assert QUALITY_PLOT not in card.read_text()


def test_writing_again_changes_nothing(report: dict[str, Any], repository: Path) -> None:
    """The same figures, the same bytes."""
    assert len(write_cards(repository, report)) == 2
    assert write_cards(repository, report) == []


def test_other_filters_keep_their_rows(report: dict[str, Any], repository: Path, tmp_path: Path) -> None:
    """In the order of names, each once."""
    for name, version in (("orchard", "1.0.0"), ("garden", "1.1.0"), ("alley", "3.0.0"), ("garden", "1.2.0")):
        write_cards(repository, {**report, "filter": name, "version": version})
    rows = [line for line in (tmp_path / "README.md").read_text().splitlines() if line.startswith("| [")]
    assert [row.split(" | ")[:2] for row in rows] == [
        ["| [alley](filters/alley/README.md)", "3.0.0"],
        ["| [garden](filters/garden/README.md)", "1.2.0"],
        ["| [orchard](filters/orchard/README.md)", "1.0.0"],
    ]


def test_readmes_without_markers_are_left_alone(report: dict[str, Any], repository: Path, tmp_path: Path) -> None:
    """So is everything further up."""
    card = tmp_path / "filters" / "garden" / "README.md"
    card.write_text("# one\n")
    between = tmp_path / "filters" / "README.md"
    between.write_text("# filters\n")
    assert write_cards(repository, report) == []
    assert (card.read_text(), between.read_text()) == ("# one\n", "# filters\n")
    assert list(tmp_path.rglob("*.svg")) == []
