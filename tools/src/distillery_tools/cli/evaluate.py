"""distillery evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from distillery.cli.output import print_json, print_table
from distillery.config import EVALUATION_FILE, FilterConfig
from distillery.loading import locate_filter

from ..data.labelled import SPLITS
from ..records import write_json
from .options import data_options, load_data, source_folder


@click.command("evaluate")
@click.argument("name")
@data_options
@click.option(
    "--split", type=click.Choice(SPLITS), default="test", show_default=True, help="Which articles to measure on."
)
@click.option("--student", help="Which of the filter's students. Default: the filter's own choice.")
@click.option(
    "--backend",
    type=click.Choice(["torch", "openvino"]),
    default="torch",
    show_default=True,
    help="What runs the student; torch is float32, the reference.",
)
@click.option("--prefilter-only", is_flag=True, help="Measure the prefilter alone; the filter needs no student yet.")
@click.option(
    "--save",
    is_flag=True,
    help=f"Write {EVALUATION_FILE} into the filter's folder, where `distillery info` shows it, and the figures "
    "between the markers of the READMEs above it.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="Write JSON, Markdown and pictures into this folder as well."
)
@click.option(
    "--format", "output_format", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True
)
def evaluate_command(
    name: str,
    data: Path | None,
    articles: Path | None,
    labels: Path | None,
    split: str,
    student: str | None,
    backend: str,
    prefilter_only: bool,
    save: bool,
    output: Path | None,
    output_format: str,
) -> None:
    """Measure a student of the filter NAME, with bootstrap 95 % intervals.

    Beside it stand three baselines (the training median, ridge and kernel regression on the frozen base
    model's embeddings), the oracle's second opinion, and the prefilter. Errors are mean absolute ones on
    the 0-10 scale.
    """
    if prefilter_only:
        if save or output:
            raise click.UsageError("--save and --output keep a student's figures; leave --prefilter-only out.")
        _measure_prefilter(name, data, articles, labels, split, output_format)
        return
    if save:
        source_folder(name)
        if split != "test":
            raise click.UsageError("--save keeps the figures of the test split only.")
    from distillery import load_filter

    from ..evaluation.card import write_cards
    from ..evaluation.evaluator import Evaluator
    from ..evaluation.output import training_history, write_folder
    from ..evaluation.tables import tables

    scorer = load_filter(name, student=student, backend=backend)
    evaluator = Evaluator(scorer, load_data(scorer.config, data, articles, labels), split)
    report = evaluator.report()
    if save:
        write_json(scorer.filter_dir / EVALUATION_FILE, report)
        write_cards(scorer.filter_dir, report)
    if output:
        history = training_history(scorer.config, scorer.filter_dir, scorer.student.name)
        write_folder(output, report, evaluator.predicted.averages, evaluator.expected.averages, history)
    _print(report, tables(report), output_format)


def _measure_prefilter(
    name: str, data: Path | None, articles: Path | None, labels: Path | None, split: str, output_format: str
) -> None:
    from ..evaluation.headline import MEDIUM
    from ..evaluation.prefiltering import prefilter_figures
    from ..evaluation.tables import prefilter_tables

    folder, _ = locate_filter(name)
    config = FilterConfig.load(folder)
    figures = prefilter_figures(config, load_data(config, data, articles, labels), split)
    _print(figures, prefilter_tables(figures, MEDIUM), output_format)


def _print(report: dict[str, Any], tables: list[Any], output_format: str) -> None:
    from ..evaluation.markdown import titled

    if output_format == "json":
        print_json(report)
    elif output_format == "markdown":
        click.echo("\n\n".join(map(titled, tables)))
    else:
        for table in tables:
            print_table(table.headers, table.rows, title=table.title)
