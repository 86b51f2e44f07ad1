"""distillery info."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..config import FilterConfig, own_evaluation, own_stage1, read_evaluation
from ..errors import DistilleryError
from ..loading import locate_filter
from .output import format_option, print_json, print_table
from .probe_lines import probe_lines


@click.command("info")
@click.argument("name")
@format_option
def info_command(name: str, output_format: str) -> None:
    """Show what the filter NAME measures and how well; NAME may be the path of a folder."""
    folder, _ = locate_filter(name)
    config = FilterConfig.load(folder)
    evaluation, notes = own_evaluation(config, read_evaluation(folder), name)
    probe, stage1_notes = own_stage1(config, name)
    if output_format == "json":
        shown = config.model_copy(update={"probe": probe}).model_dump(mode="json", by_alias=True)
        print_json({"config": shown, "evaluation": evaluation, "notes": stage1_notes + notes, "folder": str(folder)})
        return
    click.echo(f"{config.name} {config.version}: {config.summary}\n")
    if config.experimental:
        click.echo(f"Experimental: {config.experimental}.\n")
    print_table(["dimension", "weight", "measures"], [(d.name, d.weight, d.description) for d in config.dimensions])
    print_table(["tier", "from", "means"], [(tier.name, tier.at_least, tier.description) for tier in config.tiers])
    for gate in config.gatekeepers:
        click.echo(
            f"While {gate.dimension} is below {gate.below:g}, the average is at most {gate.cap:g}: {gate.reason}."
        )
    _print_students(config, folder)
    click.echo("\n".join(probe_lines(probe)))
    _print_operating_points(config)
    if evaluation:
        _print_evaluation(evaluation)
    for note in stage1_notes + notes:
        click.echo(note)


def _print_students(config: FilterConfig, folder: Path) -> None:
    rows = []
    for name, student in config.students.items():
        mark = " (default)" if name == config.default_student else ""
        rows.append((f"{name}{mark}", *_read_by(config, folder, name), student.weights_sha256[:12]))
    print_table(["student", "base model", "encoder", "tokens, head+tail", "weights sha256"], rows)


def _read_by(config: FilterConfig, folder: Path, student: str) -> tuple[str, str, str]:
    """Return base model, shared encoder and tokens read; only the names where the encoder is not installed."""
    from ..students.encoder_spec import resolve_encoder_spec

    try:
        spec = resolve_encoder_spec(config, folder, student)
    except DistilleryError as error:
        pinned = config.student(student).encoder
        return "?", f"{pinned.name if pinned else '?'}: {str(error).partition(chr(10))[0]}", "?"
    size = spec.preprocessing
    return spec.base.model, spec.title or "-", f"{size.head_tokens}+{size.tail_tokens}"


def _print_operating_points(config: FilterConfig) -> None:
    points = config.operating_points
    if points is None:
        return
    rows = [
        (name, point.threshold, *map(_share, (point.precision, point.recall, point.f1)))
        for name, point in points.points.items()
    ]
    title = (
        f"Operating points, on {points.n_articles} validation articles with {points.n_positives} positives "
        f"({points.positive_from:g} or above; 95 % intervals)"
    )
    if rows:
        print_table(["operating point", "from", "precision", "recall", "F1"], rows, title=title)
    for name, reason in points.missing.items():
        click.echo(f"No operating point {name}: {reason}.")


def _share(figure: tuple[float, float, float]) -> str:
    value, low, high = figure
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _print_evaluation(evaluation: dict[str, Any]) -> None:
    rows = [(model, *_quality(figures)) for model, figures in evaluation["models"].items()]
    title = f"On {evaluation['n_articles']} held-out articles (95 % intervals)"
    print_table(["model", "MAE of the weighted average", "rank correlation"], rows, title=title)


def _quality(figures: dict[str, Any]) -> tuple[str, str]:
    return _interval(figures["weighted_average_mae"]), _interval(figures["spearman"])


def _interval(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "-"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
