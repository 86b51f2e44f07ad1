"""A tiny filter as a folder, written as a filter's author would write it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from ..config import ADAPTER_CONFIG_FILE, ADAPTER_FILE, CONFIG_FILE
from ..students.base_models import sha256_of
from .tiny_models import write_adapter

ADAPTER = "student"
BASE_FILES = ("config.json", "model.safetensors", "tokenizer.json")

_CONFIG: dict[str, Any] = {
    "name": "tiny-filter",
    "version": "1.2.3",
    "requires_core": ">=1.0,<2",
    "summary": "Shared water and a village clinic, verified.",
    "dimensions": [
        {"name": "reach", "weight": 0.5, "description": "How many people.", "anchors": {"0-2": "one village"}},
        {"name": "proof", "weight": 0.3, "description": "How verified the study."},
        {"name": "lasting", "weight": 0.2, "description": "After a year."},
    ],
    "tiers": [
        {"name": "high", "at_least": 7.0, "description": "Verified and shared."},
        {"name": "medium", "at_least": 4.0, "description": "Found in one village."},
        {"name": "low", "at_least": 0.0, "description": "A promise."},
    ],
    "gatekeepers": [{"dimension": "proof", "below": 3.0, "cap": 3.0, "reason": "Nothing is verified."}],
    "prefilter": {
        "min_content_chars": 20,
        "blocked_domains": {"code": ["github.com"]},
        "categories": [{"name": "corporate_finance", "block": ["share price"], "unless": ["co-op*"]}],
    },
    "students": {
        "compact": {
            "base": {"model": "acme/tiny", "sha256": dict.fromkeys(BASE_FILES, "0" * 64)},
            "adapter": ADAPTER,
            "sha256": {ADAPTER_FILE: "1" * 64, ADAPTER_CONFIG_FILE: "2" * 64},
            "pooling": "pooler",
            "preprocessing": {"head_tokens": 16, "tail_tokens": 8},
        }
    },
    "default_student": "compact",
    "oracle": {"prompt": "prompt.md"},
}


def tiny_config() -> dict[str, Any]:
    """Return what a sound config.yaml holds, free to be changed."""
    return deepcopy(_CONFIG)


def student_section(base: Path, adapter: Path, **settings: Any) -> dict[str, Any]:
    """Return ``students.<name>`` of a config.yaml for the files as they are, the base given by its path."""
    sha256 = {path.name: sha256_of(path) for path in sorted(base.iterdir())}
    return {
        **_CONFIG["students"]["compact"],
        "base": {"model": "acme/tiny", "path": str(base), "sha256": sha256},
        "adapter": adapter.name,
        "sha256": {name: sha256_of(adapter / name) for name in (ADAPTER_FILE, ADAPTER_CONFIG_FILE)},
        **settings,
    }


def write_filter(folder: Path, base: Path, *, pooling: str = "mean") -> Path:
    """Write a filter of three dimensions whose student is a random adapter on a base model."""
    adapter = write_adapter(base, folder / ADAPTER)
    config = _CONFIG | {"students": {"compact": student_section(base, adapter, pooling=pooling)}}
    return _write_config(folder, config)


def restate(folder: Path, *, base: Path | None = None, **settings: Any) -> Path:
    """Write the present sha256 of a tiny filter's files, and other settings of its student, into config.yaml."""
    config = yaml.safe_load((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    student = config["students"]["compact"]
    base = base or Path(student["base"]["path"])
    section = student_section(base, folder / student["adapter"])
    config["students"]["compact"] = student | {key: section[key] for key in ("base", "sha256")} | settings
    return _write_config(folder, config)


def _write_config(folder: Path, config: dict[str, Any]) -> Path:
    (folder / CONFIG_FILE).write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return folder
