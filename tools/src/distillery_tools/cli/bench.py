"""distillery bench."""

from __future__ import annotations

from pathlib import Path

import click

from distillery.cli.output import format_option, print_json, print_table

REPORT_FILE = "bench.json"
# The filter that serves as a gate; it is not among the default ones.
GATE = "commerce"
N_FILTERS = 4


@click.command("bench")
@click.option(
    "--filter",
    "names",
    multiple=True,
    metavar="NAME",
    help=f"A filter by name or by the path of its folder; may be repeated. Default: {N_FILTERS} installed ones.",
)
@click.option(
    "--articles",
    type=click.Path(path_type=Path),
    help="JSON lines of articles. Default: invented ones, which the filters carry.",
)
@click.option("--n", type=click.IntRange(min=1), default=160, show_default=True, help="How many articles are drawn.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Turns of each way.")
@click.option(
    "--backend",
    type=click.Choice(["auto", "torch", "openvino"]),
    default="auto",
    show_default=True,
    help="What runs the students.",
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16", "float16"]),
    default="auto",
    show_default=True,
    help="In which numbers.",
)
@click.option("--memory/--no-memory", default=True, show_default=True, help="Measure peak memory in further processes.")
@click.option("--output", type=click.Path(path_type=Path), help="Write JSON and a picture into this folder as well.")
@format_option
def bench_command(
    names: tuple[str, ...],
    articles: Path | None,
    n: int,
    rounds: int,
    backend: str,
    precision: str,
    memory: bool,
    output: Path | None,
    output_format: str,
) -> None:
    """Measure how fast this machine scores, and how much memory that takes.

    Beside scoring stand the naive path (float32, adapter unmerged, batches padded to 512 tokens) and the
    machine's own speed at multiplying matrices. All take turns in one run: on a busy machine only ratios
    mean anything. Needs minutes, most of them for the naive path.
    """
    from distillery import list_filters, load_filters

    from ..bench.benchmark import Benchmark
    from ..bench.plot import plot_speed
    from ..bench.sample import drawn, invented_articles, read_articles
    from ..bench.tables import tables
    from ..records import write_json

    installed = [item.name for item in list_filters() if item.name != GATE][:N_FILTERS]
    panel = load_filters(names or installed, backend=backend, precision=precision)
    found = read_articles(articles) if articles else invented_articles(panel)
    report = Benchmark(panel, drawn(found, n)).report(rounds, memory=memory)
    if output:
        output.mkdir(parents=True, exist_ok=True)
        write_json(output / REPORT_FILE, report)
        plot_speed(output, report)
    if output_format == "json":
        print_json(report)
        return
    for table in tables(report):
        print_table(table.headers, table.rows, title=table.title)
