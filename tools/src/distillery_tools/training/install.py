"""Putting a trained student into a filter's folder: its files, their sha256 in config.yaml, golden scores."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from distillery import ConfigError, FilterBaseScorer, FilterConfig, ScoringError
from distillery.backends import TORCH
from distillery.base_models import sha256_of
from distillery.config import ADAPTER_CONFIG_FILE, ADAPTER_FILE, CONFIG_FILE, EVALUATION_FILE
from distillery.golden import GOLDEN_FILE, read_golden
from distillery.student import Student

from ..data.labelled import Split
from ..records import write_json
from .calibrator import fit_calibration

CALIBRATION_FILE = "calibration.json"
RECORD_FILE = "training.json"


def install_student(folder: Path, student: str, adapter: Path, val: Split, record: dict[str, Any]) -> str:
    """Put a trained student into a filter's folder; return one line on its calibration.

    Copies the adapter, states its sha256, fits a calibration on the validation articles and keeps
    it if it helps, writes training.json, and scores the golden articles again.
    """
    (folder / EVALUATION_FILE).unlink(missing_ok=True)  # it told of the student that goes
    install_adapter(folder, FilterConfig.load(folder), student, adapter)
    config = FilterConfig.load(folder)
    trained = Student.load(config, folder, student, backend=TORCH)
    raw = trained.predict(val.texts).astype(np.float64)
    calibration = fit_calibration(config, trained.config, raw, val.scores)
    install_calibration(folder, config, student, calibration)
    write_json(folder / trained.config.adapter / RECORD_FILE, {**record, "calibration": calibration["held_out_effect"]})
    write_golden(FilterBaseScorer.from_folder(folder, student=student, backend=TORCH))
    kept = ", ".join(calibration["dimensions"]) or "none of the dimensions"
    return f"calibration kept for {kept}"


def install_adapter(folder: Path, config: FilterConfig, student: str, adapter: Path) -> None:
    """Copy an adapter into the filter's folder and state its sha256 in config.yaml."""
    settings = config.student(student)
    target = folder / settings.adapter
    target.mkdir(parents=True, exist_ok=True)
    for name in (ADAPTER_FILE, ADAPTER_CONFIG_FILE):
        shutil.copyfile(adapter / name, target / name)
        _set(folder, ("students", student, "sha256", name), sha256_of(target / name))


def install_calibration(folder: Path, config: FilterConfig, student: str, content: dict[str, Any]) -> None:
    """Write calibration.json into the adapter's folder, or remove it if no map helped, and say so in config.yaml."""
    settings = config.student(student)
    path = folder / settings.adapter / CALIBRATION_FILE
    value = f"{settings.adapter}/{CALIBRATION_FILE}" if content["dimensions"] else "null"
    _set(folder, ("students", student, "calibration"), value)
    if content["dimensions"]:
        write_json(path, content)
    else:
        path.unlink(missing_ok=True)


def check_installable(folder: Path, student: str) -> None:
    """Raise ConfigError if config.yaml lacks a line that installing a student will change."""
    text = (folder / CONFIG_FILE).read_text(encoding="utf-8")
    for place in ("calibration",), ("sha256", ADAPTER_FILE), ("sha256", ADAPTER_CONFIG_FILE):
        _find(text, ("students", student, *place))


def _set(folder: Path, place: tuple[str, ...], value: str) -> None:
    """Change one value in config.yaml where it stands, so that comments and layout stay."""
    path = folder / CONFIG_FILE
    text = path.read_text(encoding="utf-8")
    node = _find(text, place)
    start, end = node.start_mark.index, node.end_mark.index
    path.write_text(text[:start] + (value if end > start else f" {value}") + text[end:], encoding="utf-8")


def _find(text: str, place: tuple[str, ...]) -> yaml.Node:
    """Return the node at a path of keys, which knows where it stands in the text."""
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    for key in place:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in pairs if name.value == key), None)
    if node is None:
        raise ConfigError(f"{CONFIG_FILE} has no {'.'.join(place)}; add the line, such as '{place[-1]}: null'.")
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
