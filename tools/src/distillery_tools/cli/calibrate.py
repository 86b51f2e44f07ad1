"""distillery calibrate."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from distillery import FilterConfig
from distillery.toolkit import EVALUATION_FILE, format_option, print_json, print_table

from .options import OPEN_SHARE, data_options, load_data, source_folder

if TYPE_CHECKING:
    from ..calibration.maps import Values


@click.command("calibrate")
@click.argument("name", metavar="FILTER")
@data_options
@click.option("--student", help="Which of the filter's students. Default: the filter's own choice.")
@click.option(
    "--level",
    type=OPEN_SHARE,
    default=0.9,
    show_default=True,
    help="Share of articles whose interval contains the oracle's score.",
)
@click.option("--dry-run", is_flag=True, help="Fit and measure without changing the filter's folder.")
@format_option
def calibrate_command(
    name: str,
    data: Path | None,
    articles: Path | None,
    labels: Path | None,
    student: str | None,
    level: float,
    dry_run: bool,
    output_format: str,
) -> None:
    """Calibrate a student of FILTER (a folder, or a name installed in editable mode).

    Fits maps from the student's outputs to the oracle's scale on the validation articles, keeps those that help on
    held-out ones, fits intervals and probabilities if the articles are enough for them, and chooses operating points.
    Writes calibration.json, its line and the operating points in config.yaml, and new golden scores into the filter's
    folder. The test articles only show the effect.
    """
    from distillery.toolkit import TORCH, Calibration, CalibrationOrigin, Student

    from ..calibration.effect import calibration_effects
    from ..calibration.fit import fit_calibration
    from ..calibration.operating_points import choose_operating_points
    from ..vectors import raw_scores

    folder = source_folder(name)
    config = FilterConfig.load(folder)
    chosen = student or config.default_student
    labelled = load_data(config, data, articles, labels)
    val, test = labelled.splits["val"], labelled.splits["test"]
    trained = Student.load(config, folder, chosen, backend=TORCH)
    raw, unseen = (raw_scores(trained, split.texts).astype(np.float64) for split in (val, test))
    origin = CalibrationOrigin.of_student(trained.config, trained.encoder_spec)
    content = fit_calibration(config, origin, raw, val.scores, level=level)
    calibration = Calibration.parse(content, config, source="the fitted calibration")
    effects = calibration_effects(config, calibration, unseen, test.scores)
    if not dry_run:
        _install(folder, config, chosen, content, raw, val.scores)
    report = {
        "filter": config.name,
        "version": config.version,
        "student": chosen,
        "level": level,
        "data_sha256": labelled.sha256,
        "calibration": content,
        "operating_points": choose_operating_points(config, calibration, raw, val.scores),
        "test": {"n": len(test.articles), "effects": {key: asdict(effect) for key, effect in effects.items()}},
    }
    if output_format == "json":
        print_json(report)
    else:
        _print_report(report)


def _install(
    folder: Path, config: FilterConfig, student: str, content: dict[str, Any], raw: Values, scores: Values
) -> None:
    """Put a calibration into the filter's folder; renew points and golden scores, remove the old evaluation."""
    from distillery import FilterBaseScorer
    from distillery.toolkit import TORCH

    from ..training.install import install_calibration, install_operating_points, write_golden

    (folder / EVALUATION_FILE).unlink(missing_ok=True)
    install_calibration(folder, config, student, content)
    install_operating_points(folder, student, raw, scores)
    if student == config.default_student:
        write_golden(FilterBaseScorer.from_folder(folder, student=student, backend=TORCH))


def _print_report(report: dict[str, Any]) -> None:
    from ..calibration.fit import intervals_note

    content, test = report["calibration"], report["test"]
    click.echo(f"{report['filter']} {report['version']}, student {report['student']}\n")
    title = f"held-out MAE / rank correlation on {content['n_samples']} articles of 'val'"
    print_table(*_candidate_rows(content), title=title)
    print_table(*_test_rows(test["effects"]), title=f"effect on {test['n']} articles of 'test'")
    click.echo(intervals_note(content, report["level"]))
    print_table(*_probability_rows(content), title="probabilities, on the articles of 'val'")
    points = report["operating_points"]
    print_table(*_point_rows(points), title=f"operating points, on 'val' with {points['n_positives']} positives")
    for name, reason in points["missing"].items():
        click.echo(f"no operating point {name}: {reason}")


def _candidate_rows(content: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the figures of every candidate for each dimension, and the chosen one."""
    effects = content["held_out_effect"]
    candidates = list(next(iter(effects.values()))["candidates"])
    rows = [
        [name, *(_figures(effect["candidates"][key]) for key in candidates), effect["chosen"]]
        for name, effect in effects.items()
    ]
    return ["dimension", *candidates, "chosen"], rows


def _probability_rows(content: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return each threshold with the articles that reach it, and what its curve is fitted to."""
    probabilities = content["probabilities"] or {"curves": []}
    rows = [
        [f"{curve['at_least']:g}", str(curve["n_positives"]), "" if curve["n_positives"] else "mostly the prior"]
        for curve in probabilities["curves"]
    ]
    return ["average from", "articles", "note"], rows


def _point_rows(points: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [name, f"{point['threshold']:g}", *(_share(point[key]) for key in ("precision", "recall", "f1"))]
        for name, point in points["points"].items()
    ]
    return ["operating point", "from", "precision", "recall", "F1"], rows


def _share(figure: list[float]) -> str:
    value, low, high = figure
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _test_rows(effects: dict[str, dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            name,
            _figures(effect["before"]),
            _figures(effect["after"]),
            "-" if effect["coverage"] is None else f"{effect['coverage']:.1%}",
            "-" if effect["width"] is None else f"{effect['width']:.2f}",
        ]
        for name, effect in effects.items()
    ]
    return ["score", "before", "after", "coverage", "mean width"], rows


def _figures(effect: dict[str, float | None]) -> str:
    mae, rank = effect["mae"], effect["spearman"]
    return f"{mae:.3f} / {'-' if rank is None else f'{rank:.3f}'}"
