"""The record of a training run: everything needed to understand and repeat it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch

from ..records import git_commit
from .trainer import Trainer

PACKAGES = ("distillery-core", "distillery-tools", "torch", "transformers", "peft", "tokenizers", "numpy")


def training_record(subject: Mapping[str, Any], trainer: Trainer, seeds: Mapping[int, float]) -> dict[str, Any]:
    """Return the record of a finished run, for JSON.

    ``subject`` says what was trained, ``seeds`` the selection error of every seed that was tried.
    """
    best = trainer.best
    return {
        **subject,
        **trainer.facts,
        "recipe": asdict(trainer.recipe),
        "seeds": {str(seed): error for seed, error in seeds.items()},
        "best_epoch": best.number,
        "selected_by": trainer.validation.criterion,
        "selected_value": best.val_selection_error,
        "history": [asdict(epoch) for epoch in trainer.history],
        "seconds": sum(epoch.seconds for epoch in trainer.history),
        **circumstances(),
    }


def circumstances() -> dict[str, Any]:
    """Return when, from which code, with which libraries and on how many threads something was trained."""
    return {
        "threads": torch.get_num_threads(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }
