"""Installing what was trained: the files, their sha256 in the YAML file, the calibration, golden scores."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from distillery import FilterBaseScorer, FilterConfig, ScoringError
from distillery.toolkit import (
    ADAPTER_CONFIG_FILE,
    ADAPTER_FILE,
    CALIBRATION_FILE,
    CONFIG_FILE,
    ENCODER_FILE,
    EVALUATION_FILE,
    GOLDEN_FILE,
    SCOPE_FILE,
    TORCH,
    Calibration,
    CalibrationOrigin,
    EncoderConfig,
    EncoderSpec,
    PreprocessingConfig,
    Student,
    read_golden,
    resolve_encoder_spec,
    sha256_of,
)

from ..calibration.fit import LEVEL, fit_calibration, intervals_note
from ..calibration.maps import Values
from ..calibration.operating_points import choose_operating_points
from ..data.labelled import Split
from ..records import write_json
from ..vectors import raw_scores
from ..yaml_editor import edit, in_one_line
from .trainer import Trainer

RECORD_FILE = "training.json"


def install_student(folder: Path, student: str, trainer: Trainer, val: Split, record: dict[str, Any]) -> str:
    """Put a trained student into a filter's folder; return one line on its calibration.

    Copies the adapter, writes its sha256 and a changed preprocessing into config.yaml, and then finishes the student.
    """
    install_adapter(folder, FilterConfig.load(folder), student, trainer.adapter_folder)
    if trainer.recipe.changes_context:
        install_preprocessing(folder / CONFIG_FILE, ("students", student), trainer.preprocessing)
    return finish_student(folder, student, val, record)


def install_head(folder: Path, student: str, head: Path, spec: EncoderSpec, val: Split, record: dict[str, Any]) -> str:
    """Put a trained head into a filter's folder, pinned to its encoder; return one line on its calibration."""
    install_adapter(folder, FilterConfig.load(folder), student, head)
    edit(folder / CONFIG_FILE, {("students", student, "encoder", "fingerprint"): spec.fingerprint})
    return finish_student(folder, student, val, record)


def finish_student(folder: Path, student: str, val: Split, record: dict[str, Any]) -> str:
    """Update everything that depends on the weights; return one line on the calibration.

    Fits a calibration and chooses operating points on the validation articles, writes training.json, and scores the
    golden articles again.
    """
    (folder / EVALUATION_FILE).unlink(missing_ok=True)  # it was measured on the former weights
    config = FilterConfig.load(folder)
    trained = Student.load(config, folder, student, backend=TORCH)
    raw = raw_scores(trained, val.texts).astype(np.float64)
    origin = CalibrationOrigin.of_student(trained.config, trained.encoder_spec)
    calibration = fit_calibration(config, origin, raw, val.scores)
    install_calibration(folder, config, student, calibration)
    install_operating_points(folder, student, raw, val.scores)
    write_json(folder / trained.config.adapter / RECORD_FILE, record)
    write_golden(FilterBaseScorer.from_folder(folder, student=student, backend=TORCH))
    kept = ", ".join(calibration["dimensions"]) or "none of the dimensions"
    return f"calibration maps kept for {kept}; {intervals_note(calibration, LEVEL)}"


def install_adapter(folder: Path, config: FilterConfig, student: str, adapter: Path) -> None:
    """Copy an adapter, or a head alone, into the filter's folder and write its sha256 into config.yaml."""
    settings = config.student(student)
    names = [ADAPTER_FILE, ADAPTER_CONFIG_FILE] if settings.encoder is None else [ADAPTER_FILE]
    names += [SCOPE_FILE] if (adapter / SCOPE_FILE).is_file() else []
    hashes = _copy(adapter, folder / settings.adapter, names)
    edit(folder / CONFIG_FILE, {("students", student, "sha256", name): sha256 for name, sha256 in hashes.items()})


