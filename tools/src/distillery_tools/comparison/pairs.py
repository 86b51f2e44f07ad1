"""Pairs: the results of two versions for the same articles, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from distillery import InputFileError
from distillery.toolkit import AVERAGE

from ..measuring.figures import Values
from .articles import ComparedArticles
from .results import Result, Side


@dataclass(frozen=True)
class Pairs:
    """Two versions and the articles on which both have a result."""

    old: Side
    new: Side
    articles: ComparedArticles

    @cached_property
    def both(self) -> dict[str, tuple[Result, Result]]:
        """The two results of each article, by key; raise InputFileError if there is no article with both."""
        found = {
            key: (self.old.results[key], self.new.results[key])
            for key in self.articles.by_key
            if key in self.old.results and key in self.new.results
        }
        if not found:
            raise InputFileError(
                f"{self.old.source} and {self.new.source} have no result of the same article.  "
                f"Score the same articles with both: {self.articles.name}."
            )
        return found

    @cached_property
    def scored(self) -> dict[str, tuple[Result, Result]]:
        """The pairs of articles that both versions scored; raise InputFileError if there is none."""
        found = {key: (old, new) for key, (old, new) in self.both.items() if old.is_scored and new.is_scored}
        if not found:
            outcomes = [
                f"{key}: {old.error or old.outcome} | {new.error or new.outcome}"
                for key, (old, new) in self.both.items()
            ]
            raise InputFileError(
                f"No article is scored by both versions of {self.old.filter}, such as {outcomes[0]}\n"
                f"  Give articles that both can score."
            )
        return found

    @property
    def dimensions(self) -> list[str]:
        """The dimensions that both versions have."""
        return [name for name in self.new.dimensions if name in self.old.dimensions]

    def columns(self) -> dict[str, tuple[Values, Values]]:
        """Return old and new values [n_scored] of each common dimension, then of the weighted average."""
        return {
            name: (
                _values(name, [old for old, _ in self.scored.values()]),
                _values(name, [new for _, new in self.scored.values()]),
            )
            for name in (*self.dimensions, AVERAGE)
        }

    @property
    def missing(self) -> list[str]:
        """The articles of which one version has no result at all."""
        return [key for key in self.articles.by_key if key not in self.both]


def _values(name: str, results: Iterable[Result]) -> Values:
    """Return the dimension or the weighted average of scored articles [n]."""
    return np.array([result.average if name == AVERAGE else (result.scores or {})[name] for result in results])
