"""Check the arithmetic of the uplifting filter against cases that were worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import distillery_filter_uplifting
from distillery.config import FilterConfig
from distillery.scoring.postfilter import Outcome, Postfilter

POSTFILTER = Postfilter(FilterConfig.load(Path(distillery_filter_uplifting.__file__).parent))

# What it is, six scores in the config's order, average, tier.  None of them is lowered by the gatekeeper.
VECTORS = [
    ("a documented food garden", [7, 7, 2, 7, 5, 6], 6.0, "medium"),
    ("a billionaire's pledge, gated but low already", [3, 1, 1, 2, 2, 2], 2.0, "low"),
    ("a court widens the vote", [4, 5, 9, 9, 9, 9], 7.15, "high"),
    ("an open medical program, verified", [8, 4, 3, 8, 10, 8], 7.3, "high"),
    ("a village clinic", [9, 5, 3, 8, 3, 6], 6.1, "medium"),
    ("a peace treaty", [7, 9, 8, 9, 8, 8], 8.1, "high"),
    ("a worldwide campaign, vague", [2, 3, 2, 4, 9, 2], 3.95, "low"),
    ("software may cure a disease", [1, 0, 0, 0, 2, 0], 0.65, "low"),
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


# Added up from left to right in binary, six times 4.0 gives 3.9999999999999996 and six times 7.0 7.000000000000001.
@pytest.mark.parametrize(("value", "tier"), [(4.0, "medium"), (7.0, "high"), (3.9375, "low"), (6.9375, "medium")])
def test_the_same_score_everywhere_is_the_average(value: float, tier: str) -> None:
    outcome = judged([value] * 6)
    assert outcome.weighted_average == value
    assert outcome.tier.name == tier


@pytest.mark.parametrize(
    ("evidence", "average", "applied"),
    [(2.875, 3.0, True), (3.0, 7.2, False), (0.0, 3.0, True)],
    ids=["just below the floor", "at the floor", "none"],
)
def test_unverified_outcomes_are_capped(evidence: float, average: float, applied: bool) -> None:
    outcome = judged([9, 9, 6, evidence, 9, 6])
    assert outcome.weighted_average == average
    assert outcome.gatekeeper_applied is applied
    assert outcome.scores["human_wellbeing_impact"] == 9.0


def test_a_gate_that_lowers_nothing_is_not_reported() -> None:
    outcome = judged([3.5, 3.5, 3.0, 2.0, 3.5, 2.0])
    assert outcome.weighted_average == 3.0
    assert not outcome.gatekeeper_applied
