"""The naive path, as the predecessor ran it: the yardstick of the benchmarks."""

from __future__ import annotations

import json

import numpy as np
import torch
from numpy.typing import NDArray
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict

from distillery import FilterBaseScorer
from distillery.adapter import Adapter
from distillery.config import ADAPTER_CONFIG_FILE
from distillery.network import load_backbone, pool, prefix_of

BATCH_SIZE = 16
PADDED_LENGTH = 512


class NaivePath:
    """Float32, adapter not merged, batches of 16 in order of arrival, every article padded to 512 tokens."""

    def __init__(self, scorer: FilterBaseScorer, padded_length: int = PADDED_LENGTH) -> None:
        """Build the same student as the scorer's, with PEFT."""
        reading = scorer.student.reading
        backbone = load_backbone(reading.base_folder())
        adapter, prefix = Adapter.load(reading.adapter_folder), prefix_of(backbone)
        options = json.loads((reading.adapter_folder / ADAPTER_CONFIG_FILE).read_text(encoding="utf-8"))
        lora = LoraConfig(**{name: options[name] for name in ("r", "lora_alpha", "target_modules", "exclude_modules")})
        self._model = get_peft_model(backbone, lora).eval()
        state = {
            f"base_model.model.{path.removeprefix(prefix + '.')}.lora_{side}.weight": tensor
            for path, pair in adapter.lora.items()
            for side, tensor in pair.items()
        }
        result = set_peft_model_state_dict(self._model, state)
        if result.unexpected_keys:
            raise SystemExit(f"the naive path did not take {result.unexpected_keys}")
        head = scorer.student.head
        self._weight, self._bias = (
            (torch.from_numpy(head.weight), torch.from_numpy(head.bias))
            if head
            else (adapter.head["weight"], adapter.head.get("bias"))
        )
        self._pooling = reading.pooling
        self._tokenizer = scorer.student.tokenizer
        self._padded_length = padded_length

    def predict(self, texts: list[str]) -> NDArray[np.float32]:
        """Return raw scores [n_texts, n_dimensions]."""
        parts = [self._predict(texts[start : start + BATCH_SIZE]) for start in range(0, len(texts), BATCH_SIZE)]
        return np.concatenate(parts)

    def _predict(self, texts: list[str]) -> NDArray[np.float32]:
        rows = self._tokenizer.encode(texts)
        ids = torch.zeros(len(rows), self._padded_length, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
            mask[index, : len(row)] = 1
        with torch.inference_mode():
            pooled = pool(self._model(input_ids=ids, attention_mask=mask), mask, self._pooling)
            scores: NDArray[np.float32] = torch.nn.functional.linear(pooled, self._weight, self._bias).numpy()
        return scores
