"""distillery bench."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from distillery.toolkit import AUTO, CHOICES

from .reports import print_report, report_format_option

if TYPE_CHECKING:
    from distillery import FilterPanel

    from ..bench.sample import Articles
    from ..measuring.tables import Table

REPORT_FILE = "bench.json"


@click.command("bench")
@click.argument("articles", required=False, type=click.Path(path_type=Path))
@click.option(
    "--filter",
    "names",
    multiple=True,
    metavar="NAME",
    help="A filter by name or folder. Repeatable. Default: all installed ones that load.",
)
@click.option("--n", type=click.IntRange(min=1), default=160, show_default=True, help="Number of articles to draw.")
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Rounds of measuring.",
)
@click.option(
    "--backend",
    type=click.Choice(CHOICES),
    default=AUTO,
    show_default=True,
    help="Backend of the students.",
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16", "float16"]),
    default="auto",
    show_default=True,
    help="Numeric precision; auto picks the fastest that stays close to float32.",
)
@click.option("--panel-only", is_flag=True, help="Only compare the panel of all filters with its first filter.")
@click.option("--memory/--no-memory", default=True, show_default=True, help="Also measure peak memory.")
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write JSON and a picture here, too.",
)
@report_format_option
def bench_command(
    articles: Path | None,
    names: tuple[str, ...],
    n: int,
    rounds: int,
    backend: str,
    precision: str,
    panel_only: bool,
    memory: bool,
    output_dir: Path | None,
    output_format: str,
) -> None:
    """Measure how fast this machine scores ARTICLES (JSON lines), and how much memory that takes.

    Without ARTICLES, scores invented ones that come with the filters. Compares scoring with the naive path (float32,
    adapter unmerged, batches padded to 512 tokens), a panel of all filters with its first filter, and both with the
    machine's speed at multiplying matrices. All take turns in one run: on a busy machine only ratios are meaningful.
    Takes minutes, most of them for the naive path; --panel-only leaves it out.
    """
    from distillery import load_filters

    from ..bench.sample import drawn, golden_articles, read_articles
    from ..records import write_json

    panel = load_filters(names or None, backend=backend, precision=precision)
    for name, fault in panel.faults.items():
        click.echo(f"left out: {name}: {fault}", err=True)
    chosen = drawn(read_articles(articles) if articles else golden_articles(panel), n)
    if panel_only and len(panel) == 1:
        raise click.UsageError("--panel-only compares several filters with one; name two or more with --filter.")
    report, tables = (_panel_cost if panel_only else _benchmark)(panel, chosen, rounds, memory=memory)
    if output_dir:
        output_dir.mkdir(parents=True, exist_ok=True)
        write_json(output_dir / REPORT_FILE, report)
        if not panel_only:
            from ..bench.plot import plot_speed

            plot_speed(output_dir, report)
    print_report(report, tables, output_format)


def _benchmark(
    panel: FilterPanel, articles: Articles, rounds: int, *, memory: bool
) -> tuple[dict[str, Any], list[Table]]:
    from ..bench.benchmark import Benchmark
    from ..bench.tables import tables

    report = Benchmark(panel, articles).report(rounds, memory=memory)
    return report, tables(report)


def _panel_cost(
    panel: FilterPanel, articles: Articles, rounds: int, *, memory: bool
) -> tuple[dict[str, Any], list[Table]]:
    from ..bench.machine import machine
    from ..bench.panel_cost import PanelCost
    from ..bench.tables import panel_table

    cost = PanelCost(panel, articles).report(rounds, memory=memory)
    filters = {scorer.config.name: scorer.config.version for scorer in panel}
    report = {"machine": machine(), "rounds": rounds, "filters": filters, "panel": cost}
    return report | {"backend": panel.scorers[0].provenance.backend}, [panel_table(cost)]
