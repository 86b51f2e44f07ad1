"""Putting what was trained into its folder: the files, their sha256 in the YAML file, golden scores."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from distillery import ConfigError, FilterBaseScorer, FilterConfig, ScoringError
from distillery.calibration.origin import CalibrationOrigin
from distillery.config import (
    ADAPTER_CONFIG_FILE,
    ADAPTER_FILE,
    CALIBRATION_FILE,
    CONFIG_FILE,
    ENCODER_FILE,
    EVALUATION_FILE,
    EncoderConfig,
    PreprocessingConfig,
)
from distillery.golden import GOLDEN_FILE, read_golden
from distillery.students.backends.contract import TORCH
from distillery.students.base_models import sha256_of
from distillery.students.encoder_spec import EncoderSpec
from distillery.students.student import Student

from ..calibration.fit import LEVEL, fit_calibration, intervals_note
from ..data.labelled import Split
from ..records import write_json
from ..vectors import raw_scores
from .trainer import Trainer

RECORD_FILE = "training.json"

_PREPROCESSING = [("preprocessing", "head_tokens"), ("preprocessing", "tail_tokens")]


def install_student(folder: Path, student: str, trainer: Trainer, val: Split, record: dict[str, Any]) -> str:
    """Put a trained student into a filter's folder; return one line on its calibration.

    Copies the adapter, states its sha256, and what is not as configured of a text's part that it reads. Then
    finishes the student.
    """
    install_adapter(folder, FilterConfig.load(folder), student, trainer.adapter_folder)
    if trainer.recipe.changes_context:
        install_preprocessing(folder / CONFIG_FILE, ("students", student), trainer.preprocessing)
    return finish_student(folder, student, val, record)


def install_head(folder: Path, student: str, head: Path, spec: EncoderSpec, val: Split, record: dict[str, Any]) -> str:
    """Put a trained head into a filter's folder, pinned to its encoder; return one line on its calibration."""
    install_adapter(folder, FilterConfig.load(folder), student, head)
    _set(folder / CONFIG_FILE, ("students", student, "encoder", "fingerprint"), spec.fingerprint)
    return finish_student(folder, student, val, record)


def finish_student(folder: Path, student: str, val: Split, record: dict[str, Any]) -> str:
    """Do what new weights call for; return one line on the calibration.

    Fits a calibration on the validation articles, its maps kept where they help, writes training.json, and
    scores the golden articles again.
    """
    (folder / EVALUATION_FILE).unlink(missing_ok=True)  # it told of the student that went
    config = FilterConfig.load(folder)
    trained = Student.load(config, folder, student, backend=TORCH)
    raw = raw_scores(trained, val.texts).astype(np.float64)
    origin = CalibrationOrigin.of_student(trained.config, trained.encoder_spec)
    calibration = fit_calibration(config, origin, raw, val.scores)
    install_calibration(folder, config, student, calibration)
    write_json(folder / trained.config.adapter / RECORD_FILE, record)
    write_golden(FilterBaseScorer.from_folder(folder, student=student, backend=TORCH))
    kept = ", ".join(calibration["dimensions"]) or "none of the dimensions"
    return f"calibration maps kept for {kept}; {intervals_note(calibration, LEVEL)}"


def install_adapter(folder: Path, config: FilterConfig, student: str, adapter: Path) -> None:
    """Copy an adapter, or a head alone, into the filter's folder and state its sha256 in config.yaml."""
    settings = config.student(student)
    names = (ADAPTER_FILE, ADAPTER_CONFIG_FILE) if settings.encoder is None else (ADAPTER_FILE,)
    for name, sha256 in _copied(adapter, folder / settings.adapter, names).items():
        _set(folder / CONFIG_FILE, ("students", student, "sha256", name), sha256)


def install_encoder(folder: Path, trainer: Trainer, record: dict[str, Any]) -> None:
    """Put a trained encoder into its folder, with its record."""
    install_encoder_adapter(folder, trainer.adapter_folder)
    if trainer.recipe.changes_context:
        install_preprocessing(folder / ENCODER_FILE, (), trainer.preprocessing)
    write_json(folder / EncoderConfig.load(folder).adapter / RECORD_FILE, record)


def install_encoder_adapter(folder: Path, adapter: Path) -> None:
    """Copy an adapter into the encoder's folder and state its sha256 in encoder.yaml."""
    config = EncoderConfig.load(folder)
    for name, sha256 in _copied(adapter, folder / config.adapter, (ADAPTER_FILE, ADAPTER_CONFIG_FILE)).items():
        _set(folder / ENCODER_FILE, ("sha256", name), sha256)


def install_preprocessing(path: Path, place: tuple[str, ...], stated: PreprocessingConfig) -> None:
    """State how much of a text is read in a YAML file, below the section at ``place``."""
    for name, value in stated.model_dump().items():
        _set(path, (*place, "preprocessing", name), str(value))


def install_calibration(folder: Path, config: FilterConfig, student: str, content: dict[str, Any]) -> None:
    """Write calibration.json into the adapter's folder, or remove it if there is nothing to say; state it."""
    settings = config.student(student)
    path = folder / settings.adapter / CALIBRATION_FILE
    says_something = content["dimensions"] or content.get("intervals")
    value = f"{settings.adapter}/{CALIBRATION_FILE}" if says_something else "null"
    _set(folder / CONFIG_FILE, ("students", student, "calibration"), value)
    if says_something:
        write_json(path, content)
    else:
        path.unlink(missing_ok=True)


def check_installable(folder: Path, student: str, *, with_preprocessing: bool = False) -> None:
    """Raise ConfigError if config.yaml lacks a line that installing a student will change."""
    settings = FilterConfig.load(folder).student(student)
    places = [("calibration",), *(("sha256", name) for name in settings.sha256)]
    if settings.encoder is not None:
        places.append(("encoder", "fingerprint"))
    if with_preprocessing:
        places += _PREPROCESSING
    for place in places:
        _find(folder / CONFIG_FILE, ("students", student, *place))


def check_encoder_installable(folder: Path, *, with_preprocessing: bool) -> None:
    """Raise ConfigError if encoder.yaml lacks a line that installing an encoder will change."""
    for place in [("sha256", ADAPTER_FILE), ("sha256", ADAPTER_CONFIG_FILE), *(_PREPROCESSING * with_preprocessing)]:
        _find(folder / ENCODER_FILE, place)


def _copied(source: Path, target: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Copy files into a folder; return their sha256 by name."""
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(source / name, target / name)
    return {name: sha256_of(target / name) for name in names}


def _set(path: Path, place: tuple[str, ...], value: str) -> None:
    """Change one value in a YAML file where it stands, so that comments and layout stay."""
    text = path.read_text(encoding="utf-8")
    node = _find(path, place)
    start, end = node.start_mark.index, node.end_mark.index
    path.write_text(text[:start] + (value if end > start else f" {value}") + text[end:], encoding="utf-8")


def _find(path: Path, place: tuple[str, ...]) -> yaml.Node:
    """Return the node at a path of keys, which knows where it stands in the text."""
    node: yaml.Node | None = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    for key in place:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in pairs if name.value == key), None)
    if node is None:
        raise ConfigError(f"{path.name} has no {'.'.join(place)}; add the line, such as '{place[-1]}: null'.")
    return node


def write_golden(scorer: FilterBaseScorer) -> int:
    """Score the articles of golden.jsonl again and write them with their new scores; return how many."""
    records = read_golden(scorer.filter_dir)
    scores = scorer.score_batch([record["article"] for record in records], skip_prefilter=True)
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
