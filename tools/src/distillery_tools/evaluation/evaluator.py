"""Evaluator: a student's figures beside those of the baselines, over the same articles."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import Article, FilterBaseScorer
from distillery.prefilter import Prefilter
from distillery.student import base_folder

from ..data.labelled import LabelledData, Split
from .baselines import predict_median, predict_ridge
from .metrics import Figure, bootstrap, mean_absolute_error, precision_among_top, precision_at, recall_at, spearman

MEDIAN, RIDGE = "training median", "ridge on frozen base"

Values = NDArray[np.float64]


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
        # The lowest tier above the floor: what the predecessor called MEDIUM.
        self._threshold = scorer.config.tiers[-2].at_least if len(scorer.config.tiers) > 1 else 0.0

    def report(self) -> dict[str, Any]:
        """Return every figure, for JSON."""
        test = self._data.splits[self._split]
        expected = self._averages(test.scores)
        models = {name: self._figures(scores, test.scores) for name, scores in self._predictions().items()}
        return {
            "filter": self._scorer.config.name,
            "version": self._scorer.config.version,
            "provenance": asdict(self._scorer.provenance),
            "data_sha256": self._data.sha256,
            "split": self._split,
            "n_articles": len(test.articles),
            "threshold": self._threshold,
            "n_at_threshold": int((expected >= self._threshold).sum()),
            "models": models,
            "prefilter": self._prefilter(test, expected),
        }

    def _predictions(self) -> dict[str, Values]:
        """Return the scores [n_articles, n_dimensions] of the student and of each baseline."""
        train, test = self._data.splits["train"], self._data.splits[self._split]
        settings = self._scorer.student.config
        base = base_folder(settings, self._scorer.filter_dir)
        return {
            f"student {self._scorer.student.name}": self._student_scores(test.articles),
            RIDGE: predict_ridge(train, test, base, settings.preprocessing),
            MEDIAN: predict_median(train, test),
        }

    def _student_scores(self, articles: list[Article]) -> Values:
        scores = self._scorer.score_batch(articles, skip_prefilter=True)
        return np.array([list((score.scores or {}).values()) for score in scores])

    def _figures(self, predicted: Values, expected: Values) -> dict[str, Any]:
        found, wanted = self._averages(predicted), self._averages(expected)
        clipped = predicted.clip(0.0, 10.0)
        figures = {
            "weighted_average_mae": bootstrap(mean_absolute_error, found, wanted),
            "spearman": bootstrap(spearman, found, wanted),
            "recall": bootstrap(recall_at(self._threshold), found, wanted),
            "precision": bootstrap(precision_at(self._threshold), found, wanted),
            "precision_among_top": bootstrap(precision_among_top(self._threshold), found, wanted),
        }
        dimensions = {
            name: asdict(bootstrap(mean_absolute_error, clipped[:, column], expected[:, column]))
            for column, name in enumerate(self._scorer.DIMENSION_NAMES)
        }
        return {**{name: asdict(figure) for name, figure in figures.items()}, "dimension_mae": dimensions}

    def _prefilter(self, test: Split, averages: Values) -> dict[str, Any]:
        """Return how much the prefilter lets pass, and what it blocks of the articles that matter."""
        rules = Prefilter(self._scorer.config.prefilter)
        passed = np.array([rules.check(article).passed for article in test.articles])
        wanted = averages >= self._threshold
        return {
            "passed": float(passed.mean()),
            "blocked_at_threshold": int((~passed & wanted).sum()),
            "n_at_threshold": int(wanted.sum()),
        }

    def _averages(self, scores: Values) -> Values:
        return np.array([outcome.weighted_average for outcome in self._scorer.postfilter.apply(scores)])


def figure_of(data: dict[str, float | None]) -> Figure:
    """Return a figure as it was before it went into JSON."""
    return Figure(data["value"], data["low"], data["high"])
