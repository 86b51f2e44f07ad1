"""What the commands share: the --format option, JSON for programs and tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from .console import is_unicode

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

# A text may wrap in a column of so many characters; numbers and shorter texts never wrap.
MAX_UNWRAPPED = 24
# Characters between two columns, and at both edges of a table.
_GAP, _EDGES = 3, 2


def format_option(command: Decorated) -> Decorated:
    """Add ``--format table|json`` to a command."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="A table for people or JSON for programs.",
    )(command)


def print_json(data: Any, *, err: bool = False) -> None:
    """Print data as indented JSON, to stdout unless ``err``; escaped where the console lacks a character."""
    stream = sys.stderr if err else sys.stdout
    text = json.dumps(data, indent=2, ensure_ascii=not is_unicode(stream), default=str)
    click.echo(_encodable(text), err=err)


def print_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    title: str | None = None,
    err: bool = False,
    cut: Collection[str] = (),
) -> None:
    """Print rows as a table as wide as the terminal (80 columns where there is none), to stdout unless ``err``.

    A table that is too wide is printed in parts, each with the first column. Texts wrap, except those of the columns
    ``cut``, which end in an ellipsis.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=err, highlight=False)
    plain = not is_unicode(console.file)
    width = console.width - _EDGES - (len("...") - 1 if plain else 0)  # as wide is an ellipsis there
    cells = [[_cell(value) for value in row] for row in rows]
    columns = [
        _Column(
            header, [row[index] for row in cells], bool(rows) and all(map(_is_number, (row[index] for row in rows)))
        )
        for index, header in enumerate(headers)
    ]
    if title:
        console.print(Text(title, style="italic"))
    for part in _parts(columns, width):
        console.print(_table(part, width, cut, plain=plain))


@dataclass(frozen=True)
class _Column:
    header: str
    cells: list[str]
    is_numeric: bool

    @property
    def widest(self) -> int:
        return max(map(_cells, [self.header, *self.cells]))

    @property
    def needed(self) -> int:
        """The narrowest readable width, in characters."""
        longest_word = max(map(_cells, self.header.split()), default=0)
        return max(longest_word, min(max(map(_cells, self.cells), default=0), MAX_UNWRAPPED))


def _table(columns: Sequence[_Column], width: int, cut: Collection[str], *, plain: bool) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    lines = _ascii_box() if plain else box.SIMPLE_HEAD
    table = Table(box=lines, pad_edge=False)
    for column, fitting in zip(columns, _widths(columns, width), strict=True):
        table.add_column(
            column.header,
            justify="right" if column.is_numeric else "left",
            width=fitting,
            no_wrap=column.header in cut,
            overflow="ellipsis" if column.header in cut else "fold",
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*map(Text, row))
    return table


def _widths(columns: Sequence[_Column], available: int) -> list[int]:
    """Return the width of each column: its own, or less where the table would be too wide."""
    widths = [column.widest for column in columns]
    available -= _GAP * (len(columns) - 1)
    while sum(widths) > available:
        spare = [width - column.needed for width, column in zip(widths, columns, strict=True)]
        most = max(range(len(widths)), key=lambda index: (spare[index] > 0, widths[index]))
        if widths[most] == 1:
            break
        widths[most] -= 1
    return widths


def _parts(columns: Sequence[_Column], width: int) -> list[list[_Column]]:
    """Return the columns of each part of a table, so that each fits the width; the first column is in all of them."""
    first = columns[0]
    parts = [[first]]
    used = first.needed
    for column in columns[1:]:
        if used + _GAP + column.needed > width and len(parts[-1]) > 1:
            parts.append([first])
            used = first.needed
        parts[-1].append(column)
        used += _GAP + column.needed
    return parts


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese characters take two each."""
    from rich.cells import cell_len

    return cell_len(text)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))


def _ascii_box() -> Any:
    """Return the box of tables for consoles that have no lines to draw with; rich would draw a full grid."""
    from rich import box

    return box.Box(str(box.SIMPLE_HEAD).replace("\u2500", "-"), ascii=True)


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else _encodable(str(value))


def _encodable(text: str) -> str:
    """Replace the lone surrogates that an article's id or title may hold and no terminal takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
