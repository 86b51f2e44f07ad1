"""StrategyInputs: what the strategies need, and the signals made from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from distillery import Article, FilterBaseScorer, FilterConfig

from .filter_signals import ScoreSignal, embedding_function
from .keywords import KeywordSignal
from .similarity import SimilaritySignal
from .strategies import HIGH, KEYWORDS, RANDOM, SIMILAR, UNCERTAIN, Signal


@dataclass(frozen=True)
class StrategyInputs:
    """The filter in ``folder``, its scorer if it is trained, examples of what it looks for, and phrases."""

    config: FilterConfig
    folder: Path
    scorer: FilterBaseScorer | None
    examples: Sequence[Article]
    phrases: Sequence[str]

    @property
    def missing(self) -> dict[str, str]:
        """What each strategy that cannot be used still needs."""
        needs = {
            HIGH: (self.scorer, "a student of the filter"),
            UNCERTAIN: (self.scorer, "a student of the filter"),
            SIMILAR: (self.examples, "--examples, or --labelled and --labels with some above the lowest tier"),
            KEYWORDS: (self.phrases, "--keyword or --keywords-file"),
        }
        return {name: needed for name, (given, needed) in needs.items() if not given}

    def signals(self, shares: Mapping[str, float]) -> list[Signal]:
        """Return the signals of the strategies that have a share; none of them may be in `missing`."""
        names: Collection[str] = shares.keys() - {RANDOM}
        signals: list[Signal] = []
        if self.scorer and {HIGH, UNCERTAIN} & set(names):
            signals.append(ScoreSignal(self.scorer))
        if SIMILAR in names:
            signals.append(SimilaritySignal(embedding_function(self.config, self.folder, self.scorer), self.examples))
        if KEYWORDS in names:
            signals.append(KeywordSignal(self.phrases))
        return signals
