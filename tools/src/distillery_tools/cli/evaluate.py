"""distillery evaluate."""

from __future__ import annotations

from pathlib import Path

import click

from distillery import FilterConfig
from distillery.toolkit import EVALUATION_FILE, locate_filter

from ..data.labels import SPLITS
from ..records import write_json
from .options import data_options, load_data, source_folder
from .reports import print_report, report_format_option


@click.command("evaluate")
@click.argument("name", metavar="FILTER")
@data_options
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True, help="Split to measure on.")
@click.option("--student", help="Which of the filter's students. Default: the filter's own choice.")
@click.option(
    "--backend",
    type=click.Choice(["torch", "openvino"]),
    default="torch",
    show_default=True,
    help="Backend of the student; torch is the float32 reference.",
)
@click.option("--prefilter-only", is_flag=True, help="Measure only the prefilter; the filter needs no student.")
@click.option(
    "--save",
    is_flag=True,
    help=f"Write {EVALUATION_FILE} into the filter's folder, where `distillery info` shows it, and the figures "
    "between the markers of its README, with a picture, and of the one above.",
)
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write JSON, Markdown and pictures into this folder, too.",
)
@report_format_option
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
    output_dir: Path | None,
    output_format: str,
) -> None:
    """Measure a student of FILTER, with bootstrap 95 % intervals.

    Compares it with three baselines (the training median, ridge and kernel regression on the frozen base model's
    embeddings) and with the oracle's second opinion, and measures the prefilter.
    """
    if prefilter_only:
        if save or output_dir:
            raise click.UsageError("--save and --output-dir keep a student's figures; leave --prefilter-only out.")
        _measure_prefilter(name, data, articles, labels, split, output_format)
        return
    if save:
        source_folder(name)
        if split != "test":
            raise click.UsageError("--save keeps the figures of the test split only.")
    from distillery import load_filter

    from ..evaluation.card import write_cards, write_positives_card
    from ..evaluation.evaluator import Evaluator
    from ..evaluation.output import training_history, write_folder
    from ..evaluation.positives import Positives, positives_text
    from ..evaluation.tables import tables

    scorer = load_filter(name, student=student, backend=backend)
    labelled = load_data(scorer.config, data, articles, labels)
    evaluator = Evaluator(scorer, labelled, split)
    report = evaluator.report()
    if save:
        write_json(scorer.filter_dir / EVALUATION_FILE, report)
        write_cards(scorer.filter_dir, report)
        write_positives_card(scorer.filter_dir, positives_text(Positives.count(labelled, scorer.config)))
    if output_dir:
        history = training_history(scorer.config, scorer.filter_dir, scorer.student.name)
        write_folder(output_dir, report, evaluator.predicted.averages, evaluator.expected.averages, history)
    print_report(report, tables(report), output_format)


def _measure_prefilter(
    name: str, data: Path | None, articles: Path | None, labels: Path | None, split: str, output_format: str
) -> None:
    from ..evaluation.prefiltering import prefilter_figures
    from ..evaluation.tables import prefilter_tables

    folder, _ = locate_filter(name)
    config = FilterConfig.load(folder)
    figures = prefilter_figures(config, load_data(config, data, articles, labels), split)
    print_report(figures, prefilter_tables(figures, config.positive_from), output_format)
