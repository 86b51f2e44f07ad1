"""Tables for people: the names of figures, cells, and Markdown."""

from __future__ import annotations

from typing import NamedTuple

from .figures import Figure

UNDEFINED = "-"

# The names of figures that readers meet in every table.
MAE_OF_AVERAGE = "MAE of the weighted average"
GAP_CLOSED = "gap closed"
R_PRECISION = "R-precision"
OVERLAP_AT_20 = "overlap@20"


class Table(NamedTuple):
    """A title, the headers, and rows of as many cells; the first column names the row."""

    title: str
    headers: list[str]
    rows: list[list[str]]


def figure_cell(figure: dict[str, float | None] | None) -> str:
    """Return a figure with its interval, as it is in JSON."""
    return UNDEFINED if figure is None else str(Figure.from_dict(figure))


def share_cell(value: float | None) -> str:
    """Return a share in per cent."""
    return UNDEFINED if value is None else f"{value:.1%}"


def titled(table: Table) -> str:
    """Return a table in Markdown under its title."""
    return f"**{table.title}**\n\n{markdown_table(table.headers, table.rows)}"


def markdown_table(headers: list[str], rows: list[list[str]]) -> str:
    """Return rows as a Markdown table."""
    return "\n".join(markdown_row(cells) for cells in [headers, ["---"] * len(headers), *rows])


def markdown_row(cells: list[str]) -> str:
    """Return one row of a Markdown table."""
    return f"| {' | '.join(cells)} |"
