"""What consumers of the legacy format read: the keys of a score's dict, and a scorer's class constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..config import FilterConfig
    from ..students.student import Student
    from .score import Score


def score_to_dict(score: Score) -> dict[str, Any]:
    """Return a score as plain JSON values: the legacy keys with their old meaning, then the newer ones."""
    return {
        "passed_prefilter": score.passed_prefilter,
        "prefilter_reason": score.prefilter_reason,
        "scores": _as_dict(score.scores),
        "weighted_average": score.weighted_average,
        "tier": score.tier,
        "tier_description": score.tier_description,
        "gatekeeper_applied": score.gatekeeper_applied,
        "stage_used": score.stage_used,
        "stage1_estimate": score.stage1_estimate,
        "raw_scores": _as_dict(score.raw_scores),
        "intervals": _as_dict(score.intervals),
        "error": score.error,
        "gate": _gate_to_dict(score.gate),
        "provenance": asdict(score.provenance),
    }


def _gate_to_dict(gate: Score | None) -> dict[str, Any] | None:
    if gate is None:
        return None
    return {
        "filter": gate.provenance.filter,
        "version": gate.provenance.version,
        "weighted_average": gate.weighted_average,
        "tier": gate.tier,
    }


def _as_dict(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else dict(values)


class LegacyConstants:
    """The upper-case constants of a scorer that legacy consumers read; they restate the config."""

    config: FilterConfig
    student: Student

    @property
    def FILTER_NAME(self) -> str:  # noqa: N802
        """The filter's name."""
        return self.config.name

    @property
    def FILTER_VERSION(self) -> str:  # noqa: N802
        """The filter's full version."""
        return self.config.version

    @property
    def DIMENSION_NAMES(self) -> list[str]:  # noqa: N802
        """The dimensions in the order of the student's outputs."""
        return self.config.dimension_names

    @property
    def DIMENSION_WEIGHTS(self) -> dict[str, float]:  # noqa: N802
        """The weight of each dimension."""
        return dict(zip(self.config.dimension_names, self.config.weights, strict=True))

    @property
    def TIER_THRESHOLDS(self) -> list[tuple[str, float, str]]:  # noqa: N802
        """Name, lowest average and description of each tier, highest first."""
        return [(tier.name, tier.at_least, tier.description) for tier in self.config.tiers]

    @property
    def GATEKEEPER_DIMENSION(self) -> str | None:  # noqa: N802
        """The dimension of the first gatekeeper, or None."""
        return self.config.gatekeepers[0].dimension if self.config.gatekeepers else None

    @property
    def GATEKEEPER_MIN(self) -> float | None:  # noqa: N802
        """The score below which the first gatekeeper applies, or None."""
        return self.config.gatekeepers[0].below if self.config.gatekeepers else None

    @property
    def GATEKEEPER_CAP(self) -> float | None:  # noqa: N802
        """The cap of the first gatekeeper, or None."""
        return self.config.gatekeepers[0].cap if self.config.gatekeepers else None

    @property
    def MAX_TOKEN_LENGTH(self) -> int:  # noqa: N802
        """The most tokens of an article that the student reads, special ones counted."""
        return self.student.tokenizer.max_length
