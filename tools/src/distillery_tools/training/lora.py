"""LoraNetwork: a network with LoRA updates, without dropout."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from torch import Tensor, nn
from torch.nn.utils import parametrize

from distillery import ModelError
from distillery.toolkit import StudentNetwork, cpu_has_bfloat16, load_backbone, prefix_of

_POOLER = r".*pooler.*"
# An update counts alpha / rank times (arXiv 2106.09685, section 4.1).
_ALPHA_PER_RANK = 2


class LoraUpdate(nn.Module):
    """The update of one weight: B A, of low rank, times a scale; zero until B is trained.

    The weight is summed before it meets an input, so that a layer costs one matrix product instead of three; the
    sum is rounded to the dtype that the network computes in, while base and update are kept in float32.
    """

    def __init__(self, weight: Tensor, rank: int) -> None:
        """Begin with the weight [n_out, n_in] as it is, and A as PEFT draws it."""
        super().__init__()
        self.lora_A = nn.Parameter(torch.empty(rank, weight.shape[1]))
        self.lora_B = nn.Parameter(torch.zeros(weight.shape[0], rank))
        self.register_buffer("base", weight.detach().float().clone(), persistent=False)
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the updated weight in the dtype of the one it replaces."""
        merged = torch.addmm(self.get_buffer("base"), self.lora_B, self.lora_A, alpha=_ALPHA_PER_RANK)
        return merged.to(weight.dtype)


class LoraNetwork:
    """A network in training: backbone, LoRA updates inside it, pooling, and one linear head.

    No dropout, and on a CPU attention by plain matrix products: see docs/decisions/training-on-a-cpu.md.
    """

    def __init__(
        self,
        base: Path,
        pooling: str,
        n_outputs: int,
        rank: int,
        lowest_layer: int = 0,
        *,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Add LoRA updates to every linear layer of the base from ``lowest_layer`` on, and a new head.

        The backbone computes in ``dtype``; what is trained, and the head, are in float32.
        """
        backbone = load_backbone(base, overrides=_without_dropout(base))
        if device == "cpu":
            backbone.set_attn_implementation("eager")  # type: ignore[operator]  # transformers' own method
        self._options = LoraConfig(
            r=rank,
            lora_alpha=_ALPHA_PER_RANK * rank,
            lora_dropout=0.0,
            target_modules=_targets(backbone),
            exclude_modules=_excluded(backbone, lowest_layer),
        )
        # The name under which transformers puts this backbone beside a head.
        self.prefix = prefix_of(backbone)
        self._updates = _add_updates(backbone, self._options, dtype)
        self.network = StudentNetwork(backbone, pooling, n_outputs)
        nn.init.normal_(self.network.score.weight, std=0.02)
        nn.init.zeros_(self.network.score.bias)
        self.network.to(device)

    @property
    def trained(self) -> dict[str, nn.Parameter]:
        """The parameters that training changes, by name. Below the lowest layer autograd records nothing."""
        return {name: value for name, value in self.network.named_parameters() if value.requires_grad}

    @property
    def options(self) -> dict[str, Any]:
        """The LoRA updates' options, in PEFT's names."""
        return dict(self._options.to_dict())

    def updates(self) -> dict[str, Tensor]:
        """Return the LoRA updates by PEFT's names on disk."""
        return {
            f"base_model.model.{layer}.{name}.weight": value.detach()
            for layer, update in self._updates.items()
            for name, value in update.named_parameters()
        }


def training_dtype(device: str) -> torch.dtype:
    """Return bfloat16 where the device computes in it (twice as fast and more), else float32."""
    supported = torch.cuda.is_bf16_supported() if device.startswith("cuda") else cpu_has_bfloat16()
    return torch.bfloat16 if supported else torch.float32


def _add_updates(backbone: nn.Module, options: LoraConfig, dtype: torch.dtype) -> dict[str, LoraUpdate]:
    """Freeze a backbone and give its layers updates; return them by the layer's name."""
    excluded = re.compile(str(options.exclude_modules or "(?!)"))
    targets = set(options.target_modules or ())
    layers = {
        name: module
        for name, module in backbone.named_modules()
        if isinstance(module, nn.Linear) and name.rpartition(".")[2] in targets and not excluded.fullmatch(name)
    }
    updates = {name: LoraUpdate(layer.weight, options.r) for name, layer in layers.items()}
    backbone.requires_grad_(requires_grad=False).to(dtype)
    for name, layer in layers.items():
        # unsafe: torch need not check that the update keeps shape and dtype, which costs a forward pass.
        parametrize.register_parametrization(layer, "weight", updates[name], unsafe=True)
    return updates


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
