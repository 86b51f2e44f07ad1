"""A report as a folder of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from distillery import FilterConfig
from distillery.toolkit import EVALUATION_FILE

from ..measuring.figures import Values
from ..records import write_json
from .card import markdown
from .plots import write_plots

MARKDOWN_FILE = "evaluation.md"
TRAINING_FILE = "training.json"


def write_folder(
    folder: Path, report: dict[str, Any], predicted: Values, expected: Values, history: list[dict[str, Any]]
) -> list[Path]:
    """Write a report as JSON, Markdown and pictures into a folder; return the files.

    ``predicted`` and ``expected`` are the weighted averages [n_articles], ``history`` the epochs of the training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / EVALUATION_FILE, report)
    text = f"# {report['filter']} {report['version']}\n\n{markdown(report)}\n"
    (folder / MARKDOWN_FILE).write_text(text, encoding="utf-8")
    pictures = write_plots(folder, report, predicted, expected, history)
    return [folder / EVALUATION_FILE, folder / MARKDOWN_FILE, *pictures]


def training_history(config: FilterConfig, folder: Path, student: str) -> list[dict[str, Any]]:
    """Return the epochs in a student's training record, empty without a record."""
    path = folder / config.student(student).adapter / TRAINING_FILE
    if not path.is_file():
        return []
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record.get("history") or []
