"""What the tests of result files share: stand-ins for filters and lines, and ways to write and read."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pyarrow import parquet

from distillery.io import Chunk, Line
from distillery.results import open_results
from distillery.scoring.score import Score

SOURCES = [Path("articles.jsonl")]
FORMATS = ("scored.jsonl", "scored.parquet")
DIMENSIONS = ["reach", "proof", "lasting"]
TIERS = ["high", "medium", "low"]


def a_filter(name: str, dimensions: list[str] | None = None) -> Any:
    """Stand in for a scorer, as far as writers look at it."""
    tiers = [SimpleNamespace(name=tier) for tier in TIERS]
    return SimpleNamespace(config=SimpleNamespace(name=name, tiers=tiers), DIMENSION_NAMES=dimensions or DIMENSIONS)


def a_line(identifier: Any = None, *, number: int = 1, error: str | None = None) -> Line:
    return Line(number, {"id": identifier, "title": "a", "content": "b"}, error)


def write(path: Path, lines: list[Line], *scores: list[Score], filters: tuple[str, ...] = ("tiny-filter",)) -> None:
    with open_results(path, SOURCES) as results:
        results.start([a_filter(name) for name in filters])
        results.write(Chunk(lines), scores)


def parquet_rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return rows


def json_records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]
