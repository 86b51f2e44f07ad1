"""Chooser: picks the best candidates of each strategy, no story twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from distillery import Article

from .candidates import Candidates
from .pool import Pool, Record
from .seen_texts import SeenTexts
from .strategies import RANDOM, UNCERTAIN, sampling_of

FIGURE_DECIMALS = 4
SELECTED = "near-duplicate of a selected article"


class Chooser:
    """Picks from a pool's candidates; ``near_duplicates`` counts those passed over, by what they repeat."""

    def __init__(self, pool: Pool, candidates: Candidates, seen: SeenTexts, filter_name: str, seed: int) -> None:
        """Shuffle the candidates; the shuffled order also decides between equals."""
        self._pool = pool
        self._candidates = candidates
        self._seen = seen
        self._filter_name = filter_name
        self._order = np.random.default_rng(seed).permutation(len(candidates.offsets))
        self._considered: set[int] = set()
        self._remaining: dict[str, Iterator[int]] = {}
        self.records: list[Record] = []
        self.near_duplicates: dict[str, int] = {}

    def take(self, strategy: str) -> bool:
        """Select the best article that a strategy has left; return whether there was one."""
        if strategy not in self._remaining:
            self._remaining[strategy] = iter(self._ranked(strategy).tolist())
        return any(self._consider(index, strategy) for index in self._remaining[strategy])

    def _ranked(self, strategy: str) -> NDArray[np.int64]:
        """Return the indices of the candidates that a strategy can select, the best first."""
        if strategy == RANDOM:
            return self._order
        values = self._candidates.figures.get(strategy, np.empty(0))[self._order]
        ranked = np.argsort(-values, kind="stable")  # stable: equals stay in shuffled order; NaN comes last
        return self._order[ranked[: np.isfinite(values).sum()]]

    def _consider(self, index: int, strategy: str) -> bool:
        """Select a candidate unless it was considered before or repeats a story; return whether it was selected."""
        if index in self._considered:
            return False
        self._considered.add(index)
        record = self._pool.record_at(int(self._candidates.offsets[index]))
        text = Article.from_dict(record).text
        if repeated := self._seen.near(text):
            self.near_duplicates[repeated] = self.near_duplicates.get(repeated, 0) + 1
            return False
        self._seen.add(text, SELECTED)
        sampling = sampling_of(strategy, self._filter_name)
        self.records.append(record | {"sampling": sampling, "sampling_figure": self._figure(index, strategy)})
        return True

    def _figure(self, index: int, strategy: str) -> float | None:
        """Return the figure that an article was selected by; for uncertainty the distance, which is 0 or more."""
        if strategy == RANDOM:
            return None
        figure = round(float(self._candidates.figures[strategy][index]), FIGURE_DECIMALS)
        return abs(figure) if strategy == UNCERTAIN else figure
