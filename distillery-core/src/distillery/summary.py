"""Summary: what became of the articles of one run, in counts."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .io import Chunk
    from .score import Score
    from .scorer import FilterBaseScorer

MAX_EXAMPLES = 5
_DIGITS = re.compile(r"\d+")


class Summary:
    """Counts tiers, prefilter reasons and failures per filter; memory does not grow with the run."""

    def __init__(self, scorers: Sequence[FilterBaseScorer]) -> None:
        """Start at zero for each filter."""
        self._filters = [_FilterSummary(scorer) for scorer in scorers]
        self.n_lines = 0
        self.n_failed = 0
        self.examples_of_failure: list[str] = []

    def add(self, chunk: Chunk, judged: Sequence[Sequence[Score]]) -> None:
        """Count a chunk's lines and, by filter, the scores of its articles."""
        self.n_lines += len(chunk.lines)
        scored = zip(chunk.readable, zip(*judged, strict=True), strict=True)
        errors = {line.number: next((s.error for s in of_filters if s.error), None) for line, of_filters in scored}
        for line in chunk.lines:
            if error := line.error or errors[line.number]:
                self._failed(line.number, error)
        for part, scores in zip(self._filters, judged, strict=True):
            part.add(scores)

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

    def _failed(self, number: int, error: str) -> None:
        self.n_failed += 1
        if len(self.examples_of_failure) < MAX_EXAMPLES:
            self.examples_of_failure.append(f"line {number}: {error}")


class _FilterSummary:
    def __init__(self, scorer: FilterBaseScorer) -> None:
        self.name = scorer.config.name
        self.title = f"{scorer.config.name} {scorer.config.version} ({scorer.provenance.backend})"
        self._tiers = Counter({tier.name: 0 for tier in scorer.config.tiers})
        self._reasons: Counter[str] = Counter()

    def add(self, scores: Sequence[Score]) -> None:
        for score in scores:
            if score.tier is not None:
                self._tiers[score.tier] += 1
            elif score.error is None and score.prefilter_reason:
                # "content_too_short_18chars" counts as one reason, whatever the length
                self._reasons[_DIGITS.sub("n", score.prefilter_reason)] += 1

    def to_dict(self) -> dict[str, Any]:
        return {"tiers": dict(self._tiers), "set_aside": dict(self._reasons)}

    def rows(self, total: int) -> list[tuple[str, int, str]]:
        counts = [*self._tiers.items(), *((f"set aside: {name}", n) for name, n in self._reasons.most_common())]
        return [(name, count, f"{count / total:.1%}") for name, count in counts]
