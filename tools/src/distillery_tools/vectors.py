"""Vectors of texts, made once and kept in the user's cache: filters share their articles, and often their encoder."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery.cache import cache_folder
from distillery.students.student import Student

Vectors = NDArray[np.float32]


def cached_vectors(facts: Any, texts: Sequence[str], compute: Callable[[Sequence[str]], Vectors]) -> Vectors:
    """Return one vector a text [n_texts, width], from the user's cache if it has them.

    ``facts`` is everything that the vectors depend on, for JSON. The same set of texts, in whatever order, is
    computed once.
    """
    unique = sorted(set(texts))
    key = hashlib.sha256(json.dumps([facts, unique], sort_keys=True).encode()).hexdigest()
    path = cache_folder() / "embeddings" / f"{key}.safetensors"
    vectors = _read(path)
    if vectors is None:
        vectors = compute(unique)
        _write(path, vectors)
    rows = {text: row for row, text in enumerate(unique)}
    return vectors[[rows[text] for text in texts]]


def raw_scores(student: Student, texts: Sequence[str]) -> Vectors:
    """Return what `Student.predict` does [n_texts, n_dimensions]; a shared encoder reads no text twice."""
    if student.head is None:
        return student.predict(texts)
    facts = [student.encoder_spec.fingerprint, student.backend.name]
    return student.apply_head(cached_vectors(facts, texts, student.encode))


def _read(path: Path) -> Vectors | None:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        vectors: Vectors = load_file(path)["embeddings"]
    except (FileNotFoundError, SafetensorError, KeyError):
        return None  # absent or damaged: either way it can be made again
    return vectors


def _write(path: Path, vectors: Vectors) -> None:
    """Write beside the final name first, so that a reader never meets half a file."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    save_file({"embeddings": vectors}, partial)
    partial.replace(path)
