"""How a student does on its filter's textbook cases, beside the figures of real articles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from distillery import FilterBaseScorer
from distillery.toolkit import Textbook, find_textbook, run_checks, shares

from ..measuring.tables import Table

_GROUPS = {"kinds": "", "languages": "texts in ", "lengths": ""}


def textbook_figures(scorer: FilterBaseScorer) -> dict[str, Any] | None:
    """Return number of checks and number passed by group, and the failures; None where the package has no cases."""
    path = find_textbook(scorer.filter_dir)
    return figures_of(scorer, path) if path else None


def figures_of(scorer: FilterBaseScorer, path: Path) -> dict[str, Any]:
    """Return the same of the cases in a file."""
    return shares(run_checks(scorer, Textbook.load(path)))


def textbook_tables(figures: dict[str, Any] | None) -> list[Table]:
    """Return the table of what passes, and that of the checks that fail."""
    if figures is None:
        return []
    rows = [
        [f"{words}{name}", str(counts["n"]), f"{counts['passed']} ({counts['passed'] / counts['n']:.0%})"]
        for group, words in _GROUPS.items()
        for name, counts in figures[group].items()
    ]
    failed = [[name, f"{figure:g}"] for name, figure in figures["failures"].items()]
    return [
        Table("textbook cases (invented articles, scored by the anchors)", ["checks of", "number", "passed"], rows),
        Table("textbook checks that fail", ["check", "student's figure"], failed),
    ]
