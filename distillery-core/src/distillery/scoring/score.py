"""Score: what a filter says of one article."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

INVALID_ARTICLE = "Invalid article"

# What decided: the probe alone, or the student.
STAGE_1, STAGE_2 = "stage1", "stage2"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a score, exactly enough to make it again.

    ``encoder`` is name and version of the shared encoder, None for a student with an adapter of its own.
    ``calibration`` is that of what decided, the student or the probe, None if its output is taken as it is.
    ``probe_sha256`` and ``embedder`` (its fingerprint) are those of Stage 1, None without one.
    """

    filter: str
    version: str
    core_version: str
    student: str
    weights_sha256: str
    calibration: str | None
    backend: str
    encoder: str | None = None
    probe_sha256: str | None = None
    embedder: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """The result for one article.

    ``scores`` and ``raw_scores`` map each dimension, in the filter's order, to 0-10 after
    calibration and to the own output of what decided, student or probe. ``stage1_estimate`` is the probe's average
    before calibration, on which it was decided who decides. All values are None where no model ran.
    """

    provenance: Provenance
    passed_prefilter: bool
    prefilter_reason: str | None = None
    scores: Mapping[str, float] | None = None
    weighted_average: float | None = None
    tier: str | None = None
    tier_description: str | None = None
    gatekeeper_applied: bool = False
    stage_used: str | None = None
    stage1_estimate: float | None = None
    raw_scores: Mapping[str, float] | None = None
    intervals: Mapping[str, tuple[float, float]] | None = None
    error: str | None = None

    @classmethod
    def blocked(cls, provenance: Provenance, reason: str) -> Score:
        """Return the result for an article that the prefilter set aside."""
        return cls(provenance, passed_prefilter=False, prefilter_reason=reason)

    @classmethod
    def invalid(cls, provenance: Provenance, error: str) -> Score:
        """Return the result for an article that cannot be read."""
        return cls(provenance, passed_prefilter=False, prefilter_reason=f"{INVALID_ARTICLE}: {error}", error=error)

    @classmethod
    def failed(cls, provenance: Provenance, error: str) -> Score:
        """Return the result for an article that was read but could not be scored."""
        return cls(provenance, passed_prefilter=True, error=error)

    def to_dict(self) -> dict[str, Any]:
        """Return the predecessor's keys with their old meaning and, after them, the new ones."""
        return {
            "passed_prefilter": self.passed_prefilter,
            "prefilter_reason": self.prefilter_reason,
            "scores": _as_dict(self.scores),
            "weighted_average": self.weighted_average,
            "tier": self.tier,
            "tier_description": self.tier_description,
            "gatekeeper_applied": self.gatekeeper_applied,
            "stage_used": self.stage_used,
            "stage1_estimate": self.stage1_estimate,
            "raw_scores": _as_dict(self.raw_scores),
            "intervals": _as_dict(self.intervals),
            "error": self.error,
            "provenance": asdict(self.provenance),
        }


def _as_dict(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else dict(values)
