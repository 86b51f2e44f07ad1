"""Tables for people: cells, Markdown, and blocks of columns that fit a width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .figures import Figure

UNDEFINED = "-"

# The names of figures that readers meet in every table.
MAE_OF_AVERAGE = "MAE of the weighted average"
GAP_CLOSED = "gap closed"
R_PRECISION = "R-precision"
OVERLAP_AT_20 = "overlap@20"

# Spaces that a printed table has between two columns.
GAP = 3


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


def fitting(table: Table, width: int) -> list[Table]:
    """Return a table as blocks of columns that fit a width in characters; each block repeats the first column."""
    widths = [max(map(len, column)) for column in zip(table.headers, *table.rows, strict=True)]
    blocks: list[list[int]] = [[]]
    for column in range(1, len(widths)):
        block = [0, *blocks[-1], column]
        if blocks[-1] and sum(widths[index] for index in block) + GAP * (len(block) - 1) > width:
            blocks.append([])
        blocks[-1].append(column)
    return [
        Table(
            table.title if number == 0 else f"{table.title} (continued)",
            _pick(table.headers, block),
            [_pick(row, block) for row in table.rows],
        )
        for number, block in enumerate(blocks)
    ]


def _pick(cells: Sequence[str], columns: Sequence[int]) -> list[str]:
    return [cells[column] for column in (0, *columns)]
