"""Label files of the invented filter, and a short way to write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from invented import DIMENSIONS

Record = dict[str, Any]


def label(identifier: str | int, *points: float, **more: Any) -> Record:
    """Return a record with a score for each of the three dimensions."""
    return {"id": identifier, "scores": dict(zip(DIMENSIONS, points, strict=True)), **more}


def write_labels(path: Path, *records: Record) -> Path:
    """Write JSON lines."""
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    return path
