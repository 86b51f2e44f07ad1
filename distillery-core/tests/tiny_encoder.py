"""A tiny shared encoder, and filters on it: each is a filter with its own adapter, split into encoder and head."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from distillery.config import ADAPTER_CONFIG_FILE, ADAPTER_FILE, CONFIG_FILE, ENCODER_FILE
from distillery.students.base_models import sha256_of
from distillery.students.encoder_spec import load_encoder_spec
from distillery.testing import student_section, tiny_config

ENCODER = "tiny-encoder"
TITLE = f"{ENCODER} 1.0.0"
HEAD_KEYS = ("base_model.model.classifier.weight", "base_model.model.classifier.bias")

Tensors = dict[str, NDArray[Any]]


def random_head(seed: int, *, n_dimensions: int = 3, width: int = 32, spread: float = 1.0) -> Tensors:
    """Return a head around 5 under the keys that PEFT gives it."""
    numbers = np.random.default_rng(seed)
    weight = spread * numbers.standard_normal((n_dimensions, width)).astype(np.float32)
    return dict(zip(HEAD_KEYS, (weight, np.full(n_dimensions, 5.0, np.float32)), strict=True))


def write_head(folder: Path, head: Tensors) -> Path:
    """Write an adapter folder that holds a head alone."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(head, folder / ADAPTER_FILE)
    return folder


def write_whole_filter(folder: Path, base: Path, adapter: Path, head: Tensors, **facts: Any) -> Path:
    """Write a filter whose adapter folder holds the adapter's updates and this head."""
    shutil.copytree(adapter, folder / "student")
    save_file(load_file(adapter / ADAPTER_FILE) | head, folder / "student" / ADAPTER_FILE)
    section = student_section(base, folder / "student", pooling="mean")
    return write_config(folder, tiny_config() | {"students": {"compact": section}} | facts)


def write_encoder(folder: Path, base: Path, adapter: Path, **facts: Any) -> Path:
    """Write an encoder whose adapter folder holds the adapter's updates alone."""
    own = folder / "adapter"
    shutil.copytree(adapter, own)
    tensors = load_file(adapter / ADAPTER_FILE)
    save_file({key: tensor for key, tensor in tensors.items() if key not in HEAD_KEYS}, own / ADAPTER_FILE)
    return restate_encoder(folder, {**encoder_facts(base), **facts})


def encoder_facts(base: Path) -> dict[str, Any]:
    """Return what an encoder.yaml says, but for the sha256 of the adapter."""
    return {
        "name": ENCODER,
        "version": "1.0.0",
        "requires_core": ">=1.0,<2",
        "summary": "Reads for all.",
        "base": {
            "model": "acme/tiny",
            "path": str(base),
            "sha256": {path.name: sha256_of(path) for path in sorted(base.iterdir())},
        },
        "adapter": "adapter",
        "pooling": "mean",
        "preprocessing": {"head_tokens": 16, "tail_tokens": 8},
    }


def restate_encoder(folder: Path, facts: dict[str, Any]) -> Path:
    """Write encoder.yaml, the present sha256 of the adapter's files with the facts."""
    sha256 = {name: sha256_of(folder / "adapter" / name) for name in (ADAPTER_FILE, ADAPTER_CONFIG_FILE)}
    (folder / ENCODER_FILE).write_text(yaml.safe_dump({**facts, "sha256": sha256}), encoding="utf-8")
    return folder


def change_encoder(folder: Path, **facts: Any) -> Path:
    """Change what encoder.yaml says."""
    path = folder / ENCODER_FILE
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text(encoding="utf-8")) | facts), encoding="utf-8")
    return folder


def write_sharing_filter(
    folder: Path, encoder: Path, head: Tensors, reference: dict[str, Any] | None = None, **facts: Any
) -> Path:
    """Write a filter whose adapter folder holds this head alone, on an encoder given by its path."""
    write_head(folder / "student", head)
    fingerprint = load_encoder_spec(encoder).fingerprint
    student = {
        "encoder": {"name": ENCODER, "fingerprint": fingerprint}
        | ({"path": str(encoder)} if reference is None else reference),
        "adapter": "student",
        "sha256": {ADAPTER_FILE: sha256_of(folder / "student" / ADAPTER_FILE)},
    }
    return write_config(folder, tiny_config() | {"students": {"compact": student}} | facts)


def write_config(folder: Path, data: dict[str, Any]) -> Path:
    """Write config.yaml."""
    (folder / CONFIG_FILE).write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return folder
