"""distillery select."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from distillery import FilterConfig, ModelError, load_filter
from distillery.toolkit import format_option, locate_filter, print_json, print_table

from ..data.writing import write_records
from ..selection.strategies import HIGH, RANDOM, SIMILAR, STRATEGIES, UNCERTAIN, default_shares
from .select_options import SelectOptions, select_options

if TYPE_CHECKING:
    from distillery import FilterBaseScorer

    from ..selection.candidates import Advance
    from ..selection.select import Selection


@click.command("select")
@select_options
@format_option
def select_command(output_format: str, **given: Any) -> None:
    """Select which of ARTICLES (JSON lines) to label next.

    Strategies: random; high, by the filter's own score; uncertain, near a tier's threshold; similar, to examples;
    keywords. A selected article names its strategy (sampling) and the figure behind it. Keep random articles when
    you merge the labels with others, or the model learns to rate everything as a hit.
    """
    options = SelectOptions(**given)
    options.check()
    selection = _select(options)
    write_records(options.output, selection.records)
    if options.set_aside:
        write_records(options.set_aside, map(asdict, selection.set_aside))
    if output_format == "json":
        print_json(selection.report)
    else:
        _print_report(selection.report)
        click.echo(f"to label: {options.output}")


def _select(options: SelectOptions) -> Selection:
    from ..selection.already_labelled import AlreadyLabelled
    from ..selection.pool import Pool
    from ..selection.select import select_articles
    from ..selection.strategy_inputs import StrategyInputs

    folder, _ = locate_filter(options.name)
    config = FilterConfig.load(folder)
    phrases = options.phrases()
    with closing(Pool(options.articles)) as pool:
        labelled = AlreadyLabelled.read(config, options.labelled, options.labels, options.examples)
        inputs = StrategyInputs(config, folder, _scorer(options), labelled.examples, phrases)
        shares = options.shares or default_shares([name for name in STRATEGIES if name not in inputs.missing])
        for name in shares:
            if name in inputs.missing:
                raise click.UsageError(f"the share of {name} needs {inputs.missing[name]}.")
        with _progress(pool.size, quiet=options.quiet) as advance:
            return select_articles(
                config, pool, labelled, inputs.signals(shares), shares, options.number, options.seed, advance
            )


def _scorer(options: SelectOptions) -> FilterBaseScorer | None:
    """Load the filter if a strategy can use it. Return None for an untrained filter unless its scores are required."""
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
    """Show a progress bar on a terminal; yield a function that takes the number of bytes read."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as progress:
        task = progress.add_task("selecting", total=size)
        yield lambda n_bytes: progress.advance(task, n_bytes)


def _print_report(report: dict[str, Any]) -> None:
    print_table(["strategy", "articles"], list(report["selected"].items()), title=f"{report['n_articles']} to label")
    left_out = {**report["set_aside"], **report["near_duplicates"]}
    left_out |= {f"junk: {kind}": count for kind, count in report["junk"].items()}
    left_out.pop("junk", None)
    if left_out:
        print_table(["left out", "articles"], list(left_out.items()), title=f"{report['candidates']} candidates")
    for name, count in report["too_few"].items():
        why = "there are no more candidates" if name == RANDOM else "random ones take their place"
        click.echo(f"{name}: {count} fewer than asked for; {why}")
