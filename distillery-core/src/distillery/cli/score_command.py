"""distillery score."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import ArticleError, DuplicateFilterError, FilterNotFoundError, InputFileError, StudentNotFoundError
from .lazy import FAILED, OK
from .output import format_option, print_json, print_table
from .progress import shown_progress

if TYPE_CHECKING:
    from ..io import ArticleReader, Chunk
    from ..results import ResultWriter
    from ..scoring.panel import FilterPanel
    from ..scoring.score import Score
    from ..summary import Summary

STANDARD_OUTPUT = Path("-")
# Articles scored at once: few enough that progress moves, enough that sorting by length leaves under 2 % padding.
BATCH_SIZE = 128


@click.command("score")
@click.argument("articles", nargs=-1, required=True, type=click.Path(path_type=Path))
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
    help="Result file: .jsonl (also .gz, .zst), .parquet, .csv or .tsv. Default: JSON lines on stdout.",
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
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads that run the student. Default: all cores.")
@click.option(
    "--mode",
    type=click.Choice(["full", "hybrid"]),
    default="full",
    show_default=True,
    help="hybrid: a cheap probe scores clearly low articles, the student scores the rest.",
)
@click.option(
    "--operating-point",
    metavar="NAME",
    help="Where positives start, such as balanced, recall-80 or precision-80 (distillery info shows a filter's own). "
    "Default: where its tiers start.",
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
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=NAME",
    help="Where a field of an article (id, title, content, url, language) has another name in the files, such as "
    "content=body; may be repeated.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read the first N articles only.")
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=BATCH_SIZE,
    show_default=True,
    help="Articles scored at once; results and progress move by so many.",
)
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
@format_option
@click.pass_context
def score_command(
    context: click.Context,
    /,
    articles: tuple[Path, ...],
    names: tuple[str, ...],
    output: Path | None,
    columns: tuple[str, ...],
    limit: int | None,
    batch_size: int,
    prefilter: bool,
    quiet: bool,
    output_format: str,
    **engine: Any,
) -> None:
    """Score ARTICLES: files, folders or patterns; "-" is standard input.

    JSON lines, JSON lists, CSV, TSV, Parquet and Arrow are read, also compressed (.gz, .zst, .bz2, .xz). Each article
    has a title and a content, and usually an id. Results are JSON lines on standard output, or go to a file with -o;
    with --format table, and without -o, they are a table to read.

    Exit status: 0 all articles were scored or set aside by a filter's rules, 1 some could not be, 2 the command was
    used wrongly.
    """
    from ..io import ArticleReader
    from ..summary import Summary

    output = None if output == STANDARD_OUTPUT else output
    reader = ArticleReader(articles, columns=_mapping(columns), limit=limit)
    if reader.is_empty:
        raise _no_articles(reader)
    started = time.perf_counter()
    with _stopping(output), _results(context, output, reader) as results, shown_progress(quiet=quiet) as progress:
        progress.step(f"loading {', '.join(names) or 'all filters'}")
        panel = _load(names, **engine)
        results.start(panel.scorers)
        summary = Summary(panel.scorers)
        progress.step("scoring", total=limit or reader.total)
        started = time.perf_counter()
        for chunk in reader.chunks(batch_size):
            scores = _scores(panel, chunk, prefilter=prefilter)
            results.write(chunk, scores)
            summary.add(chunk, scores)
            progress.advance(len(chunk.lines) if limit else chunk.size, summary.n_lines, summary.n_failed)
        if not summary.n_lines:
            raise _no_articles(reader)
    if not quiet:
        _report(summary, time.perf_counter() - started, output, output_format)
    elif summary.n_failed == summary.n_lines:
        click.echo(f"error: no article could be scored; {summary.examples_of_failure[0]}", err=True)
    context.exit(FAILED if panel.faults or summary.n_failed else OK)


def _mapping(columns: tuple[str, ...]) -> dict[str, str]:
    """Return field -> name of ``field=name``; raise BadParameter at anything else."""
    from ..io.fields import check_mapping

    mapping = {}
    for column in columns:
        field, sign, name = column.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"'{column}' is not of the form FIELD=NAME.", param_hint="--column")
        mapping[field.strip()] = name.strip()
    try:
        return check_mapping(mapping)
    except ArticleError as error:
        raise click.BadParameter(str(error), param_hint="--column") from error


def _results(
    context: click.Context, output: Path | None, reader: ArticleReader
) -> AbstractContextManager[ResultWriter]:
    """Open what takes the results: a file, JSON lines on standard output or, if asked for, a table to read."""
    from ..results import open_results

    is_asked = context.get_parameter_source("output_format") is click.core.ParameterSource.COMMANDLINE
    if output is None and is_asked and context.params["output_format"] == "table":
        from rich.console import Console

        from .article_table import ArticleTable

        return nullcontext(ArticleTable(sys.stdout, Console().width))
    return open_results(output, reader.paths)


def _scores(panel: FilterPanel, chunk: Chunk, *, prefilter: bool) -> list[list[Score]]:
    """Return the scores of a chunk's articles by filter."""
    found = panel.score_batch(chunk.articles, prefilter=prefilter)
    return [[scores[scorer.config.name] for scores in found] for scorer in panel]


@contextmanager
def _stopping(output: Path | None) -> Iterator[None]:
    """Say what a stopped run leaves behind."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if output is None:
            click.echo("Stopped: the results so far are on standard output.", err=True)
        else:
            click.echo(f"Stopped: {output} {'is unchanged' if output.exists() else 'is not written'}.", err=True)
        raise


def _no_articles(reader: ArticleReader) -> InputFileError:
    return InputFileError(f"{reader.name} holds no articles; nothing was written.")


def _load(names: tuple[str, ...], **options: Any) -> FilterPanel:
    """Load the filters and tell which could not be; a wrong name ends the command."""
    from ..loading import load_filters

    expected = list(dict.fromkeys(names)) or None
    try:
        panel = load_filters(expected, strict=False, **options)
    except DuplicateFilterError as error:
        if len(names) > 1:
            raise click.UsageError(str(error)) from error
        raise
    for fault in panel.faults.values():
        if isinstance(fault, (FilterNotFoundError, StudentNotFoundError)):
            raise fault
        click.echo(f"error: {fault}", err=True)
    return panel


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
            print_table(["average", "article"], entries, title=f"highest, {name}", err=to_stderr, cut=["article"])
    rate = summary.n_lines / seconds
    click.echo(
        f"{summary.n_lines} articles in {seconds:.1f} s ({rate:.0f} a second), {summary.n_failed} failed", err=to_stderr
    )
    for line in summary.examples_of_failure:
        click.echo(f"  {line}", err=to_stderr)
    if output:
        click.echo(f"results: {output}")
