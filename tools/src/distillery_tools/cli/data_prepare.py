"""distillery data prepare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from distillery import OutputFileError, load_config
from distillery.toolkit import format_option, print_json, print_table

from ..data.labels import SPLITS
from ..data.prepare import prepare
from ..data.writing import write_records
from .options import parse_shares

DEFAULT_SHARES = "train=0.8,val=0.1,test=0.1"


def split_shares(_context: click.Context, _parameter: click.Parameter, value: str) -> dict[str, float]:
    """Read the shares of train, val and test; each of them must have articles."""
    shares = parse_shares(value, SPLITS, DEFAULT_SHARES)
    if empty := [split for split in SPLITS if not shares.get(split)]:
        raise click.BadParameter(f"{' and '.join(empty)} must have a share above 0, such as {DEFAULT_SHARES}.")
    return shares


@click.command("prepare")
@click.argument("name", metavar="FILTER")
@click.option("--articles", type=click.Path(path_type=Path), required=True, help="The articles (JSON lines).")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    required=True,
    multiple=True,
    help="Their labels (JSON lines of id and scores). Repeatable, the newest last.",
)
@click.option(
    "--existing", type=click.Path(path_type=Path), help="JSON lines of id and split, which these articles keep."
)
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, help="The label file to write.")
@click.option("--seed", default=0, show_default=True, help="Random seed.")
@click.option("--shares", callback=split_shares, default=DEFAULT_SHARES, show_default=True, help="Share of each split.")
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
    """Give each labelled article of FILTER a split.

    Merges label files; a later one wins. Stratifies by the filter's tiers and keeps near-duplicates together. A split
    given by --existing or a label file is kept, so that no former test article is ever trained on.
    """
    if output.resolve() in {path.resolve() for path in (articles, *labels)}:
        raise OutputFileError(f"{output} is an input of this command and would be overwritten; give another --output.")
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
        f"articles that kept their split: {summary['kept_split']}\n"
        f"labels replaced by a later file's: {summary['replaced']}"
    )
    if summary["existing_without_label"]:
        click.echo(f"with a split but without a label, left out: {summary['existing_without_label']}")
    for group in summary["in_several_splits"]:
        members = ", ".join(f"{key} ({split})" for key, split in group.items())
        click.echo(f"warning: near-duplicates in different splits, kept as they are: {members}", err=True)
    for dropped in summary["dropped"]:
        click.echo(f"dropped: {dropped['id']}: {dropped['reason']}")
    click.echo(f"labels: {output}")
