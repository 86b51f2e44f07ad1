"""Score: what a filter says of one article."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .display import score_html, score_text

INVALID_ARTICLE = "Invalid article"

# Which stage made the score: the probe alone, or the student.
STAGE_1, STAGE_2 = "stage1", "stage2"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a score, exactly enough to make it again.

    ``encoder`` is name and version of the shared encoder, None for a student with an adapter of its own.
    ``calibration`` is that of the student or the probe, whichever made the score, None if its output is taken as it is.
    ``probe_sha256`` and ``embedder`` (its fingerprint) are those of Stage 1, None without one. ``operating_point`` is
    the one that the tier follows, None where it follows the tiers of config.yaml.
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
    operating_point: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Score:
    """The result for one article.

    ``scores`` maps each dimension, in the filter's order, to 0-10 after calibration, ``raw_scores`` to the model's own
    output. ``intervals`` maps each dimension and the weighted average to (low, high). ``tier_probabilities`` maps each
    tier, the highest first, to the probability that the oracle puts the article in it or above, and ``confidence`` is
    the probability that the oracle's tier is ``tier``. ``positive_probability`` is that of the oracle's average being
    at the filter's ``positive_from`` or above. ``stage_used`` is the stage that made the score and ``stage1_estimate``
    the probe's average before calibration, both None without a Stage 1. ``flags`` say why the article is out of the
    filter's scope: ``unseen_language``, ``short_text``, ``unfamiliar_text``. ``gate`` is the score of the gate that set
    the article aside. All values are None where no model ran, or where the filter's calibration does not give them.
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
    tier_probabilities: Mapping[str, float] | None = None
    positive_probability: float | None = None
    confidence: float | None = None
    flags: tuple[str, ...] = ()
    error: str | None = None
    gate: Score | None = None

    @classmethod
    def make_blocked(cls, provenance: Provenance, reason: str) -> Score:
        """Return the result for an article that the prefilter set aside."""
        return cls(provenance, passed_prefilter=False, prefilter_reason=reason)

    @classmethod
    def make_gated(cls, provenance: Provenance, reason: str, gate: Score) -> Score:
        """Return the result for an article that a gate set aside, with the gate's own score."""
        return cls(provenance, passed_prefilter=False, prefilter_reason=reason, gate=gate)

    @classmethod
    def make_invalid(cls, provenance: Provenance, error: str) -> Score:
        """Return the result for an article that cannot be read."""
        return cls(provenance, passed_prefilter=False, prefilter_reason=f"{INVALID_ARTICLE}: {error}", error=error)

    @classmethod
    def make_failed(cls, provenance: Provenance, error: str) -> Score:
        """Return the result for an article that was read but could not be scored."""
        return cls(provenance, passed_prefilter=True, error=error)

    @property
    def failed(self) -> bool:
        """Whether there is no score because of an error; ``error`` says which."""
        return self.error is not None

    @property
    def invalid(self) -> bool:
        """Whether the article could not be read; such a score is also ``failed``."""
        return self.failed and not self.passed_prefilter

    @property
    def blocked(self) -> bool:
        """Whether a rule or a gate set the article aside; ``prefilter_reason`` says which."""
        return not self.failed and not self.passed_prefilter

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values: the legacy keys first, then the newer ones."""
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
            "tier_probabilities": _as_dict(self.tier_probabilities),
            "positive_probability": self.positive_probability,
            "confidence": self.confidence,
            "flags": list(self.flags),
            "error": self.error,
            "gate": self.gate
            and {
                "filter": self.gate.provenance.filter,
                "version": self.gate.provenance.version,
                "weighted_average": self.gate.weighted_average,
                "tier": self.gate.tier,
            },
            "provenance": asdict(self.provenance),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Score:
        """Return the score that `to_dict` turned into plain values, such as one result of a JSON Lines file.

        Of the gate's score only what `to_dict` keeps comes back. Raises KeyError for a dict without a provenance::

            score = Score.from_dict(json.loads(line)["results"]["uplifting"])
        """
        values = {name: value for name, value in data.items() if name in cls.__dataclass_fields__}
        intervals = values.get("intervals")
        gate = values.get("gate")
        return cls(
            **values
            | {
                "provenance": Provenance(**data["provenance"]),
                "intervals": intervals and {name: (low, high) for name, (low, high) in intervals.items()},
                "flags": tuple(values.get("flags") or ()),
                "gate": gate and _gate_of(gate),
            }
        )

    def __repr__(self) -> str:
        return score_text(self.to_dict())

    def _repr_html_(self) -> str:
        """Return a table for notebooks."""
        return score_html(self.to_dict())


def _gate_of(data: Mapping[str, Any]) -> Score:
    """Return a gate's score with what a dict keeps of it; the rest of its provenance is empty."""
    unknown = dict.fromkeys(("core_version", "student", "weights_sha256", "backend"), "")
    provenance = Provenance(filter=data["filter"], version=data["version"], calibration=None, **unknown)
    return Score(provenance, passed_prefilter=True, weighted_average=data["weighted_average"], tier=data["tier"])


def _as_dict(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else dict(values)
