"""distillery evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from distillery.cli.output import print_json, print_table
from distillery.config import EVALUATION_FILE

from ..data.labelled import SPLITS
from ..records import write_json
from .options import data_options, load_data, source_folder

HEADLINE = {
    "weighted_average_mae": "error of the average",
    "spearman": "rank correlation",
    "recall": "recall",
    "precision": "precision",
    "precision_among_top": "precision among top",
}


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
@click.option(
    "--save", is_flag=True, help=f"Write {EVALUATION_FILE} into the filter's folder, where `distillery info` shows it."
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
    save: bool,
    output_format: str,
) -> None:
    """Measure a student of the filter NAME beside two baselines, with bootstrap 95 % intervals.

    The baselines predict the training median, and by ridge regression on the frozen base model's
    embeddings. Errors are mean absolute ones on the 0-10 scale.
    """
    from distillery import load_filter

    from ..evaluation.evaluator import Evaluator

    if save:
        source_folder(name)
        if split != "test":
            raise click.UsageError("--save keeps the figures of the test split only.")
    scorer = load_filter(name, student=student, backend=backend)
    report = Evaluator(scorer, load_data(scorer.config, data, articles, labels), split).report()
    if save:
        write_json(scorer.filter_dir / EVALUATION_FILE, report)
    if output_format == "json":
        print_json(report)
    elif output_format == "markdown":
        click.echo("\n\n".join(_markdown(headers, rows) for _, headers, rows in tables(report)))
    else:
        for title, headers, rows in tables(report):
            print_table(headers, rows, title=title)
        click.echo(_prefilter_line(report))


def tables(report: dict[str, Any]) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return the headline table and the table of dimensions: title, headers, rows."""
    from ..evaluation.evaluator import figure_of

    models = report["models"]
    headline = [[name, *(str(figure_of(figures[key])) for key in HEADLINE)] for name, figures in models.items()]
    dimensions = [
        [name, *(str(figure_of(figures["dimension_mae"][name])) for figures in models.values())]
        for name in next(iter(models.values()))["dimension_mae"]
    ]
    title = (
        f"{report['filter']} {report['version']} on {report['n_articles']} articles of '{report['split']}', "
        f"{report['n_at_threshold']} of them at {report['threshold']:g} or above"
    )
    return [
        (title, ["model", *HEADLINE.values()], headline),
        ("mean absolute error by dimension", ["dimension", *models], dimensions),
    ]


def _prefilter_line(report: dict[str, Any]) -> str:
    figures = report["prefilter"]
    return (
        f"prefilter: passes {figures['passed']:.1%}, blocks {figures['blocked_at_threshold']} of the "
        f"{figures['n_at_threshold']} articles at {report['threshold']:g} or above"
    )


def _markdown(headers: list[str], rows: list[list[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
