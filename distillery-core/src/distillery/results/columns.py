"""The columns of results in a table: one place for Parquet, CSV and data frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..names import column_of

if TYPE_CHECKING:
    from ..scoring.score import Score

TEXT, NUMBER, COUNT, FLAG = "text", "number", "count", "flag"
LOW, HIGH = 0, 1
AVERAGE = "weighted_average"


@dataclass(frozen=True)
class FilterColumns:
    """The columns of one filter: a row per article, every name starting with the filter's.

    ``tiers`` are the names of its tiers, the highest first; the lowest has no column, as every article is in it or
    above.
    """

    filter: str
    dimensions: Sequence[str]
    tiers: Sequence[str]

    @property
    def kinds(self) -> dict[str, str]:
        """Return the columns in order, each with what it holds: text, a number or a flag."""
        names = {"passed_prefilter": FLAG, "prefilter_reason": TEXT, AVERAGE: NUMBER}
        names |= dict.fromkeys(_interval_names(AVERAGE), NUMBER)
        names |= {"tier": TEXT, "confidence": NUMBER, "positive_probability": NUMBER, "flags": TEXT}
        names |= {_probability_name(tier): NUMBER for tier in self.tiers[:-1]}
        names |= {"gatekeeper_applied": FLAG, "stage_used": TEXT, "stage1_estimate": NUMBER}
        for dimension in self.dimensions:
            names |= dict.fromkeys((f"score_{dimension}", *_interval_names(f"score_{dimension}")), NUMBER)
        names |= dict.fromkeys(("error", "version", "student", "weights_sha256", "backend", "operating_point"), TEXT)
        return {f"{self._prefix}_{name}": kind for name, kind in names.items()}

    def row(self, score: Score) -> dict[str, Any]:
        """Return the values of one score by column; what is not known is None."""
        origin = score.provenance
        found: dict[str, Any] = {
            "passed_prefilter": score.passed_prefilter,
            "prefilter_reason": text(score.prefilter_reason),
            AVERAGE: score.weighted_average,
            "tier": score.tier,
            "confidence": score.confidence,
            "positive_probability": score.positive_probability,
            "flags": " ".join(score.flags) or None,
            "gatekeeper_applied": score.gatekeeper_applied,
            "stage_used": score.stage_used,
            "stage1_estimate": score.stage1_estimate,
            "error": text(score.error),
            "version": origin.version,
            "student": origin.student,
            "weights_sha256": origin.weights_sha256,
            "backend": origin.backend,
            "operating_point": origin.operating_point,
        }
        found |= {_probability_name(tier): (score.tier_probabilities or {}).get(tier) for tier in self.tiers[:-1]}
        found |= _interval(AVERAGE, score, AVERAGE)
        for dimension in self.dimensions:
            found[f"score_{dimension}"] = (score.scores or {}).get(dimension)
            found |= _interval(f"score_{dimension}", score, dimension)
        return {f"{self._prefix}_{name}": value for name, value in found.items()}

    @property
    def _prefix(self) -> str:
        return column_of(self.filter)


def arrow_schema(kinds: Iterable[tuple[str, str]]) -> Any:
    """Return the Arrow schema of columns (name, kind)."""
    import pyarrow as pa

    types = {TEXT: pa.string(), NUMBER: pa.float64(), COUNT: pa.int64(), FLAG: pa.bool_()}
    return pa.schema([(name, types[kind]) for name, kind in kinds])


def text(value: str | int | None) -> str | None:
    """Return a value as text that UTF-8 can hold."""
    return None if value is None else str(value).encode("utf-8", "replace").decode("utf-8")


def _probability_name(tier: str) -> str:
    return f"probability_{column_of(tier)}"


def _interval_names(name: str) -> tuple[str, str]:
    return f"{name}_low", f"{name}_high"


def _interval(name: str, score: Score, dimension: str) -> dict[str, float | None]:
    interval = (score.intervals or {}).get(dimension)
    low, high = _interval_names(name)
    return {low: interval[LOW] if interval else None, high: interval[HIGH] if interval else None}
