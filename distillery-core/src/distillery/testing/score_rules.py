"""A score follows from the config: ranges, average, tier, intervals, probabilities, provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise

import numpy as np

from ..config import FilterConfig
from ..config.scale import AVERAGE, HIGHEST, LOWEST
from ..plugins.manager import core_version
from ..scoring.flags import FLAGS
from ..scoring.postfilter import Postfilter
from ..scoring.score import Provenance, Score

AVERAGE_TOLERANCE = 1e-6

Scores = Mapping[str, Score]


def range_faults(config: FilterConfig, scores: Scores) -> list[str]:
    """Return each article and dimension without a number from 0 to 10."""
    faults = []
    for article, score in scores.items():
        found = score.scores or {}
        if list(found) != config.dimension_names:
            faults.append(f"article '{article}' has scores of {list(found)} ({score.error}), not of the dimensions.")
        faults += [
            f"article '{article}': {name} is {value}.  Every score must be a number from 0 to 10."
            for name, value in found.items()
            if not LOWEST <= value <= HIGHEST
        ]
    return faults


def arithmetic_faults(config: FilterConfig, scores: Scores) -> list[str]:
    """Compute average, gatekeeper and tier from the scores; return where a score says otherwise."""
    postfilter = Postfilter(config)
    faults = []
    for article, score in scores.items():
        (right,) = postfilter.apply(np.array([list((score.scores or {}).values())], dtype=np.float64))
        facts = {
            AVERAGE: (score.weighted_average, right.weighted_average),
            "tier": (score.tier, right.tier.name),
            "tier_description": (score.tier_description, right.tier.description),
            "gatekeeper_applied": (score.gatekeeper_applied, right.gatekeeper_applied),
        }
        faults += [
            f"article '{article}': {name} is {found}, but weights, gatekeepers and tiers of config.yaml give {wanted}."
            for name, (found, wanted) in facts.items()
            if not _equal(found, wanted)
        ]
    return faults


def interval_faults(scores: Scores) -> list[str]:
    """Return each interval that is not within the scale or does not contain its score."""
    faults = []
    for article, score in scores.items():
        values = {**(score.scores or {}), AVERAGE: score.weighted_average}
        for name, (low, high) in (score.intervals or {}).items():
            value = values.get(name)
            if value is None or not LOWEST <= low <= value <= high <= HIGHEST:
                faults.append(
                    f"article '{article}': the interval of {name} is {low} to {high}, its score {value}.  "
                    f"An interval must contain its score and be within 0 to 10."
                )
    return faults


def probability_faults(config: FilterConfig, scores: Scores) -> list[str]:
    """Return where probabilities are absent in part, not of the tiers, or contradict each other."""
    names = [tier.name for tier in config.tiers]
    faults = []
    for article, score in scores.items():
        stated = score.tier_probabilities, score.positive_probability, score.confidence
        if stated == (None, None, None):
            continue
        if None in stated or score.tier not in names or list(score.tier_probabilities or {}) != names:
            faults.append(
                f"article '{article}': tier_probabilities, positive_probability and confidence are {stated}.  "
                f"A score has all three or none, and a probability for each of the tiers {', '.join(names)}."
            )
            continue
        values = [0.0, *(score.tier_probabilities or {}).values()]
        own = names.index(score.tier)
        if not all(low <= high <= 1 for low, high in pairwise(values)) or values[-1] != 1:
            faults.append(
                f"article '{article}': tier_probabilities are {values[1:]}; they must rise from tier to tier, to 1."
            )
        if not _equal(score.confidence, values[own + 1] - values[own]):
            faults.append(
                f"article '{article}': confidence is {score.confidence}; the probabilities of its tier {score.tier} "
                f"and the one above give {values[own + 1] - values[own]}."
            )
        if not 0 <= (score.positive_probability or 0.0) <= 1:
            faults.append(
                f"article '{article}': positive_probability is {score.positive_probability}, not from 0 to 1."
            )
    return faults


def flag_faults(scores: Scores) -> list[str]:
    """Return the flags of scores that consumers do not know."""
    return [
        f"article '{article}': the flag '{flag}' is none of {', '.join(FLAGS)}."
        for article, score in scores.items()
        for flag in score.flags
        if flag not in FLAGS
    ]


def provenance_faults(config: FilterConfig, provenance: Provenance) -> list[str]:
    """Return each fact of a provenance that is empty, or differs from the config or the core."""
    student = config.student(provenance.student)
    expected = {
        "filter": config.name,
        "version": config.version,
        "core_version": core_version(),
        "weights_sha256": student.weights_sha256,
    }
    not_named = {name for name in ("calibration", "encoder") if getattr(student, name) is None}
    not_named |= {"probe_sha256", "embedder", "operating_point"}  # a scorer loaded by its name alone has none
    return [
        f"provenance.{name} is {found!r}; it must be {expected.get(name, 'given')!r}."
        for name, found in asdict(provenance).items()
        if found != expected.get(name, found) or (not found and name not in not_named)
    ]


def _equal(found: object, wanted: object) -> bool:
    if isinstance(found, float) and isinstance(wanted, float):
        return abs(found - wanted) <= AVERAGE_TOLERANCE
    return found == wanted
