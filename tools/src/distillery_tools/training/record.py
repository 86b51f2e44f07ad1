"""The record of a training run: what is needed to know how a student came to be, and to make it again."""

from __future__ import annotations

import platform
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from distillery import FilterConfig

from ..records import git_commit
from .recipe import TrainingRecipe
from .trainer import Epoch

PACKAGES = ("distillery-core", "distillery-tools", "torch", "transformers", "peft", "tokenizers", "numpy")


def training_record(
    config: FilterConfig, student: str, recipe: TrainingRecipe, data_sha256: str, history: list[Epoch], best: Epoch
) -> dict[str, Any]:
    """Return the record of a finished run, for JSON."""
    return {
        "filter": config.name,
        "version": config.version,
        "student": student,
        "base_model": config.student(student).base.model,
        "preprocessing": config.student(student).preprocessing.model_dump(),
        "pooling": config.student(student).pooling,
        "recipe": asdict(recipe),
        "data_sha256": data_sha256,
        "best_epoch": best.number,
        "history": [asdict(epoch) for epoch in history],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }
