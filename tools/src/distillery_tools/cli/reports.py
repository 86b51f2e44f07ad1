"""Reports in three formats: tables for the terminal, JSON, and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from distillery.cli.output import print_json, print_table

if TYPE_CHECKING:
    from ..measuring.tables import Table

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def report_format_option(command: Decorated) -> Decorated:
    """Add ``--format table|json|markdown`` to a command."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["table", "json", "markdown"]),
        default="table",
        show_default=True,
        help="Tables for the terminal, JSON for programs, or Markdown.",
    )(command)


def print_report(report: Any, tables: Sequence[Table], output_format: str) -> None:
    """Print a report as JSON, or its tables."""
    from ..measuring.tables import titled

    if output_format == "json":
        print_json(report)
    elif output_format == "markdown":
        click.echo("\n\n".join(map(titled, tables)))
    else:
        print_tables(tables)


def print_tables(tables: Sequence[Table]) -> None:
    """Print tables; one that is wider than the terminal is split into blocks of columns."""
    from rich.console import Console

    from ..measuring.tables import fitting

    width = Console().width
    for table in tables:
        for block in fitting(table, width):
            print_table(block.headers, block.rows, title=block.title)
