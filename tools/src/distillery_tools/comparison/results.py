"""Result and Side: what one version of a filter says of each article."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distillery import FilterBaseScorer, FilterConfig, InputFileError
from distillery.toolkit import kind_of_reason

SCORED, SET_ASIDE, FAILED = "scored", "set aside", "failed"


@dataclass(frozen=True)
class Result:
    """One article's result: scores from 0 to 10 by dimension, or the reason why there are none."""

    scores: Mapping[str, float] | None
    average: float
    tier: str
    intervals: Mapping[str, tuple[float, float]]
    reason: str | None
    error: str | None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Result:
        """Return the result that `Score.to_dict` describes; raise InputFileError if it has neither scores nor a reason.

        The average of an article that has no score is 0.
        """
        scores, average, error = data.get("scores"), data.get("weighted_average"), data.get("error")
        is_scored = isinstance(scores, Mapping) and isinstance(average, (int, float))
        if not is_scored and error is None and data.get("passed_prefilter") is not False:
            raise InputFileError(f"a result has neither scores nor an error: {dict(data)!s:.80}")
        return cls(
            scores=scores if is_scored else None,
            average=float(average or 0.0),
            tier=str(data.get("tier")),
            intervals=data.get("intervals") or {},
            reason=data.get("prefilter_reason"),
            error=error,
        )

    @property
    def outcome(self) -> str:
        """What became of the article: scored, set aside for a reason, or failed."""
        if self.error is not None:
            return FAILED
        return SCORED if self.scores is not None else f"{SET_ASIDE}: {kind_of_reason(str(self.reason))}"

    @property
    def is_scored(self) -> bool:
        """Whether there are scores."""
        return self.outcome == SCORED

    @property
    def is_set_aside(self) -> bool:
        """Whether rules or a gate set the article aside."""
        return self.outcome.startswith(SET_ASIDE)

    def numbers(self) -> dict[str, float]:
        """Return every number of a scored article by name: dimensions, the weighted average, ends of intervals."""
        found = {**(self.scores or {}), "weighted_average": self.average}
        for name, (low, high) in self.intervals.items():
            found |= {f"{name} (low end)": low, f"{name} (high end)": high}
        return found


@dataclass(frozen=True)
class Side:
    """One version of a filter: where it is from, what it is, and its results by the article's key.

    ``config`` and ``scorer`` are None for a file of scores.
    """

    source: str
    filter: str
    version: str
    provenance: Mapping[str, Any]
    results: Mapping[str, Result]
    config: FilterConfig | None = None
    scorer: FilterBaseScorer | None = None

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.filter} {self.version}"

    @property
    def dimensions(self) -> list[str]:
        """The dimensions in the filter's order."""
        if self.config is not None:
            return self.config.dimension_names
        return list(next((result.scores for result in self.results.values() if result.scores is not None), {}))

    def to_dict(self) -> dict[str, Any]:
        """Return what the side is and how many articles it scored, for JSON."""
        results = self.results.values()
        return {
            "source": self.source,
            "version": self.version,
            "provenance": dict(self.provenance),
            "n_scored": sum(result.is_scored for result in results),
            "n_set_aside": sum(result.is_set_aside for result in results),
            "n_failed": sum(result.error is not None for result in results),
        }
