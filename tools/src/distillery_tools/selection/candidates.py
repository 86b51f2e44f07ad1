"""Candidates: the articles of a pool that can be selected, and the figure that each strategy gives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import Article, ArticleError, InputFileError

from ..data.labels import Id
from ..oracle.prompt.junk import junk_reason
from .pool import Pool, PoolLine
from .strategies import Signal, Values

UNREADABLE, NO_ID, REPEATED, LABELLED, JUNK = "unreadable", "no id", "repeated id", "already labelled", "junk"

# Enough for batches of similar length, few enough to keep in memory.
CHUNK = 512

Advance = Callable[[int], None]


@dataclass(frozen=True)
class SetAside:
    """An article that cannot be selected, and the reason."""

    id: Any
    reason: str
    detail: str | None = None


@dataclass(frozen=True)
class Candidates:
    """Byte offsets of the candidates in the pool [n], their figures [n] by strategy, and the articles set aside."""

    offsets: NDArray[np.int64]
    figures: dict[str, Values]
    set_aside: list[SetAside]


@dataclass
class _CandidateCollector:
    """The first pass over a pool; keeps a few numbers per candidate, not the text."""

    signals: Sequence[Signal]
    labelled: set[Id]
    seen: set[Id] = field(default_factory=set)
    set_aside: list[SetAside] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    figures: dict[str, list[Values]] = field(default_factory=dict)
    _pending: list[Article] = field(default_factory=list)

    def add(self, line: PoolLine) -> None:
        """Keep one line as a candidate or set it aside; figures are computed for many articles at a time."""
        found = self._check(line.record or {}) if line.record is not None else SetAside(None, UNREADABLE, "not JSON")
        if isinstance(found, SetAside):
            self.set_aside.append(found)
            return
        self.offsets.append(line.offset)
        self._pending.append(found)
        if len(self._pending) == CHUNK:
            self.flush()

    def flush(self) -> None:
        """Compute the figures of the pending articles."""
        for signal in self.signals if self._pending else ():
            for name, values in signal.values(self._pending).items():
                self.figures.setdefault(name, []).append(values)
        self._pending.clear()

    def _check(self, record: dict[str, Any]) -> Article | SetAside:
        """Return the article of a record, or why it cannot be selected."""
        identifier = record.get("id")
        if not isinstance(identifier, (str, int)):
            return SetAside(identifier, NO_ID)
        if identifier in self.labelled:
            return SetAside(identifier, LABELLED)
        if identifier in self.seen:
            return SetAside(identifier, REPEATED)
        self.seen.add(identifier)
        try:
            article = Article.from_dict(record)
        except ArticleError as error:
            return SetAside(identifier, UNREADABLE, str(error))
        reason = junk_reason(article.title, article.content)
        return SetAside(identifier, JUNK, reason) if reason else article


def collect_candidates(pool: Pool, signals: Sequence[Signal], labelled: set[Id], advance: Advance) -> Candidates:
    """Read a pool once; ``advance`` gets the number of bytes read. Raise InputFileError if it has no article."""
    collector = _CandidateCollector(signals, labelled)
    for line in pool.lines():
        collector.add(line)
        advance(line.size)
    collector.flush()
    if not collector.seen and not any(each.reason == LABELLED for each in collector.set_aside):
        raise InputFileError(f"{pool.path} contains no articles; the file must be JSON lines, each with an id.")
    figures = {name: np.concatenate(parts) for name, parts in collector.figures.items()}
    return Candidates(np.array(collector.offsets, dtype=np.int64), figures, collector.set_aside)
