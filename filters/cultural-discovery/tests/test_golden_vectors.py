"""Check the arithmetic of the cultural-discovery filter against cases that were worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import distillery_filter_cultural_discovery
from distillery.config import FilterConfig
from distillery.scoring.postfilter import Outcome, Postfilter

POSTFILTER = Postfilter(FilterConfig.load(Path(distillery_filter_cultural_discovery.__file__).parent))

# What it is, five scores in the config's order, average, tier.  None of them is lowered by the gatekeeper.
VECTORS = [
    ("ancient DNA proves a contact", [9, 8, 10, 6, 9], 8.6, "high"),
    ("a temple under the forest", [9, 8, 4, 5, 8], 6.8, "medium"),
    ("music that two peoples share, at the boundary", [5, 7, 9, 8, 6], 7.0, "high"),
    ("ten temples to see", [1, 3, 2, 2, 3], 2.1, "low"),
    ("visitors from space, gated but low already", [2, 5, 3, 4, 0], 2.85, "low"),
]


def judged(scores: list[float]) -> Outcome:
    """Return the outcome of one article."""
    return POSTFILTER.apply(np.array([scores], dtype=np.float32))[0]


@pytest.mark.parametrize(("scores", "average", "tier"), [row[1:] for row in VECTORS], ids=[row[0] for row in VECTORS])
def test_golden_vector(scores: list[float], average: float, tier: str) -> None:
    outcome = judged(scores)
    assert outcome.weighted_average == average
    assert outcome.tier.name == tier
    assert not outcome.gatekeeper_applied


def test_company_changes_nothing() -> None:
    batch = POSTFILTER.apply(np.array([scores for _, scores, _, _ in VECTORS], dtype=np.float32))
    assert [outcome.weighted_average for outcome in batch] == [average for _, _, average, _ in VECTORS]


@pytest.mark.parametrize(("value", "tier"), [(4.0, "medium"), (7.0, "high"), (3.9375, "low"), (6.9375, "medium")])
def test_the_same_score_everywhere_is_the_average(value: float, tier: str) -> None:
    outcome = judged([value] * 5)
    assert outcome.weighted_average == value
    assert outcome.tier.name == tier


@pytest.mark.parametrize(
    ("evidence", "average", "applied"),
    [(2.875, 3.0, True), (3.0, 6.85, False), (0.0, 3.0, True)],
    ids=["just below the floor", "at the floor", "none"],
)
def test_unresearched_discoveries_are_capped(evidence: float, average: float, applied: bool) -> None:
    outcome = judged([9, 9, 7, 4, evidence])
    assert outcome.weighted_average == average
    assert outcome.gatekeeper_applied is applied
    assert outcome.scores["discovery_novelty"] == 9.0


def test_a_gate_that_lowers_nothing_is_not_reported() -> None:
    outcome = judged([3, 3, 3, 4, 2])
    assert outcome.weighted_average == 3.0
    assert not outcome.gatekeeper_applied
