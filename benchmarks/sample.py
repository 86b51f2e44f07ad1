"""The articles that the benchmarks score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from distillery_tools.bench.sample import drawn
from distillery_tools.bench.sample import read_articles as read_all

EXAMPLES = Path(__file__).parents[1] / "examples" / "articles.jsonl"


def read_articles(path: Path, n: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return n articles of a JSON-lines file, drawn without replacement (with, if it has fewer)."""
    return drawn(read_all(path), n, seed)
