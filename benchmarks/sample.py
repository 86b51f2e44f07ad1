"""The articles that the benchmarks score."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[1] / "examples" / "articles.jsonl"


def read_articles(path: Path, n: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return n articles of a JSON-lines file, drawn without replacement (with, if it has fewer)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    draw = random.Random(seed)  # noqa: S311  not for secrets
    chosen = draw.sample(lines, n) if n <= len(lines) else draw.choices(lines, k=n)
    return [json.loads(line) | {"id": f"{number}"} for number, line in enumerate(chosen)]
