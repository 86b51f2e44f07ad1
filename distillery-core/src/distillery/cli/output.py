"""What the commands share: the --format option and tables for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


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
    """Print data as indented JSON, to stdout unless ``err``."""
    click.echo(_encodable(json.dumps(data, indent=2, ensure_ascii=False, default=str)), err=err)


def print_table(
    headers: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None, err: bool = False
) -> None:
    """Print rows as a table as wide as the terminal, to stdout unless ``err``."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, header in enumerate(headers):
        numeric = bool(rows) and all(isinstance(row[index], (int, float)) for row in rows)
        table.add_column(header, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    Console(stderr=err, highlight=False).print(table)


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else _encodable(str(value))


def _encodable(text: str) -> str:
    """Replace the lone surrogates that an article's id or title may hold and no terminal takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
