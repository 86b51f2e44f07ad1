"""distillery data prepare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from distillery import OutputFileError
from distillery.cli.output import format_option, print_json, print_table
from distillery.loading import load_config

from ..data.labels import SPLITS
from ..data.prepare import prepare
from ..data.writing import write_records

DEFAULT_SHARES = "80/10/10"


def parse_shares(_context: click.Context, _parameter: click.Parameter, value: str) -> dict[str, float]:
    """Read the shares of train, val and test as ``80/10/10``."""
    try:
        parts = [float(part) for part in value.split("/")]
    except ValueError:
        parts = []
    if len(parts) != len(SPLITS) or not all(0 < part <= 100 for part in parts) or abs(sum(parts) - 100) > 1e-6:  # noqa: PLR2004  per cent
        raise click.BadParameter(f"'{value}' is not the shares of {', '.join(SPLITS)}, such as {DEFAULT_SHARES}.")
    return {split: part / 100 for split, part in zip(SPLITS, parts, strict=True)}


@click.command("prepare")
@click.argument("name")
@click.option("--articles", type=click.Path(path_type=Path), required=True, help="JSON lines of articles.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    required=True,
    multiple=True,
    help="JSON lines of id and scores; may be given more than once, the newest last.",
)
@click.option(
    "--existing", type=click.Path(path_type=Path), help="JSON lines of id and split: articles that keep their split."
)
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, help="The label file to write.")
@click.option("--seed", default=0, show_default=True, help="Seed of the choice.")
@click.option(
    "--shares", callback=parse_shares, default=DEFAULT_SHARES, show_default=True, help="Of train, val and test."
)
@format_option
def prepare_command(
    name: str,
    articles: Path,
    labels: tuple[Path, ...],
    existing: Path | None,
    output: Path,
    seed: int,
    shares: dict[str, float],
    output_format: str,
) -> None:
    """Give each labelled article of the filter NAME a split.

    Merges label files, of which a later one wins. Stratifies on the filter's own tiers, and keeps near-duplicates
    together. A split that --existing or a label file states is kept, so that no old test article is ever trained on.
    """
    if output.resolve() in {path.resolve() for path in (articles, *labels)}:
        raise OutputFileError(f"{output} is read for this and would be overwritten; give another --output.")
    prepared = prepare(load_config(name), articles, labels, existing, shares, seed)
    write_records(output, prepared.records)
    if output_format == "json":
        print_json(prepared.summary)
    else:
        _print_summary(prepared.summary, output)


def _print_summary(summary: dict[str, Any], output: Path) -> None:
    splits: dict[str, dict[str, int]] = summary["splits"]
    total = sum(sum(counts.values()) for counts in splits.values())
    rows = [
        [split, sum(counts.values()), f"{sum(counts.values()) / max(total, 1):.1%}", *counts.values()]
        for split, counts in splits.items()
    ]
    tiers = next(iter(splits.values()))
    print_table(["split", "articles", "share", *tiers], rows, title=f"{summary['filter']} {summary['version']}")
    click.echo(
        f"near-duplicates: {summary['near_duplicates']} articles in {summary['near_duplicate_groups']} groups\n"
        f"kept their split: {summary['kept_split']}; labels replaced by a later file's: {summary['replaced']}"
    )
    if summary["existing_without_label"]:
        click.echo(f"have a split but no label, and are left out: {summary['existing_without_label']}")
    for parted in summary["parted_before"]:
        members = ", ".join(f"{key} ({split})" for key, split in parted.items())
        click.echo(f"warning: near-duplicates were in different splits and stay there: {members}", err=True)
    for dropped in summary["dropped"]:
        click.echo(f"dropped: {dropped['id']}: {dropped['reason']}")
    click.echo(f"labels: {output}")
