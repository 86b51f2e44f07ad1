"""The torch modules of a student: token ids -> vectors (encoder), or with a head -> raw scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel

from ..errors import AdapterError, ModelError
from .adapter import Adapter


class EncoderNetwork(nn.Module):
    """A base model and a pooling over its last hidden states."""

    def __init__(self, backbone: nn.Module, pooling: str) -> None:
        """Read a backbone with a pooling."""
        super().__init__()
        self.backbone = backbone
        self.pooling = pooling

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return one vector per article [n, hidden_size] for ids and mask [n, length]."""
        output = self.backbone(input_ids=input_ids, attention_mask=attention_mask)
        return pool(output, attention_mask, self.pooling)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return vectors [n, hidden_size] for ids and mask [n, length], padded to the right."""
        return self.embed(input_ids, attention_mask)


class StudentNetwork(EncoderNetwork):
    """An encoder with a linear head."""

    def __init__(self, backbone: nn.Module, pooling: str, n_outputs: int, *, head_bias: bool = True) -> None:
        """Put an untrained head on a backbone."""
        super().__init__(backbone, pooling)
        self.score = nn.Linear(hidden_size_of(backbone), n_outputs, bias=head_bias)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return raw scores [n, n_outputs] for ids and mask [n, length], padded to the right."""
        logits: Tensor = self.score(self.embed(input_ids, attention_mask))
        return logits


def pool(output: Any, attention_mask: Tensor, pooling: str) -> Tensor:
    """Reduce a model's output to one float32 vector per article.

    ``mean`` over the real tokens, ``first`` token, ``last`` real token, or the model's own ``pooler``.
    """
    if pooling == "pooler":
        pooled: Tensor = output.pooler_output.float()
        return pooled
    hidden: Tensor = output.last_hidden_state.float()
    if pooling == "first":
        return hidden[:, 0]
    if pooling == "last":
        last = attention_mask.sum(dim=1) - 1
        return hidden[torch.arange(hidden.shape[0], device=hidden.device), last]
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(dim=1) / mask.sum(dim=1)


def load_backbone(folder: Path, *, pooler: bool = False, overrides: Mapping[str, Any] | None = None) -> nn.Module:
    """Read a base model from safetensors in float32; ``overrides`` change its config (dropouts, say).

    Raises ModelError if a tensor is missing; ``pooler`` says that the pooler's count, too.
    """
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # what is missing is judged below
    try:
        model, found = AutoModel.from_pretrained(
            str(folder),
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            **(overrides or {}),
        )
    except Exception as error:  # transformers raises OSError, ValueError, KeyError and more
        raise ModelError(f"{folder} does not load as a base model: {error}") from error
    finally:
        transformers_logging.set_verbosity(verbosity)
    # What the files lack, transformers makes up at random. Only a pooler may be absent, if nothing reads it.
    made_up = sorted(key for key in found["missing_keys"] if pooler or not key.startswith("pooler."))
    if made_up:
        raise ModelError(f"{folder} lacks {len(made_up)} tensors of the base model, such as {made_up[0]}.")
    if pooler and not hasattr(model, "pooler"):
        raise ModelError(f"{folder}: the base model has no pooler; choose another pooling.")
    backbone: nn.Module = model
    return backbone


def load_encoder(base: Path, adapter_folder: Path, pooling: str) -> EncoderNetwork:
    """Build a shared encoder from its base and its adapter, merged and ready to read."""
    adapter = Adapter.load(adapter_folder)
    if adapter.head:
        raise AdapterError(f"{adapter_folder}: an encoder's adapter holds no head, but this one does.")
    return EncoderNetwork(_merged_backbone(base, adapter, pooling), pooling).eval()


def load_network(base: Path, adapter_folder: Path, pooling: str, n_outputs: int) -> StudentNetwork:
    """Build a student from its base and its own adapter, merged and ready to predict."""
    adapter = Adapter.load(adapter_folder)
    adapter.check_head(n_outputs)
    backbone = _merged_backbone(base, adapter, pooling)
    network = StudentNetwork(backbone, pooling, n_outputs, head_bias="bias" in adapter.head)
    try:
        network.score.load_state_dict(adapter.head)
    except RuntimeError as error:
        raise AdapterError(f"{adapter_folder}: the head does not fit the base model: {error}") from error
    return network.eval()


def _merged_backbone(base: Path, adapter: Adapter, pooling: str) -> nn.Module:
    backbone = load_backbone(base, pooler=pooling == "pooler")
    adapter.merge_into(backbone, prefix=prefix_of(backbone))
    return backbone


def prefix_of(backbone: nn.Module) -> str:
    """Return the name under which transformers puts this backbone beside a head: ``bert``, ``model``."""
    return str(getattr(backbone, "base_model_prefix", "model"))


def hidden_size_of(backbone: nn.Module) -> int:
    """Return the width of the backbone's hidden states."""
    config: Any = backbone.config
    return int(config.hidden_size)
