"""distillery score."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import DuplicateFilterError, FilterNotFoundError, InputFileError, StudentNotFoundError
from .lazy import FAILED, OK
from .output import format_option, print_json, print_table

if TYPE_CHECKING:
    from ..io import ArticleReader
    from ..scoring.panel import FilterPanel
    from ..summary import Summary


# Characters of a title in the summary.
TITLE_LENGTH = 60


@click.command("score")
@click.argument("articles", type=click.Path(path_type=Path))
@click.option(
    "--filter",
    "names",
    multiple=True,
    metavar="NAME",
    help="A filter by name or by the path of its folder; may be repeated. Default: every installed one.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Result file, .jsonl or .parquet. Default: JSON lines on stdout.",
)
@click.option("--student", help="Which of the filter's students scores. Default: the filter's own choice.")
@click.option(
    "--backend",
    type=click.Choice(["auto", "torch", "openvino"]),
    default="auto",
    show_default=True,
    help="What runs the student; auto is OpenVINO where it is installed.",
)
@click.option("--device", help="Where torch runs, such as cuda. Default: a GPU if there is one.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16", "float16"]),
    default="auto",
    show_default=True,
    help="Numeric precision; auto picks the fastest that stays close to float32 (--backend torch: float32).",
)
@click.option(
    "--mode",
    type=click.Choice(["full", "hybrid"]),
    default="full",
    show_default=True,
    help="hybrid: a cheap probe scores clearly low articles, the student scores the rest.",
)
@click.option(
    "--prefilter/--no-prefilter", default=True, help="Set articles aside by the filters' rules.", show_default=True
)
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="NAME",
    help="A filter, such as commerce, whose highest tier sets articles aside; may be repeated.",
)
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
@format_option
@click.pass_context
def score_command(
    context: click.Context,
    articles: Path,
    names: tuple[str, ...],
    output: Path | None,
    student: str | None,
    backend: str,
    device: str | None,
    precision: str,
    mode: str,
    prefilter: bool,
    gates: tuple[str, ...],
    quiet: bool,
    output_format: str,
) -> None:
    """Score ARTICLES, a .jsonl or .parquet file ("-" is JSON lines from stdin).

    Each article is an object with title and content, and usually an id. Exit status: 0 all articles
    were scored or set aside by a filter's rules, 1 some could not be, 2 the command was used wrongly.
    """
    from ..io import ArticleReader
    from ..results import open_results
    from ..summary import Summary

    reader = ArticleReader(articles)
    with open_results(output, articles) as results:
        panel = _load(
            names, student=student, backend=backend, device=device, precision=precision, mode=mode, gates=gates
        )
        results.start(panel.scorers)
        summary = Summary(panel.scorers)
        started = time.perf_counter()
        with _progress(reader, quiet=quiet) as advance:
            for chunk in reader.chunks():
                scored = panel.score_batch(chunk.articles, prefilter=prefilter)
                judged = [[scores[scorer.config.name] for scores in scored] for scorer in panel]
                results.write(chunk, judged)
                summary.add(chunk, judged)
                advance(chunk.size)
        if not summary.n_lines:
            raise InputFileError(f"{reader.name} holds no articles; nothing was written.")
    if not quiet:
        _report(summary, time.perf_counter() - started, output, output_format)
    context.exit(FAILED if panel.faults or summary.n_failed else OK)


def _load(names: tuple[str, ...], **options: Any) -> FilterPanel:
    """Load the filters and tell which could not be; a wrong name ends the command."""
    from ..loading import load_filters

    wanted = list(dict.fromkeys(names)) or None
    try:
        panel = load_filters(wanted, strict=False, **options)
    except DuplicateFilterError as error:
        if len(names) > 1:
            raise click.UsageError(str(error)) from error
        raise
    for fault in panel.faults.values():
        if isinstance(fault, (FilterNotFoundError, StudentNotFoundError)):
            raise fault
        click.echo(f"error: {fault}", err=True)
    return panel


@contextmanager
def _progress(reader: ArticleReader, *, quiet: bool) -> Iterator[Any]:
    """Show a progress bar on a terminal; yields a function that takes what was read, in bytes or rows."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as progress:
        task = progress.add_task("scoring", total=reader.total)
        yield lambda size: progress.advance(task, size)


def _report(summary: Summary, seconds: float, output: Path | None, output_format: str) -> None:
    """Print the summary: to stdout, unless the results went there."""
    to_stderr = output is None
    if output_format == "json":
        print_json({**summary.to_dict(), "seconds": round(seconds, 3), "output": output}, err=to_stderr)
        return
    for name, table in summary.tables():
        print_table(["", "articles", "share"], table, title=name, err=to_stderr)
    for name, entries in summary.highest():
        if entries:
            print_table(
                ["average", "article"],
                [(a, t[:TITLE_LENGTH]) for a, t in entries],
                title=f"highest, {name}",
                err=to_stderr,
            )
    rate = summary.n_lines / seconds
    click.echo(
        f"{summary.n_lines} articles in {seconds:.1f} s ({rate:.0f} a second), {summary.n_failed} failed", err=to_stderr
    )
    for line in summary.examples_of_failure:
        click.echo(f"  {line}", err=to_stderr)
    if output:
        click.echo(f"results: {output}")
