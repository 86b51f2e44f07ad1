"""Saving what was trained in PEFT's format: a student with its head, or an encoder with its heads beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from distillery.toolkit import ADAPTER_CONFIG_FILE, ADAPTER_FILE, BaseModelConfig

from .lora import LoraNetwork
from .scaling import Scaling
from .tasks import Task

ADAPTER_FOLDER = "adapter"
HEADS_FILE = "heads.safetensors"

_ROOT = "base_model.model."


@dataclass(frozen=True)
class TrainedNetwork:
    """A network with what its files must say: its base, the scaling of its outputs, and whose they are."""

    lora: LoraNetwork
    base: BaseModelConfig
    scaling: Scaling
    tasks: Sequence[Task]

    def head(self) -> tuple[Tensor, Tensor]:
        """Return weight and bias of the head on the 0-10 scale, the targets' standardisation folded in."""
        mean, scale = (torch.tensor(values, dtype=torch.float32) for values in (self.scaling.mean, self.scaling.scale))
        head = self.lora.network.score
        return head.weight.detach() * scale[:, None], head.bias.detach() * scale + mean


# Writes what a run is for into its folder.
Save = Callable[[TrainedNetwork, Path], None]


def save_student(trained: TrainedNetwork, run: Path) -> None:
    """Write the adapter of a network with a single task, its head included."""
    prefix = trained.lora.prefix
    # What transformers calls the head of this architecture: decoders say score, the others classifier.
    head = "score" if prefix == "model" else "classifier"
    tensors = {key.replace(_ROOT, f"{_ROOT}{prefix}.", 1): value for key, value in trained.lora.updates().items()}
    tensors[f"{_ROOT}{head}.weight"], tensors[f"{_ROOT}{head}.bias"] = trained.head()
    _save_adapter(trained, run, tensors, {"modules_to_save": [head], "task_type": "SEQ_CLS"})


def save_encoder(trained: TrainedNetwork, run: Path) -> None:
    """Write the adapter without a head, and beside its folder each filter's head on the 0-10 scale."""
    _save_adapter(trained, run, trained.lora.updates(), {"task_type": "FEATURE_EXTRACTION"})
    weight, bias = trained.head()
    heads = {f"{task.name}.weight": weight[task.columns] for task in trained.tasks}
    heads |= {f"{task.name}.bias": bias[task.columns] for task in trained.tasks}
    _save_tensors(run / HEADS_FILE, heads)


def save_head(weight: Tensor, bias: Tensor, folder: Path) -> None:
    """Write a head alone: weight [n_dimensions, width] and bias [n_dimensions] on the 0-10 scale."""
    folder.mkdir(parents=True, exist_ok=True)
    _save_tensors(folder / ADAPTER_FILE, {f"{_ROOT}classifier.weight": weight, f"{_ROOT}classifier.bias": bias})


def _save_adapter(trained: TrainedNetwork, run: Path, tensors: Mapping[str, Tensor], kind: dict[str, Any]) -> None:
    folder = run / ADAPTER_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    _save_tensors(folder / ADAPTER_FILE, tensors)
    options = (
        trained.lora.options
        | kind
        | {
            "base_model_name_or_path": trained.base.model,
            "revision": trained.base.revision,
            "inference_mode": True,
        }
    )
    text = json.dumps(options, indent=2, sort_keys=True, default=_sorted_list)
    (folder / ADAPTER_CONFIG_FILE).write_text(text + "\n", encoding="utf-8")


def _save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    save_file({key: value.detach().float().contiguous() for key, value in tensors.items()}, path)


def _sorted_list(value: Any) -> list[Any]:
    if isinstance(value, set):
        return sorted(value)
    raise TypeError(f"{value!r} does not belong into {ADAPTER_CONFIG_FILE}")
