"""Means: what a screening can go by, and the signals made of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from distillery import Article, FilterBaseScorer, FilterConfig

from .filter_signals import ScoreSignal, embedding_of
from .keywords import KeywordSignal
from .similarity import SimilaritySignal
from .strategies import HIGH, KEYWORDS, RANDOM, SIMILAR, UNCERTAIN, Signal


@dataclass(frozen=True)
class Means:
    """The filter in ``folder``, loaded if its student can be, examples of what it looks for, and phrases."""

    config: FilterConfig
    folder: Path
    scorer: FilterBaseScorer | None
    examples: Sequence[Article]
    phrases: Sequence[str]

    @property
    def lacking(self) -> dict[str, str]:
        """What is to be given for each strategy that cannot be used."""
        needs = {
            HIGH: (self.scorer, "a student of the filter"),
            UNCERTAIN: (self.scorer, "a student of the filter"),
            SIMILAR: (self.examples, "--examples, or --labelled and --labels with some above the lowest tier"),
            KEYWORDS: (self.phrases, "--keyword or --keywords-file"),
        }
        return {name: wanted for name, (given, wanted) in needs.items() if not given}

    def signals(self, shares: Mapping[str, float]) -> list[Signal]:
        """Return what gives the figures of the strategies that have a share, none of which is `lacking`."""
        wanted: Collection[str] = shares.keys() - {RANDOM}
        signals: list[Signal] = []
        if self.scorer and {HIGH, UNCERTAIN} & set(wanted):
            signals.append(ScoreSignal(self.scorer))
        if SIMILAR in wanted:
            signals.append(SimilaritySignal(embedding_of(self.config, self.folder, self.scorer), self.examples))
        if KEYWORDS in wanted:
            signals.append(KeywordSignal(self.phrases))
        return signals
