"""Candidates: what of a pool may be chosen, and each strategy's figure of it."""

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

UNREADABLE, NO_ID, REPEATED, LABELLED, JUNK = "unreadable", "no id", "repeated id", "labelled already", "junk"

# Many enough for batches of like length, few enough to hold.
CHUNK = 512

Advance = Callable[[int], None]


@dataclass(frozen=True)
class SetAside:
    """An article that is not to be labelled, and why."""

    id: Any
    reason: str
    detail: str | None = None


@dataclass(frozen=True)
class Candidates:
    """Where the candidates stand in the pool [n], their figures [n] by strategy, and what is none."""

    offsets: NDArray[np.int64]
    figures: dict[str, Values]
    set_aside: list[SetAside]


@dataclass
class _Sieve:
    """The first pass over a pool; keeps of each candidate some numbers, not the text."""

    signals: Sequence[Signal]
    labelled: set[Id]
    seen: set[Id] = field(default_factory=set)
    set_aside: list[SetAside] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    figures: dict[str, list[Values]] = field(default_factory=dict)
    _waiting: list[Article] = field(default_factory=list)

    def take(self, line: PoolLine) -> None:
        """Sort one line; figures are made of many at a time."""
        found = self._sorted(line.record or {}) if line.record is not None else SetAside(None, UNREADABLE, "not JSON")
        if isinstance(found, SetAside):
            self.set_aside.append(found)
            return
        self.offsets.append(line.offset)
        self._waiting.append(found)
        if len(self._waiting) == CHUNK:
            self.finish()

    def finish(self) -> None:
        """Make the figures of the articles that wait for theirs."""
        for signal in self.signals if self._waiting else ():
            for name, values in signal.values(self._waiting).items():
                self.figures.setdefault(name, []).append(values)
        self._waiting.clear()

    def _sorted(self, record: dict[str, Any]) -> Article | SetAside:
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


def candidates_of(pool: Pool, signals: Sequence[Signal], labelled: set[Id], advance: Advance) -> Candidates:
    """Read a pool once; ``advance`` is told the bytes that were read. Raise InputFileError if it holds no article."""
    sieve = _Sieve(signals, labelled)
    for line in pool.lines():
        sieve.take(line)
        advance(line.size)
    sieve.finish()
    if not sieve.seen and not any(each.reason == LABELLED for each in sieve.set_aside):
        raise InputFileError(f"{pool.path} holds no articles; the pool must be JSON lines, each with an id.")
    figures = {name: np.concatenate(parts) for name, parts in sieve.figures.items()}
    return Candidates(np.array(sieve.offsets, dtype=np.int64), figures, sieve.set_aside)
