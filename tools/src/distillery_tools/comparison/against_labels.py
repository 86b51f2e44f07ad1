"""Both versions against the oracle: errors, and tiers that were right before and are wrong now, or the reverse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import FilterConfig, InputFileError
from distillery.toolkit import AVERAGE, LOWEST, Postfilter

from ..measuring.figures import Values, bootstrap
from ..measuring.final_scores import FinalScores
from ..measuring.metrics import mean_absolute_error
from .labels import OracleScores
from .pairs import Pairs
from .results import Result, Side


class AgainstLabels:
    """Two versions' results of the labelled articles beside the oracle's.

    What a version sets aside counts as an average of 0 in the lowest tier; articles on which either failed are left
    out. ``config`` has the weights and tiers of a side that is a file of scores.
    """

    def __init__(self, pairs: Pairs, labels: OracleScores, config: FilterConfig) -> None:
        """Put results and labels in the same order; raise InputFileError if no labelled article has both results."""
        self._keys = [
            key
            for key, results in pairs.both.items()
            if key in labels.by_key and all(result.error is None for result in results)
        ]
        if not self._keys:
            raise InputFileError("None of the labelled articles has a result of both versions.")
        found = [pairs.both[key] for key in self._keys]
        scores = [labels.by_key[key] for key in self._keys]
        self._names = pairs.dimensions
        self._old = _Answers.of([old for old, _ in found], scores, pairs.old, config)
        self._new = _Answers.of([new for _, new in found], scores, pairs.new, config)
        self._n_train = labels.n_train

    def report(self) -> dict[str, Any]:
        """Return the figures, for JSON."""
        return {
            "n_articles": len(self._keys),
            "n_training_articles_left_out": self._n_train,
            "errors": {AVERAGE: self._average_errors(), **self._dimension_errors()},
            "negative_flips": self._flips(self._old.is_right & ~self._new.is_right),
            "positive_flips": self._flips(~self._old.is_right & self._new.is_right),
        }

    @property
    def error_change(self) -> float:
        """By how much the MAE of the weighted average rose from the old version to the new one."""
        old, new = (float(mean_absolute_error(one.averages, one.expected)) for one in (self._old, self._new))
        return new - old

    def __len__(self) -> int:
        return len(self._keys)

    def _average_errors(self) -> dict[str, Any]:
        return _errors((self._old.averages, self._old.expected), (self._new.averages, self._new.expected))

    def _dimension_errors(self) -> dict[str, Any]:
        """Return the errors of each dimension, on the articles that both versions scored."""
        both = self._old.is_scored & self._new.is_scored
        if not both.any():
            return {}
        return {
            name: _errors(*((side.scores[name][both], side.labels[name][both]) for side in (self._old, self._new)))
            for name in self._names
        }

    def _flips(self, flipped: NDArray[np.bool_]) -> dict[str, Any]:
        """Return the share of the articles with its interval, and the articles."""
        return {
            "share": bootstrap(lambda values: np.asarray(values.mean(axis=-1)), flipped.astype(np.float64)).to_dict(),
            "articles": [
                {"id": key, "old": old, "new": new, "oracle": expected}
                for key, old, new, expected, is_flipped in zip(
                    self._keys, self._old.tiers, self._new.tiers, self._new.expected_tiers, flipped, strict=True
                )
                if is_flipped
            ],
        }


@dataclass(frozen=True)
class _Answers:
    """One version's averages [n], tiers and scores, beside those of the labels by the same weights and tiers."""

    averages: Values
    expected: Values
    tiers: list[str]
    expected_tiers: list[str]
    scores: dict[str, Values]
    labels: dict[str, Values]
    is_scored: NDArray[np.bool_]

    @classmethod
    def of(
        cls, results: list[Result], labels: list[Mapping[str, float]], side: Side, fallback: FilterConfig
    ) -> _Answers:
        config = side.config or fallback
        rows = np.array([[float(one[name]) for name in config.dimension_names] for one in labels])
        expected = FinalScores.of(rows, Postfilter(config))
        lowest = config.tiers[-1].name
        return cls(
            averages=np.array([result.average if result.is_scored else LOWEST for result in results]),
            expected=expected.averages,
            tiers=[result.tier if result.is_scored else lowest for result in results],
            expected_tiers=expected.tiers,
            scores={name: _column(name, results) for name in config.dimension_names},
            labels=dict(zip(config.dimension_names, rows.T, strict=True)),
            is_scored=np.array([result.is_scored for result in results]),
        )

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether each article is in the oracle's tier [n]."""
        return np.array([tier == expected for tier, expected in zip(self.tiers, self.expected_tiers, strict=True)])


def _column(name: str, results: list[Result]) -> Values:
    return np.array([(result.scores or {}).get(name, np.nan) for result in results])


def _errors(old: tuple[Values, Values], new: tuple[Values, Values]) -> dict[str, Any]:
    """Return the MAE of both versions (found, expected), and the difference, new minus old."""
    errors = [np.abs(found - expected) for found, expected in (old, new)]
    return {
        "old": bootstrap(mean_absolute_error, *old).to_dict(),
        "new": bootstrap(mean_absolute_error, *new).to_dict(),
        "difference": bootstrap(
            lambda one, other: np.asarray((one - other).mean(axis=-1)), errors[1], errors[0]
        ).to_dict(),
    }
