"""distillery textbook."""

from __future__ import annotations

import click

from distillery import InputFileError
from distillery.toolkit import AUTO, CHOICES, TEXTBOOK_FILE, find_textbook, locate_filter

from .reports import print_report, report_format_option


@click.command("textbook")
@click.argument("name", metavar="FILTER")
@click.option("--backend", type=click.Choice(CHOICES), default=AUTO, show_default=True, help="Backend of the student.")
@click.option(
    "--renew",
    is_flag=True,
    help=f"Write the checks that fail, with their figures, as known_failures into {TEXTBOOK_FILE}.",
)
@report_format_option
def textbook_command(name: str, backend: str, renew: bool, output_format: str) -> None:
    """Check the student of FILTER on the textbook cases in the tests of its package.

    They are invented articles, scored by the anchors. A table shows which share of the checks passes by kind, language
    and length, another which fail.
    """
    folder, _ = locate_filter(name)
    path = find_textbook(folder)
    if path is None:
        raise InputFileError(f"{folder} belongs to no package with tests/{TEXTBOOK_FILE}.  Give the filter's source.")
    from distillery import load_filter

    from ..evaluation.textbook import figures_of, textbook_tables
    from ..yaml_editor import edit

    figures = figures_of(load_filter(name, backend=backend), path)
    if renew:
        edit(path, {("known_failures",): figures["failures"]})
    print_report(figures, textbook_tables(figures), output_format)
