"""Checkpoint: the whole state of a training in one file, without pickle, written atomically."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from distillery import InputFileError
from distillery.toolkit import replacing

CHECKPOINT_FILE = "checkpoint.safetensors"
_FACTS = "facts"


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name, and facts that JSON can hold."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]

    def save(self, run: Path) -> None:
        """Write the file into a run's folder; after a crash the previous one is intact."""
        path = run / CHECKPOINT_FILE
        contiguous = {name: tensor.contiguous() for name, tensor in self.tensors.items()}
        with replacing(path) as partial:
            save_file(contiguous, partial, metadata={_FACTS: json.dumps(self.facts)})

    @classmethod
    def load(cls, run: Path) -> Checkpoint:
        """Read a run's file; raise InputFileError if there is none or it is damaged."""
        path = run / CHECKPOINT_FILE
        if not path.is_file():
            raise InputFileError(f"{run} has no {CHECKPOINT_FILE} to resume from.  Give the folder of a run.")
        try:
            with safe_open(path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
                facts = json.loads((file.metadata() or {})[_FACTS])
        except (SafetensorError, KeyError, ValueError) as error:
            raise InputFileError(f"{path} cannot be read: {error}.  Train from the start.") from error
        return cls(tensors, facts)


def check_unchanged(run: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise InputFileError naming every fact that changed since the run started."""
    changed = [f"{name}: {before.get(name)!r}, now {now[name]!r}" for name in now if before.get(name) != now[name]]
    if changed:
        raise InputFileError(
            f"{run} cannot be resumed: it started with other choices or data:\n  "
            + "\n  ".join(changed)
            + "\n  Give the same options and data, or train from the start."
        )