def install_encoder(folder: Path, trainer: Trainer, record: dict[str, Any]) -> None:
    """Put a trained encoder into its folder, with its record."""
    install_encoder_adapter(folder, trainer.adapter_folder)
    if trainer.recipe.changes_context:
        install_preprocessing(folder / ENCODER_FILE, (), trainer.preprocessing)
    write_json(folder / EncoderConfig.load(folder).adapter / RECORD_FILE, record)


def install_encoder_adapter(folder: Path, adapter: Path) -> None:
    """Copy an adapter into the encoder's folder and write its sha256 into encoder.yaml."""
    config = EncoderConfig.load(folder)
    hashes = _copy(adapter, folder / config.adapter, (ADAPTER_FILE, ADAPTER_CONFIG_FILE))
    edit(folder / ENCODER_FILE, {("sha256", name): sha256 for name, sha256 in hashes.items()})


def install_preprocessing(path: Path, place: tuple[str, ...], stated: PreprocessingConfig) -> None:
    """Write how much of a text is read into a YAML file, in the section at ``place``."""
    edit(path, {(*place, "preprocessing", name): value for name, value in stated.model_dump().items()})


def install_calibration(folder: Path, config: FilterConfig, student: str, content: dict[str, Any]) -> None:
    """Write calibration.json into the adapter's folder and name it in config.yaml; remove both if it has no effect."""
    settings = config.student(student)
    path = folder / settings.adapter / CALIBRATION_FILE
    has_effect = content["dimensions"] or content.get("intervals") or content.get("probabilities")
    value = f"{settings.adapter}/{CALIBRATION_FILE}" if has_effect else None
    edit(folder / CONFIG_FILE, {("students", student, "calibration"): value})
    if has_effect:
        write_json(path, content)
    else:
        path.unlink(missing_ok=True)


def install_operating_points(folder: Path, student: str, raw: Values, scores: Values) -> None:
    """Choose operating points for the installed calibration and write them into config.yaml; none for other students.

    ``raw`` are the student's outputs and ``scores`` the oracle's [n_articles, n_dimensions], of validation articles.
    """
    config = FilterConfig.load(folder)
    if student != config.default_student:
        return
    settings = config.student(student)
    if settings.calibration is None:
        if config.operating_points is not None:
            edit(folder / CONFIG_FILE, {("operating_points",): None})
        return
    origin = CalibrationOrigin.of_student(settings, resolve_encoder_spec(config, folder, student))
    calibration = Calibration.load(folder / settings.calibration, config, origin)
    chosen = choose_operating_points(config, calibration, raw, scores)
    section = {
        "weights_sha256": settings.weights_sha256,
        "calibration": calibration.identifier,
        **chosen,
        "points": {name: _in_lines(point) for name, point in chosen["points"].items()},
    }
    edit(folder / CONFIG_FILE, {("operating_points",): section})


def _in_lines(point: dict[str, Any]) -> dict[str, Any]:
    """Return a point with each figure in one line of YAML."""
    return {name: in_one_line(value) if isinstance(value, list) else value for name, value in point.items()}


def _copy(source: Path, target: Path, names: Sequence[str]) -> dict[str, str]:
    """Copy files into a folder; return their sha256 by name."""
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(source / name, target / name)
    return {name: sha256_of(target / name) for name in names}


def write_golden(scorer: FilterBaseScorer) -> int:
    """Score the articles of golden.jsonl again and write them with their new scores; return how many."""
    records = read_golden(scorer.filter_dir)
    scores = scorer.score_batch([record["article"] for record in records], prefilter=False)
    if faults := [f"{r['article'].get('id')}: {s.error}" for r, s in zip(records, scores, strict=True) if s.error]:
        raise ScoringError(f"{scorer.filter_dir / GOLDEN_FILE} has articles without a score: {'; '.join(faults)}")
    lines = [
        json.dumps(
            {
                "article": record["article"],
                "scores": {name: round(value, 4) for name, value in (score.scores or {}).items()},
                "weighted_average": round(score.weighted_average or 0.0, 4),
                "tier": score.tier,
            },
            ensure_ascii=False,
        )
        for record, score in zip(records, scores, strict=True)
    ]
    (scorer.filter_dir / GOLDEN_FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)
