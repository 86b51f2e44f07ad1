"""distillery label consensus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from distillery import OutputFileError
from distillery.toolkit import format_option, print_json

from ..data.writing import write_records


@click.command("consensus")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, help="The label file to write.")
@click.option(
    "--at-least",
    type=click.IntRange(min=1),
    help="How many of the files must label an article; others are left out. Default: all of them.",
)
@format_option
def consensus_command(files: tuple[Path, ...], output: Path, at_least: int | None, output_format: str) -> None:
    """Make one label of several oracles': the median of each dimension.

    A record of the output names who took part and how far apart they were, and is read by `distillery data prepare`
    as any other.
    """
    from ..oracle.compare.consensus import consensus

    _check(files, output, at_least)
    found = consensus(files, at_least or len(files))
    write_records(output, found.records)
    if output_format == "json":
        print_json(found.summary)
    else:
        _print_summary(found.summary, output)


def _check(files: tuple[Path, ...], output: Path, at_least: int | None) -> None:
    """Refuse what cannot be meant."""
    read = {path.resolve() for path in files}
    if len(files) < 2 or len(read) < len(files):  # noqa: PLR2004  a pair
        raise click.UsageError("Give two or more label files, each once.")
    if at_least and at_least > len(files):
        raise click.UsageError(f"--at-least {at_least} cannot be met by {len(files)} files.")
    if output.resolve() in read:
        raise OutputFileError(f"{output} is read for this and would be overwritten; give another --output.")


def _print_summary(summary: dict[str, Any], output: Path) -> None:
    counts = ", ".join(f"{number} by {times}" for times, number in summary["by_number_of_labels"].items())
    click.echo(f"articles: {summary['n_articles']}; left out: {summary['left_out']} (labelled: {counts})")
    if summary["mean_spread"] is not None:
        click.echo(f"mean spread: {summary['mean_spread']:.2f} points on the dimension that differs most")
    click.echo(f"labels: {output}")
