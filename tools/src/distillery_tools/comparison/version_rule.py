"""The version that a change of scores asks for; the only place of the rule.

Why: docs/decisions/versions.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from packaging.version import Version

from distillery import FilterConfig

# On the 0-10 scale. What float32 gives on another machine moves less than the first.
MOVED = 0.001
MEAN_MOVED = 0.1
# From so many labelled articles on, the error against labels counts.
MIN_LABELLED = 50


class Change(IntEnum):
    """What a new version number says, or has to say, of the scores."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def word(self) -> str:
        """The change in lower case."""
        return self.name.lower()


@dataclass(frozen=True)
class Evidence:
    """What the rule looks at.

    ``meaning`` has the differences between both configs in what scores mean. ``mean_shift`` is that of the weighted
    average, ``error_change`` that of its MAE against the oracle's labels, None without enough labels. ``largest_move``
    and ``moved`` are the largest distance between two numbers and where it is. ``n_outcomes`` counts articles that are
    not scored, or not set aside, by both; ``n_flips`` those in another tier.
    """

    meaning: Sequence[str] = ()
    mean_shift: float = 0.0
    error_change: float | None = None
    largest_move: float = 0.0
    moved: str = ""
    n_flips: int = 0
    n_outcomes: int = 0


@dataclass(frozen=True)
class Verdict:
    """Which change the scores ask for, by which rule, and which the version numbers state."""

    required: Change
    reason: str
    stated: Change
    old: str
    new: str

    @property
    def is_sufficient(self) -> bool:
        """Whether the new version's number promises no more than the scores keep."""
        is_newer = Version(self.new) >= Version(self.old)
        return is_newer and (self.stated >= self.required or self.required == Change.PATCH)

    @property
    def lowest_version(self) -> str:
        """The lowest version number that says what changed."""
        major, minor, micro = _parts(self.old)
        if self.required == Change.MAJOR:
            return f"{major + 1}.0.0"
        return f"{major}.{minor + 1}.0" if self.required == Change.MINOR else f"{major}.{minor}.{micro + 1}"

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict for JSON."""
        return {
            "required": self.required.word,
            "reason": self.reason,
            "stated": self.stated.word,
            "is_sufficient": self.is_sufficient,
            "lowest_version": self.lowest_version,
        }


def verdict(evidence: Evidence, old: str, new: str) -> Verdict:
    """Apply the rule to what was found between two versions."""
    required, reason = required_change(evidence)
    return Verdict(required, reason, stated_change(old, new), old, new)


def required_change(evidence: Evidence) -> tuple[Change, str]:
    """Return the least change that the new version must state, and why."""
    if evidence.meaning:
        return Change.MAJOR, f"the meaning of scores changed: {'; '.join(evidence.meaning)}"
    mean = f"the mean of the weighted average moved by {evidence.mean_shift:+.3f}"
    if evidence.error_change is not None:
        mean += f", its error against the labels by {evidence.error_change:+.3f}"
    # What scores mean is the oracle's scale: a student that is as near to it as before keeps the meaning.
    if abs(evidence.mean_shift) > MEAN_MOVED and (evidence.error_change is None or evidence.error_change > 0):
        return Change.MAJOR, f"{mean}; the limit for the mean is {MEAN_MOVED:g}"
    if evidence.n_outcomes:
        return Change.MINOR, f"{evidence.n_outcomes} article(s) are scored or set aside by one version only"
    if evidence.n_flips:
        return Change.MINOR, f"{evidence.n_flips} article(s) changed their tier; {mean}"
    if evidence.largest_move > MOVED:
        return Change.MINOR, f"{evidence.moved} moved by {evidence.largest_move:.4f}, more than {MOVED:g}; {mean}"
    return Change.PATCH, f"no number moved by more than {MOVED:g}"


def stated_change(old: str, new: str) -> Change:
    """Return what two version numbers say of the change between them."""
    before, after = _parts(old), _parts(new)
    places = zip(before, after, (Change.MAJOR, Change.MINOR, Change.PATCH), strict=True)
    return next((change for one, other, change in places if one != other), Change.NONE)


def meaning_differences(old: FilterConfig, new: FilterConfig) -> list[str]:
    """Return how two configs differ in what scores mean: dimensions, weights, tiers, gatekeepers."""
    before, after = _meaning(old), _meaning(new)
    return [f"other {name}" for name in before if before[name] != after[name]]


def _meaning(config: FilterConfig) -> dict[str, object]:
    return {
        "dimensions": set(config.dimension_names),
        "weights": dict(zip(config.dimension_names, config.weights, strict=True)),
        "tiers": {tier.name: tier.at_least for tier in config.tiers},
        "gatekeepers": {(gate.dimension, gate.below, gate.cap) for gate in config.gatekeepers},
    }


def _parts(version: str) -> tuple[int, int, int]:
    parsed = Version(version)
    return parsed.major, parsed.minor, parsed.micro
