"""distillery compare."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from distillery.toolkit import CHOICES, FAILED, OK, TORCH

from .reports import print_report, report_format_option


@click.command("compare")
@click.argument("old")
@click.argument("new")
@click.argument("articles", type=click.Path(path_type=Path))
@click.option("--labels", type=click.Path(path_type=Path), help="JSON lines of id and scores. Default: none.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder with labels/<filter>.jsonl.")
@click.option("--split", type=click.Choice(["val", "test"]), help="Compare the labelled articles of this split only.")
@click.option("--filter", metavar="NAME", help="Which filter, where files hold scores of several.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read the first N articles only.")
@click.option(
    "--backend",
    type=click.Choice(CHOICES),
    default=TORCH,
    show_default=True,
    help="Backend of the students; torch is the float32 reference.",
)
@click.option(
    "--prefilter/--no-prefilter", default=True, show_default=True, help="Set articles aside by the filters' rules."
)
@click.option(
    "--rounds", type=click.IntRange(min=0), default=3, show_default=True, help="Rounds of timing; 0 for none."
)
@click.option("--check", is_flag=True, help="Exit with 1 if NEW's version number is too small for what changed.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the JSON report here, too."
)
@report_format_option
@click.pass_context
def compare_command(
    context: click.Context,
    /,
    rounds: int,
    check: bool,
    output: Path | None,
    output_format: str,
    **options: Any,
) -> None:
    """Compare two versions of a filter, OLD and NEW, on ARTICLES, and judge NEW's version number.

    Each version is the name of an installed filter, the folder of one, its wheel, or a file of scores that
    `distillery score -o FILE.jsonl` wrote. Reports how far scores moved, which articles changed their tier, with labels
    also which tiers were right before and are wrong now, the speed of both, and whether the change is a patch, a minor
    or a major version.

    Exit status: 0 the report is written, 1 with --check: the version number is too small, 2 wrong use.
    """
    if options["split"] and not (options["labels"] or options["data"]):
        raise click.UsageError("--split needs the labels that state the splits: --data FOLDER or --labels FILE.")
    from ..comparison.load import ComparisonOptions, load_comparison
    from ..comparison.report import comparison_report
    from ..comparison.tables import comparison_tables
    from ..records import write_json

    with ExitStack() as unpacked:
        pairs, labelled = load_comparison(ComparisonOptions(**options), unpacked)
        report = comparison_report(pairs, labelled, rounds)
    if output:
        write_json(output, report)
    # Titles belong to their publishers: they are for the eyes at the terminal, ids for files.
    print_report(
        report, comparison_tables(report, pairs.articles.title if output_format == "table" else None), output_format
    )
    for note in report["notes"]:
        click.echo(f"note: {note}", err=True)
    verdict = report["verdict"]
    if not verdict["is_sufficient"]:
        click.echo(
            f"{'error' if check else 'warning'}: {pairs.new.title} needs a {verdict['required']} version after "
            f"{pairs.old.version}: {verdict['reason']}.  State at least {verdict['lowest_version']}.",
            err=True,
        )
    context.exit(FAILED if check and not verdict["is_sufficient"] else OK)
