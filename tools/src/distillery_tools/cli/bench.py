"""distillery bench."""

from __future__ import annotations

from pathlib import Path

import click

from .reports import print_report, report_format_option

REPORT_FILE = "bench.json"
# The filter that serves as a gate; it is not among the default ones.
GATE = "commerce"
N_FILTERS = 4


@click.command("bench")
@click.argument("articles", required=False, type=click.Path(path_type=Path))
@click.option(
    "--filter",
    "names",
    multiple=True,
    metavar="NAME",
    help=f"A filter by name or folder. Repeatable. Default: {N_FILTERS} installed ones.",
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
    type=click.Choice(["auto", "torch", "openvino"]),
    default="auto",
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
    memory: bool,
    output_dir: Path | None,
    output_format: str,
) -> None:
    """Measure how fast this machine scores ARTICLES (JSON lines), and how much memory that takes.

    Without ARTICLES, scores invented ones that come with the filters. Compares scoring with the naive path (float32,
    adapter unmerged, batches padded to 512 tokens) and with the machine's speed at multiplying matrices. All take
    turns in one run: on a busy machine only ratios are meaningful. Takes minutes, most of them for the naive path.
    """
    from distillery import list_filters, load_filters

    from ..bench.benchmark import Benchmark
    from ..bench.plot import plot_speed
    from ..bench.sample import drawn, golden_articles, read_articles
    from ..bench.tables import tables
    from ..records import write_json

    installed = [item.name for item in list_filters() if item.name != GATE][:N_FILTERS]
    panel = load_filters(names or installed, backend=backend, precision=precision)
    found = read_articles(articles) if articles else golden_articles(panel)
    report = Benchmark(panel, drawn(found, n)).report(rounds, memory=memory)
    if output_dir:
        output_dir.mkdir(parents=True, exist_ok=True)
        write_json(output_dir / REPORT_FILE, report)
        plot_speed(output_dir, report)
    print_report(report, tables(report), output_format)
