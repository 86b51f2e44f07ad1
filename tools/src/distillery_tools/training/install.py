"""Putting a trained student into a filter's folder: its files, their sha256 in config.yaml, golden scores."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from distillery import ConfigError, FilterBaseScorer, FilterConfig
from distillery.backends import TORCH
from distillery.base_models import sha256_of
from distillery.config import ADAPTER_CONFIG_FILE, ADAPTER_FILE, CONFIG_FILE
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
    target.mkdir(exist_ok=True)
    for name in (ADAPTER_FILE, ADAPTER_CONFIG_FILE):
        shutil.copyfile(adapter / name, target / name)
        _state_sha256(folder, name, settings.sha256[name], sha256_of(target / name))


def install_calibration(folder: Path, config: FilterConfig, student: str, content: dict[str, Any]) -> None:
    """Write calibration.json into the adapter's folder, or remove it if no map helped, and say so in config.yaml."""
    settings = config.student(student)
    path = folder / settings.adapter / CALIBRATION_FILE
    if content["dimensions"]:
        write_json(path, content)
    else:
        path.unlink(missing_ok=True)
    value = f"{settings.adapter}/{CALIBRATION_FILE}" if content["dimensions"] else "null"
    pattern = rf"(adapter: {re.escape(settings.adapter)}\n(?:[^\n]*\n)*?[ ]*calibration: )[^\n]*"
    _replace_once(folder / CONFIG_FILE, pattern, rf"\g<1>{value}", f"calibration: under adapter: {settings.adapter}")


def _state_sha256(folder: Path, name: str, old: str, new: str) -> None:
    _replace_once(folder / CONFIG_FILE, rf"({re.escape(name)}: )[\"']?{old}[\"']?", rf"\g<1>{new}", f"{name}: {old}")


def _replace_once(path: Path, pattern: str, replacement: str, wanted: str) -> None:
    """Change one value in a YAML file as text, so that its comments and layout stay."""
    text = path.read_text(encoding="utf-8")
    changed, count = re.subn(pattern, replacement, text)
    if count != 1:
        raise ConfigError(f"{path}: expected '{wanted}' once, found it {count} times; add the line or correct it.")
    path.write_text(changed, encoding="utf-8")


def write_golden(scorer: FilterBaseScorer) -> int:
    """Score the articles of golden.jsonl again and write them with their new scores; return how many."""
    records = read_golden(scorer.filter_dir)
    scores = scorer.score_batch([record["article"] for record in records], skip_prefilter=True)
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
