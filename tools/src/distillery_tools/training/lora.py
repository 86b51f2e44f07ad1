"""LoraNetwork: a network with LoRA updates, without dropout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from torch import Tensor, nn

from distillery import ModelError
from distillery.toolkit import StudentNetwork, cpu_has_bfloat16, load_backbone, prefix_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_POOLER = r".*pooler.*"


class LoraNetwork:
    """A network in training: backbone, LoRA updates inside it, pooling, and one linear head.

    Attention dropout would switch the fused attention off and cost several times the time and
    memory on a CPU (docs/decisions/training-on-a-cpu.md).
    """

    def __init__(self, base: Path, pooling: str, n_outputs: int, rank: int, lowest_layer: int = 0) -> None:
        """Add LoRA updates to every linear layer of the base from ``lowest_layer`` on, and a new head."""
        backbone = load_backbone(base, overrides=_without_dropout(base))
        options = LoraConfig(
            r=rank,
            lora_alpha=2 * rank,
            lora_dropout=0.0,
            target_modules=_targets(backbone),
            exclude_modules=_excluded(backbone, lowest_layer),
        )
        self.network = StudentNetwork(backbone, pooling, n_outputs)
        nn.init.normal_(self.network.score.weight, std=0.02)
        nn.init.zeros_(self.network.score.bias)
        # The name under which transformers puts this backbone beside a head.
        self.prefix = prefix_of(backbone)
        self._peft = cast("PeftModel", get_peft_model(cast("PreTrainedModel", backbone), options))
        self.network.backbone = self._peft

    @property
    def trained(self) -> dict[str, nn.Parameter]:
        """The parameters that training changes, by name. Below the lowest layer autograd records nothing."""
        return {name: value for name, value in self.network.named_parameters() if value.requires_grad}

    @property
    def options(self) -> dict[str, Any]:
        """The LoRA updates' options, in PEFT's names."""
        return dict(self._peft.peft_config["default"].to_dict())

    def updates(self) -> dict[str, Tensor]:
        """Return the LoRA updates by PEFT's names on disk."""
        return dict(get_peft_model_state_dict(self._peft))


def autocast_dtype() -> torch.dtype:
    """Return bfloat16 where this CPU computes in it (twice as fast), else float32."""
    return torch.bfloat16 if cpu_has_bfloat16() else torch.float32


def _without_dropout(base: Path) -> dict[str, float]:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(str(base), local_files_only=True, trust_remote_code=False).to_dict()
    return {name: 0.0 for name, value in config.items() if "dropout" in name and isinstance(value, (int, float))}


def _targets(backbone: nn.Module) -> list[str]:
    """Return the last names of all linear layers but the pooler's."""
    return sorted(
        {
            name.rpartition(".")[2]
            for name, module in backbone.named_modules()
            if isinstance(module, nn.Linear) and "pooler" not in name
        }
    )


def _excluded(backbone: nn.Module, lowest_layer: int) -> str | None:
    """Return a pattern of the modules without updates, or None: PEFT warns about a pattern that matches nothing."""
    config: Any = backbone.config
    if lowest_layer >= config.num_hidden_layers:
        raise ModelError(
            f"The base model has {config.num_hidden_layers} layers, so none from layer {lowest_layer} on can be "
            f"adapted.\n  Choose a lowest layer from 0 to {config.num_hidden_layers - 1}."
        )
    parts = [_POOLER] if any("pooler" in name for name, _ in backbone.named_modules()) else []
    if lowest_layer:
        parts.append(rf"(.*\.)?layers?\.({'|'.join(map(str, range(lowest_layer)))})\..*")
    return "|".join(parts) or None
