"""Reports in three formats: tables for the terminal, JSON, and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from distillery.toolkit import print_json, print_table

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
        for table in tables:
            print_table(table.headers, table.rows, title=table.title)
