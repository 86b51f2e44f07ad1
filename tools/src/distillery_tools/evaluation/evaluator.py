"""Evaluator: a student's figures beside those of the baselines and of the oracle, over the same articles."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np

from distillery import FilterBaseScorer
from distillery.scoring.score import Score

from ..data.labelled import LabelledData
from .baselines import predict_kernel, predict_median, predict_ridge
from .details import details
from .embeddings import FrozenBase
from .headline import MEDIUM, closed, headline
from .intervals import interval_figures
from .judged import Judged, Scores, scores_of, student_results
from .languages import language_figures
from .metrics import mean_absolute_error
from .prefiltering import prefilter_figures
from .separation import separation
from .tiers import tier_figures

KERNEL, RIDGE, MEDIAN = "kernel regression on frozen base", "ridge on frozen base", "training median"


class Evaluator:
    """Measures one scorer on one split of its filter's labels.

    Predictions and labels go through the same postfilter, so a weighted average is what a user
    would get. The student is measured without the prefilter, and the prefilter beside it.
    """

    def __init__(self, scorer: FilterBaseScorer, data: LabelledData, split: str) -> None:
        """Take the scorer, the labels and the split's name."""
        self._scorer = scorer
        self._data = data
        self._split = split
        self._measured = data.splits[split]
        self.expected = self._judged(self._measured.scores)

    def report(self) -> dict[str, Any]:
        """Return every figure, for JSON."""
        config = self._scorer.config
        return {
            "filter": config.name,
            "version": config.version,
            "provenance": asdict(self._scorer.provenance),
            "weights_sha256": self._scorer.provenance.weights_sha256,
            "data_sha256": self._data.sha256,
            "split": self._split,
            "n_articles": len(self._measured.articles),
            "threshold": MEDIUM,
            "n_at_threshold": int((self.expected.averages >= MEDIUM).sum()),
            "models": self._models(),
            "oracle": self._oracle(),
            "student": self._student(),
            "prefilter": prefilter_figures(config, self._data, self._split),
        }

    @cached_property
    def predicted(self) -> Judged:
        """What the student says of the split's articles."""
        return self._judged(scores_of(self._results))

    @cached_property
    def _results(self) -> list[Score]:
        return student_results(self._scorer, self._measured.articles)

    def _models(self) -> dict[str, Any]:
        """Return the headline of the student and of each baseline, with the share of the distance closed."""
        models = {f"student {self._scorer.student.name}": self.predicted, **self._baselines()}
        trivial, noise = float(models[MEDIAN].averages[0]), self._noise()
        return {
            name: {
                **headline(found, self.expected, self._names),
                "share_closed": closed(found, self.expected, trivial, noise),
            }
            for name, found in models.items()
        }

    def _baselines(self) -> dict[str, Judged]:
        train, base = self._data.splits["train"], FrozenBase.of(self._scorer)
        seen, unseen = base.embed(train.texts), base.embed(self._measured.texts)
        predictions = {
            KERNEL: predict_kernel(seen, train.scores, unseen),
            RIDGE: predict_ridge(seen, train.scores, unseen),
            MEDIAN: predict_median(train.scores, len(unseen)),
        }
        return {name: self._judged(scores) for name, scores in predictions.items()}

    def _student(self) -> dict[str, Any]:
        """Return what is measured of the student alone."""
        config, languages = self._scorer.config, self._measured.languages
        found, wanted = self.predicted.columns(self._names), self.expected.columns(self._names)
        averages = self.predicted.averages, self.expected.averages
        single = len(self._names) == 1
        return {
            "dimensions": {name: details(found[name], wanted[name]) for name in found},
            "tiers": tier_figures(self.predicted, self.expected, config.tiers),
            "languages": language_figures(*averages, languages),
            "intervals": interval_figures(self._results, wanted),
            "separation": separation(*averages, languages, config.tiers[0].at_least) if single else None,
        }

    def _oracle(self) -> dict[str, Any] | None:
        """Return the headline of the oracle's second opinions against its first, or None if there are none."""
        first, second = self._opinions
        if not len(first.averages):
            return None
        return {"n_articles": len(first.averages), **headline(second, first, self._names)}

    def _noise(self) -> float:
        """Return the oracle's error against itself, not a number if it has no second opinions."""
        first, second = self._opinions
        return float(mean_absolute_error(second.averages, first.averages)) if len(first.averages) else np.nan

    @cached_property
    def _opinions(self) -> tuple[Judged, Judged]:
        """First and second opinion on every article of any split that has two."""
        splits = self._data.splits.values()
        first = np.concatenate([split.scores for split in splits])
        second = np.concatenate([split.second_opinions for split in splits])
        both = ~np.isnan(second).any(axis=1)
        return self._judged(first[both]), self._judged(second[both])

    @property
    def _names(self) -> list[str]:
        return self._scorer.config.dimension_names

    def _judged(self, scores: Scores) -> Judged:
        return Judged.of(scores, self._scorer.postfilter)
