"""Speed of both versions, in turns."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from distillery import FilterBaseScorer

from ..bench.timing import Way, timed_in_turns
from .articles import ComparedArticles

N_ARTICLES = 32
OLD, NEW = "old", "new"


def speed_ratio(
    old: FilterBaseScorer, new: FilterBaseScorer, articles: ComparedArticles, rounds: int
) -> dict[str, Any]:
    """Return the milliseconds per article of both, and how many times as long NEW takes as OLD, for JSON.

    The prefilter is off, so that both read the same articles. Only the ratio means anything on a busy machine.
    """
    chosen = list(articles.by_key.values())[:N_ARTICLES]
    ways = [_way(name, scorer, chosen) for name, scorer in ((OLD, old), (NEW, new))]
    seconds = timed_in_turns(ways, rounds)
    ratios = [after / before for before, after in zip(seconds[OLD], seconds[NEW], strict=True)]
    return {
        "n_articles": len(chosen),
        "rounds": rounds,
        **{f"{name}_ms_per_article": 1e3 * statistics.median(seconds[name]) for name in (OLD, NEW)},
        "ratio": {"median": statistics.median(ratios), "low": min(ratios), "high": max(ratios)},
    }


def _way(name: str, scorer: FilterBaseScorer, articles: Sequence[dict[str, Any]]) -> Way:
    return Way(
        name=name,
        n_filters=1,
        n_articles=len(articles),
        n_encodings=1,
        precision=scorer.provenance.backend,
        run=lambda: scorer.score_batch(articles, prefilter=False),
    )
