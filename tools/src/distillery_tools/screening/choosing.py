"""Chooser: takes the best candidates of each strategy, no story twice."""

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
CHOSEN = "near-duplicate of a chosen article"


class Chooser:
    """Chooses from a pool's candidates; ``passed_over`` counts the near-duplicates that it met, by what they repeat."""

    def __init__(self, pool: Pool, candidates: Candidates, seen: SeenTexts, filter_name: str, seed: int) -> None:
        """Put the candidates into the order of chance, which also decides between equals."""
        self._pool = pool
        self._candidates = candidates
        self._seen = seen
        self._filter_name = filter_name
        self._order = np.random.default_rng(seed).permutation(len(candidates.offsets))
        self._met: set[int] = set()
        self._left: dict[str, Iterator[int]] = {}
        self.records: list[Record] = []
        self.passed_over: dict[str, int] = {}

    def take(self, strategy: str) -> bool:
        """Choose the best article that a strategy has left; say whether there was one."""
        if strategy not in self._left:
            self._left[strategy] = iter(self._ranked(strategy).tolist())
        return any(self._consider(index, strategy) for index in self._left[strategy])

    def _ranked(self, strategy: str) -> NDArray[np.int64]:
        """Return the places of the candidates that a strategy can choose, the best first."""
        if strategy == RANDOM:
            return self._order
        values = self._candidates.figures.get(strategy, np.empty(0))[self._order]
        ranked = np.argsort(-values, kind="stable")  # stable: equals stay in the order of chance; NaN comes last
        return self._order[ranked[: np.isfinite(values).sum()]]

    def _consider(self, index: int, strategy: str) -> bool:
        """Choose a candidate, unless it was met before or repeats a story; say whether it was chosen."""
        if index in self._met:
            return False
        self._met.add(index)
        record = self._pool.record_at(int(self._candidates.offsets[index]))
        text = Article.from_dict(record).text
        if repeated := self._seen.near(text):
            self.passed_over[repeated] = self.passed_over.get(repeated, 0) + 1
            return False
        self._seen.add(text, CHOSEN)
        sampling = sampling_of(strategy, self._filter_name)
        self.records.append(record | {"sampling": sampling, "sampling_figure": self._figure(index, strategy)})
        return True

    def _figure(self, index: int, strategy: str) -> float | None:
        """Return what an article was chosen by; of uncertainty the distance, which counts from 0."""
        if strategy == RANDOM:
            return None
        figure = round(float(self._candidates.figures[strategy][index]), FIGURE_DECIMALS)
        return abs(figure) if strategy == UNCERTAIN else figure
