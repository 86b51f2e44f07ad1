"""The machine's limit: how fast it multiplies matrices of a model's shapes, and how many operations a text needs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

# Rows of a product: the tokens of a typical batch.
N_ROWS = 2048
REPEATS = 3

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def matmul_rate(backbone: nn.Module, precision: str) -> float:
    """Return the GFLOP/s of matrix products with the shapes of a model's linear layers, one of each in turn."""
    kind = PRECISIONS[precision]
    pairs = [
        (torch.randn(N_ROWS, n_in, dtype=kind), torch.randn(n_in, n_out, dtype=kind))
        for n_in, n_out in sorted({(layer.in_features, layer.out_features) for layer in _linear_layers(backbone)})
    ]
    buffers = [torch.empty(N_ROWS, right.shape[1], dtype=kind) for _, right in pairs]
    work = sum(2 * N_ROWS * right.numel() for _, right in pairs)
    seconds = []
    for _ in range(REPEATS + 1):  # the first one warms up
        started = time.perf_counter()
        for (left, right), buffer in zip(pairs, buffers, strict=True):
            torch.mm(left, right, out=buffer)
        seconds.append(time.perf_counter() - started)
    return work / min(seconds[1:]) / 1e9


def operations(backbone: nn.Module, lengths: Sequence[int]) -> float:
    """Return the floating-point operations of a backbone's products for texts of these token counts.

    Two per weight and token, and in each layer two products of length x length per hidden unit; embeddings, norms,
    activations and padding are not counted.
    """
    shape: Any = backbone.config
    head_width = getattr(shape, "head_dim", None) or shape.hidden_size // shape.num_attention_heads
    attention = 4 * shape.num_hidden_layers * shape.num_attention_heads * head_width
    weights = sum(layer.weight.numel() for layer in _linear_layers(backbone))
    return float(sum(2 * weights * length + attention * length**2 for length in lengths))


def _linear_layers(backbone: nn.Module) -> list[nn.Linear]:
    """Return the linear layers that every token goes through, which excludes a pooler's."""
    return [
        module for name, module in backbone.named_modules() if isinstance(module, nn.Linear) and "pooler" not in name
    ]
