"""OLD's golden articles: what its release scored, beside what NEW scores now."""

from __future__ import annotations

from typing import Any

from distillery import FilterBaseScorer
from distillery.toolkit import FLOAT32, TORCH, read_golden

# Golden scores are torch's in float32; another backend is off by more than the rule allows.
REFERENCE = f"{TORCH}-{FLOAT32}"


def golden_moves(old: FilterBaseScorer, new: FilterBaseScorer) -> dict[str, Any] | None:
    """Return how far NEW's scores are from OLD's golden ones, or None if that cannot be compared."""
    records = read_golden(old.filter_dir)
    if not records or new.provenance.backend != REFERENCE:
        return None
    results = new.score_batch([record["article"] for record in records], prefilter=False)
    moves = [
        (
            abs(float((result.scores or {})[name]) - float(expected)),
            f"{name} of golden article {record['article'].get('id')}",
        )
        for record, result in zip(records, results, strict=True)
        for name, expected in record["scores"].items()
        if name in (result.scores or {})
    ]
    if not moves:
        return None
    largest, where = max(moves)
    return {"n_articles": len(records), "largest_move": largest, "moved": where}
