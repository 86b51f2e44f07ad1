"""distillery screen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from distillery import FilterConfig, ModelError, load_filter
from distillery.cli.output import format_option, print_json, print_table
from distillery.loading import locate_filter

from ..data.writing import write_records
from ..screening.strategies import HIGH, RANDOM, SIMILAR, STRATEGIES, UNCERTAIN, default_shares
from .screen_options import ScreenOptions, screen_options

if TYPE_CHECKING:
    from distillery import FilterBaseScorer

    from ..screening.candidates import Advance
    from ..screening.screen import Screened


@click.command("screen")
@screen_options
@format_option
def screen_command(output_format: str, **given: Any) -> None:
    """Choose the articles of a pool to label next.

    Strategies: random; high, by the filter's own score; uncertain, near a tier's threshold; similar, to examples;
    keywords. A chosen article carries which one chose it (sampling) and its figure. Merge the labels with the others,
    random ones among them: what was searched for alone teaches that everything is a find.
    """
    options = ScreenOptions(**given)
    options.check()
    screened = _screened(options)
    write_records(options.output, screened.records)
    if options.set_aside:
        write_records(options.set_aside, map(asdict, screened.set_aside))
    if output_format == "json":
        print_json(screened.report)
    else:
        _print_report(screened.report)
        click.echo(f"to label: {options.output}")


def _screened(options: ScreenOptions) -> Screened:
    from ..screening.labelled_before import LabelledBefore
    from ..screening.means import Means
    from ..screening.pool import Pool
    from ..screening.screen import screen

    folder, _ = locate_filter(options.name)
    config = FilterConfig.load(folder)
    phrases = options.phrases()
    with closing(Pool(options.articles)) as pool:
        labelled = LabelledBefore.read(config, options.labelled, options.labels, options.examples)
        means = Means(config, folder, _scorer(options), labelled.examples, phrases)
        shares = options.shares or default_shares([name for name in STRATEGIES if name not in means.lacking])
        for name in shares:
            if name in means.lacking:
                raise click.UsageError(f"the share of {name} needs {means.lacking[name]}.")
        with _progress(pool.size, quiet=options.quiet) as advance:
            return screen(config, pool, labelled, means.signals(shares), shares, options.number, options.seed, advance)


def _scorer(options: ScreenOptions) -> FilterBaseScorer | None:
    """Load the filter if it is of use; one that is not trained yet is none, unless its scores are asked for."""
    if options.shares and not {HIGH, UNCERTAIN, SIMILAR} & set(options.shares):
        return None
    try:
        return load_filter(options.name, student=options.student)
    except ModelError as error:
        if {HIGH, UNCERTAIN} & set(options.shares or ()):
            raise
        click.echo(f"note: without the filter's own scores: {str(error).partition(chr(10))[0]}", err=True)
        return None


@contextmanager
def _progress(size: int, *, quiet: bool) -> Iterator[Advance]:
    """Show a progress bar on a terminal; yields a function that takes the bytes that were read."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as progress:
        task = progress.add_task("screening", total=size)
        yield lambda read: progress.advance(task, read)


def _print_report(report: dict[str, Any]) -> None:
    print_table(["chosen by", "articles"], list(report["chosen"].items()), title=f"{report['n_articles']} to label")
    passed_over = {**report["set_aside"], **report["near_duplicates"]}
    passed_over |= {f"junk: {kind}": count for kind, count in report["junk"].items()}
    passed_over.pop("junk", None)
    if passed_over:
        print_table(["not chosen", "articles"], list(passed_over.items()), title=f"{report['candidates']} candidates")
    for name, count in report["too_few"].items():
        why = "the pool holds no more" if name == RANDOM else "random ones stand in their places"
        click.echo(f"{name}: {count} fewer than asked for; {why}")
