"""Evaluator: a student's figures beside those of baselines and of the oracle, on the same articles."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import FilterBaseScorer, Score
from distillery.toolkit import operating_points_fault

from ..calibration.operating_points import point_figures
from ..data.labelled import LabelledData
from ..measuring.confidence import confidence_figures
from ..measuring.final_scores import FinalScores, Scores, scores_of, student_results
from ..measuring.headline import gap_closed_figure, headline
from ..measuring.intervals import interval_figures
from ..measuring.metrics import mean_absolute_error
from ..measuring.retrieval import precision_recall_curve
from ..measuring.topic import is_sparse
from ..vectors import FrozenBase
from .baselines import predict_kernel, predict_median, predict_ridge
from .details import details
from .languages import language_figures, language_gap, language_groups
from .origins import origin_figures
from .prefiltering import prefilter_figures, set_aside
from .sampling import sampling_figures
from .separation import separation
from .textbook import textbook_figures
from .tiers import tier_figures

PIPELINE = "prefilter, then the student"
KERNEL, RIDGE, MEDIAN = "kernel regression on frozen base", "ridge on frozen base", "training median"


class Evaluator:
    """Measures one scorer on one split of its filter's labels.

    Predictions and labels go through the same postfilter, so a weighted average is what a user gets. The student is
    measured without the prefilter, and once more with what the prefilter sets aside counted as 0; the prefilter has
    figures of its own.
    """

    def __init__(self, scorer: FilterBaseScorer, data: LabelledData, split: str) -> None:
        """Take the scorer, the labels and the split's name."""
        self._scorer = scorer
        self._data = data
        self._split = split
        self._measured = data.splits[split]
        self.expected = self._final(self._measured.scores)

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
            "positive_from": config.positive_from,
            "sparse": is_sparse(self._final(self._data.splits["train"].scores).averages),
            "n_positives": int((self.expected.averages >= config.positive_from).sum()),
            "models": self._models(),
            "oracle": self._oracle(),
            "student": self._student(),
            "prefilter": prefilter_figures(config, self._data, self._split),
            "textbook": textbook_figures(self._scorer),
        }

    @cached_property
    def predicted(self) -> FinalScores:
        """The student's final scores of the split's articles."""
        return self._final(scores_of(self._results))

    @cached_property
    def _results(self) -> list[Score]:
        return student_results(self._scorer, self._measured.articles)

    def _models(self) -> dict[str, Any]:
        """Return the headline of the student, alone and behind the prefilter, and of each baseline."""
        config = self._scorer.config
        aside = set_aside(config, self._measured.articles)
        models = {
            f"student {self._scorer.student.name}": self.predicted,
            PIPELINE: self.predicted.without(aside, config.tiers[-1].name),
            **self._baselines(),
        }
        trivial, oracle_mae = float(models[MEDIAN].averages[0]), self._oracle_mae()
        return {
            name: {
                **self._headline(found, self.expected),
                "gap_closed": gap_closed_figure(found, self.expected, trivial, oracle_mae),
            }
            for name, found in models.items()
        }

    def _baselines(self) -> dict[str, FinalScores]:
        train, base = self._data.splits["train"], FrozenBase.of(self._scorer.student.encoder_spec)
        seen, unseen = base.embed(train.texts), base.embed(self._measured.texts)
        predictions = {
            KERNEL: predict_kernel(seen, train.scores, unseen),
            RIDGE: predict_ridge(seen, train.scores, unseen),
            MEDIAN: predict_median(train.scores, len(unseen)),
        }
        return {name: self._final(scores) for name, scores in predictions.items()}

    def _student(self) -> dict[str, Any]:
        """Return the figures of the student alone."""
        config, languages = self._scorer.config, self._measured.languages
        found, expected = self.predicted.columns(self._names), self.expected.columns(self._names)
        averages = self.predicted.averages, self.expected.averages
        single = len(self._names) == 1
        return {
            "dimensions": {name: details(found[name], expected[name]) for name in found},
            "tiers": tier_figures(self.predicted, self.expected, config.tiers),
            "languages": language_figures(*averages, languages),
            "language_gap": language_gap(*averages, languages),
            "sampling": sampling_figures(*averages, self._samplings, config.positive_from),
            "origins": origin_figures(*averages, self._origins, config.positive_from),
            "intervals": interval_figures(self._results, expected, language_groups(languages)),
            "precision_recall": precision_recall_curve(*averages, config.positive_from),
            "operating_points": self._operating_points(),
            "confidence": confidence_figures(self._results, self.expected, config.positive_from),
            "separation": separation(*averages, languages, config.tiers[0].at_least) if single else None,
        }

    def _operating_points(self) -> dict[str, Any] | None:
        """Return the figures of each operating point on this split; None without points for these weights."""
        config, provenance = self._scorer.config, self._scorer.provenance
        stated = config.operating_points
        if stated is None or operating_points_fault(config, provenance.weights_sha256, provenance.calibration):
            return None
        positive = self.expected.averages >= config.positive_from
        return {
            "n_positives": int(positive.sum()),
            "chosen_on": {"n_articles": stated.n_articles, "n_positives": stated.n_positives},
            "points": {
                name: self._point_figures(point.threshold, positive) | {"chosen_on": point.model_dump(mode="json")}
                for name, point in stated.points.items()
            },
            "missing": stated.missing,
        }

    def _point_figures(self, threshold: float, positive: NDArray[np.bool_]) -> dict[str, Any]:
        averages = self.predicted.averages
        figures = point_figures(averages, positive, threshold)
        found = int((averages >= threshold).sum())
        return {"threshold": threshold, "n_found": found, **{name: each.to_dict() for name, each in figures.items()}}

    def _oracle(self) -> dict[str, Any] | None:
        """Return the headline of the oracle's second opinions against its first, or None without second opinions."""
        first, second = self._opinions
        if not len(first.averages):
            return None
        return {"n_articles": len(first.averages), **self._headline(second, first)}

    def _oracle_mae(self) -> float:
        """Return the MAE of the oracle's second opinions against its first, NaN without second opinions."""
        first, second = self._opinions
        return float(mean_absolute_error(second.averages, first.averages)) if len(first.averages) else np.nan

    @cached_property
    def _opinions(self) -> tuple[FinalScores, FinalScores]:
        """First and second opinions on all articles with both, from all splits."""
        splits = self._data.splits.values()
        first = np.concatenate([split.scores for split in splits])
        second = np.concatenate([split.second_opinions for split in splits])
        both = ~np.isnan(second).any(axis=1)
        return self._final(first[both]), self._final(second[both])

    @property
    def _samplings(self) -> list[str]:
        return [background.sampling for background in self._measured.backgrounds]

    @property
    def _origins(self) -> list[str]:
        return [background.origin for background in self._measured.backgrounds]

    def _headline(self, found: FinalScores, expected: FinalScores) -> dict[str, Any]:
        return headline(found, expected, self._names, self._scorer.config.positive_from)

    @property
    def _names(self) -> list[str]:
        return self._scorer.config.dimension_names

    def _final(self, scores: Scores) -> FinalScores:
        return FinalScores.of(scores, self._scorer.postfilter)
