"""The naive path, a plain transformers and PEFT loop, as the yardstick."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from torch import Tensor, nn

from distillery import AdapterError, FilterConfig
from distillery.toolkit import (
    ADAPTER_CONFIG_FILE,
    TOKENIZER_FILE,
    Adapter,
    Head,
    HeadTailTokenizer,
    check_student_files,
    load_backbone,
    locate_filter,
    pool,
    prefix_of,
)

BATCH_SIZE = 16
PADDED_LENGTH = 512


class NaivePath:
    """Float32, adapter not merged, batches of 16 in order of arrival, every article padded to 512 tokens."""

    def __init__(self, name: str | Path) -> None:
        """Build a filter's default student with PEFT."""
        folder, _ = locate_filter(name)
        config = FilterConfig.load(folder)
        spec, base = check_student_files(config, folder, config.default_student)
        adapter = Adapter.load(spec.adapter_folder)
        backbone = load_backbone(base, pooler=spec.pooling == "pooler")
        shape: Any = backbone.config
        self._padded_length = min(PADDED_LENGTH, int(shape.max_position_embeddings))
        self._model = _adapted(backbone, adapter, spec.adapter_folder)
        self._pooling = spec.pooling
        self._tokenizer = HeadTailTokenizer(base / TOKENIZER_FILE, spec.preprocessing)
        own = folder / config.student().adapter
        self._weight, self._bias = _head(adapter, own if spec.encoder else None, len(config.dimensions))

    def predict(self, texts: list[str]) -> NDArray[np.float32]:
        """Return raw scores [n_texts, n_dimensions]."""
        parts = [self._predict(texts[start : start + BATCH_SIZE]) for start in range(0, len(texts), BATCH_SIZE)]
        return np.concatenate(parts)

    def _predict(self, texts: list[str]) -> NDArray[np.float32]:
        rows = self._tokenizer.encode(texts)
        ids = torch.zeros(len(rows), max(self._padded_length, self._tokenizer.max_length), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
            mask[index, : len(row)] = 1
        with torch.inference_mode():
            pooled = pool(self._model(input_ids=ids, attention_mask=mask), mask, self._pooling)
            scores: NDArray[np.float32] = nn.functional.linear(pooled, self._weight, self._bias).numpy()
        return scores


def _adapted(backbone: nn.Module, adapter: Adapter, folder: Path) -> nn.Module:
    """Return the backbone with the adapter beside its weights, as PEFT runs it."""
    options = json.loads((folder / ADAPTER_CONFIG_FILE).read_text(encoding="utf-8"))
    recipe = {name: options.get(name) for name in ("r", "lora_alpha", "target_modules", "exclude_modules")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PEFT reads a property that transformers deprecates
        model: nn.Module = get_peft_model(backbone, LoraConfig(**recipe)).eval()
    start = f"{prefix_of(backbone)}."
    state = {
        f"base_model.model.{path.removeprefix(start)}.lora_{side}.weight": tensor
        for path, pair in adapter.lora.items()
        for side, tensor in pair.items()
    }
    if strange := set_peft_model_state_dict(model, state).unexpected_keys:
        raise AdapterError(f"{folder}: PEFT does not take {', '.join(strange)}.")
    return model


def _head(adapter: Adapter, own: Path | None, n_dimensions: int) -> tuple[Tensor, Tensor | None]:
    """Return weight and bias: from a folder of the head's own, or from the adapter."""
    if own is None:
        return adapter.head["weight"], adapter.head.get("bias")
    head = Head.load(own, n_dimensions, None)
    return torch.from_numpy(head.weight), torch.from_numpy(head.bias)
