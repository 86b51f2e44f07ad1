"""The table of a base model's token vectors, memory-mapped from its safetensors file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ProbeError

# The names of the input embeddings in transformers: BERT-like models, and decoders such as Gemma.
_NAMES = ("embeddings.word_embeddings.weight", "embed_tokens.weight")
# Without bfloat16: numpy has no such type.
_TYPES: dict[str, str] = {"F16": "<f2", "F32": "<f4"}
# A file begins with the length of its JSON header (safetensors' format).
_LENGTH = np.dtype("<u8")


def open_token_table(folder: Path, names: Iterable[str]) -> NDArray[np.generic]:
    """Return the vectors of all tokens [n_tokens, width], in the file's own type.

    Pages of the file are read when a row is needed, and all processes share them. ``names`` are the base model's
    files. Raises ProbeError if none of them has such a table.
    """
    for name in sorted(names):
        if name.endswith(".safetensors") and (table := _table_in(folder / name)) is not None:
            return table
    raise ProbeError(f"{folder} has no table of token vectors ({' or '.join(_NAMES)}); choose another base model.")


def _table_in(path: Path) -> NDArray[np.generic] | None:
    header, start = _header(path)
    for name, entry in header.items():
        if name.endswith(_NAMES):
            return _mapped(path, start, entry)
    return None


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """Return the header of a safetensors file, and the offset of its tensors in bytes."""
    with path.open("rb") as file:
        length = int(np.frombuffer(file.read(_LENGTH.itemsize), _LENGTH)[0])
        return json.loads(file.read(length)), _LENGTH.itemsize + length


def _mapped(path: Path, start: int, entry: dict[str, Any]) -> NDArray[np.generic]:
    if entry["dtype"] not in _TYPES:
        raise ProbeError(f"{path}: token vectors of type {entry['dtype']} are not supported, only {', '.join(_TYPES)}.")
    offset = start + entry["data_offsets"][0]
    dtype = np.dtype(_TYPES[entry["dtype"]])
    table: NDArray[np.generic] = np.memmap(path, dtype, mode="r", offset=offset, shape=tuple(entry["shape"]))
    return table
