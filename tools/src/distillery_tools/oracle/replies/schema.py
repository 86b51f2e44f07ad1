"""The JSON schema of a reply, for providers that hold a model to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from distillery.scoring.postfilter import HIGHEST, LOWEST


def reply_schema(dimensions: Sequence[str]) -> dict[str, Any]:
    """Return the schema of ``{dimension: {"score": 0-10, "evidence": "..."}}``, every part required."""
    return _closed({name: _judgement() for name in dimensions})


def _judgement() -> dict[str, Any]:
    return _closed({"score": {"type": "number", "minimum": LOWEST, "maximum": HIGHEST}, "evidence": {"type": "string"}})


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
