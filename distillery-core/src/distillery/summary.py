"""Summary: what became of the articles of one run, in counts, and the highest of them."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from .scoring.cleaning import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .io import Chunk, Line
    from .scoring.score import Score
    from .scoring.scorer import FilterBaseScorer

MAX_EXAMPLES = 5
N_HIGHEST = 3
_DIGITS = re.compile(r"\d+")


def kind_of_reason(reason: str) -> str:
    """Return a prefilter's reason without its numbers: "content_too_short_18chars" is one kind, whatever the length."""
    return _DIGITS.sub("n", reason)


class Summary:
    """Counts tiers, prefilter reasons and failures per filter; memory does not grow with the run."""

    def __init__(self, scorers: Sequence[FilterBaseScorer]) -> None:
        """Start at zero for each filter."""
        self._filters = [_FilterSummary(scorer) for scorer in scorers]
        self.n_lines = 0
        self.n_failed = 0
        self.examples_of_failure: list[str] = []

    def add(self, chunk: Chunk, scores: Sequence[Sequence[Score]]) -> None:
        """Count a chunk's lines and, by filter, the scores of its articles."""
        self.n_lines += len(chunk.lines)
        by_article = zip(chunk.readable, zip(*scores, strict=True), strict=True)
        errors = iter([next((score.error for score in found if score.error), None) for _, found in by_article])
        for line in chunk.lines:
            if error := line.error or next(errors):
                self._failed(line.place, error)
        for part, of_filter in zip(self._filters, scores, strict=True):
            part.add(chunk.readable, of_filter)

    def to_dict(self) -> dict[str, Any]:
        """Return all counts, for JSON."""
        return {
            "articles": self.n_lines,
            "failed": self.n_failed,
            "failures": self.examples_of_failure,
            "filters": {part.name: part.to_dict() for part in self._filters},
        }

    def tables(self) -> list[tuple[str, list[tuple[str, int, str]]]]:
        """Return a title and the rows (what, articles, share) for each filter."""
        return [(part.title, part.rows(self.n_lines)) for part in self._filters]

    def highest(self) -> list[tuple[str, list[tuple[float, str]]]]:
        """Return a title and the highest articles (average, their title, safe to print) for each filter."""
        return [
            (part.title, [(average, " ".join(clean(title).split())) for average, _, _, title in part.highest])
            for part in self._filters
        ]

    def _failed(self, place: str, error: str) -> None:
        self.n_failed += 1
        if len(self.examples_of_failure) < MAX_EXAMPLES:
            self.examples_of_failure.append(f"{place}: {error}")


class _FilterSummary:
    def __init__(self, scorer: FilterBaseScorer) -> None:
        self.name = scorer.config.name
        self.title = f"{scorer.config.name} {scorer.config.version} ({scorer.provenance.backend})"
        self._tiers = Counter({tier.name: 0 for tier in scorer.config.tiers})
        self._reasons: Counter[str] = Counter()
        # Average, line (negative: of equal ones the first wins), id and title.
        self.highest: list[tuple[float, int, str | int | None, str]] = []

    def add(self, lines: Sequence[Line], scores: Sequence[Score]) -> None:
        ranked = []
        for line, score in zip(lines, scores, strict=True):
            if score.tier is not None and score.weighted_average is not None:
                self._tiers[score.tier] += 1
                ranked.append((score.weighted_average, -line.number, line.id, str((line.data or {}).get("title"))))
            elif score.error is None and score.prefilter_reason:
                self._reasons[kind_of_reason(score.prefilter_reason)] += 1
        self.highest = heapq.nlargest(N_HIGHEST, [*self.highest, *ranked], key=lambda entry: entry[:2])

    def to_dict(self) -> dict[str, Any]:
        highest = [{"id": name, "weighted_average": average} for average, _, name, _ in self.highest]
        return {"tiers": dict(self._tiers), "set_aside": dict(self._reasons), "highest": highest}

    def rows(self, total: int) -> list[tuple[str, int, str]]:
        counts = [*self._tiers.items(), *((f"set aside: {name}", n) for name, n in self._reasons.most_common())]
        return [(name, count, f"{count / total:.1%}") for name, count in counts]
