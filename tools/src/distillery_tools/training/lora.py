"""LoraStudent: a network with LoRA updates, saved in the form that the core loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from torch import Tensor, nn

from distillery.config import ADAPTER_CONFIG_FILE, ADAPTER_FILE, StudentConfig
from distillery.network import StudentNetwork, load_backbone, prefix_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_ROOT = "base_model.model."
_POOLER = r".*pooler.*"


class LoraStudent:
    """A student in training: the network, every dropout off, and the LoRA updates inside it.

    Attention dropout would switch the fused attention off and cost several times the time and
    memory on a CPU (field/performance.md, section 4).
    """

    def __init__(self, base: Path, config: StudentConfig, n_outputs: int, rank: int) -> None:
        """Put LoRA updates on every linear layer of the base, and a new head on top."""
        backbone = load_backbone(base, overrides=_without_dropout(base))
        names = {name.rpartition(".")[2] for name, module in backbone.named_modules() if _is_adapted(name, module)}
        options = LoraConfig(
            r=rank,
            lora_alpha=2 * rank,
            lora_dropout=0.0,
            target_modules=sorted(names),
            # PEFT warns of an exclusion that excludes nothing.
            exclude_modules=_POOLER if any("pooler" in name for name, _ in backbone.named_modules()) else None,
        )
        self.network = StudentNetwork(backbone, config.pooling, n_outputs)
        nn.init.normal_(self.network.score.weight, std=0.02)
        nn.init.zeros_(self.network.score.bias)
        self._base = config.base
        self._prefix = prefix_of(backbone)
        # What transformers calls the head of this architecture: decoders say score, the others classifier.
        self._head = "score" if self._prefix == "model" else "classifier"
        self._peft = cast("PeftModel", get_peft_model(cast("PreTrainedModel", backbone), options))
        self.network.backbone = self._peft

    def save(self, folder: Path, mean: Tensor, scale: Tensor) -> None:
        """Write adapter and head in PEFT's format, the targets' standardisation folded into the head.

        ``mean`` and ``scale`` [n_outputs] turn the network's output back to the 0-10 scale.
        """
        folder.mkdir(parents=True, exist_ok=True)
        root = f"{_ROOT}{self._prefix}."
        tensors = {key.replace(_ROOT, root, 1): value for key, value in get_peft_model_state_dict(self._peft).items()}
        tensors[f"{_ROOT}{self._head}.weight"] = self.network.score.weight * scale[:, None]
        tensors[f"{_ROOT}{self._head}.bias"] = self.network.score.bias * scale + mean
        save_file({key: value.detach().float().contiguous() for key, value in tensors.items()}, folder / ADAPTER_FILE)
        self._save_options(folder)

    def _save_options(self, folder: Path) -> None:
        options = self._peft.peft_config["default"].to_dict() | {
            "base_model_name_or_path": self._base.model,
            "revision": self._base.revision,
            "inference_mode": True,
            "modules_to_save": [self._head],
            "task_type": "SEQ_CLS",
        }
        text = json.dumps(options, indent=2, sort_keys=True, default=_sorted_list)
        (folder / ADAPTER_CONFIG_FILE).write_text(text + "\n", encoding="utf-8")


def autocast_dtype() -> torch.dtype:
    """Return bfloat16 where this CPU computes in it (twice as fast), else float32."""
    return torch.bfloat16 if torch.cpu.get_capabilities().get("avx512_bf16") else torch.float32


def _without_dropout(base: Path) -> dict[str, float]:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(str(base), local_files_only=True, trust_remote_code=False).to_dict()
    return {name: 0.0 for name, value in config.items() if "dropout" in name and isinstance(value, (int, float))}


def _is_adapted(name: str, module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) and "pooler" not in name


def _sorted_list(value: Any) -> list[Any]:
    if isinstance(value, set):
        return sorted(value)
    raise TypeError(f"{value!r} does not belong into {ADAPTER_CONFIG_FILE}")
