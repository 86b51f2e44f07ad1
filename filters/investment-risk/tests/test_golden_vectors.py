"""Check the investment-risk filter's arithmetic on worked examples: from scores to average, gate and tier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import distillery_filter_investment_risk
from distillery.config import FilterConfig
from distillery.scoring.postfilter import Postfilter

CONFIG = FilterConfig.load(Path(distillery_filter_investment_risk.__file__).parent)
POSTFILTER = Postfilter(CONFIG)


@pytest.mark.parametrize(
    ("scores", "average", "gatekeeper_applied", "tier"),
    [
        pytest.param([9.0, 8.0, 9.0, 8.0, 7.0, 8.0], 8.2, False, "high", id="bank failure"),
        pytest.param([9.0, 2.0, 9.0, 7.0, 8.0, 6.0], 6.5, False, "medium_high", id="central-bank preview"),
        pytest.param([2.0, 3.0, 9.0, 1.0, 2.0, 2.0], 2.9, True, "low", id="meme coin"),
        pytest.param([2.0, 3.0, 8.0, 2.0, 2.0, 2.0], 2.9, True, "low", id="share tips"),
        pytest.param([1.0, 2.0, 9.0, 6.0, 1.0, 1.0], 3.2, False, "medium", id="one company misses its earnings"),
        pytest.param([10.0, 10.0, 0.0, 9.0, 10.0, 1.0], 7.45, False, "high", id="crisis of 2008, looking back"),
    ],
)
def test_worked_example(scores: list[float], average: float, gatekeeper_applied: bool, tier: str) -> None:
    (outcome,) = POSTFILTER.apply(np.array([scores]))

    assert outcome.weighted_average == average
    assert outcome.gatekeeper_applied is gatekeeper_applied
    assert outcome.tier.name == tier
    assert list(outcome.scores.values()) == scores


@pytest.mark.parametrize(
    ("level", "average", "tier"),
    [(10.0, 10.0, "high"), (7.0, 7.0, "high"), (5.0, 5.0, "medium_high"), (3.0, 2.9, "low"), (0.0, 0.0, "low")],
)
def test_equal_scores_are_their_own_average_unless_the_gate_caps_them(level: float, average: float, tier: str) -> None:
    (outcome,) = POSTFILTER.apply(np.full((1, 6), level))

    assert outcome.weighted_average == average
    assert outcome.tier.name == tier


def test_the_floor_of_medium_belongs_to_medium() -> None:
    (outcome,) = POSTFILTER.apply(np.array([[3.0, 3.0, 3.0, 4.0, 3.0, 1.5]]))

    assert outcome.weighted_average == 3.0
    assert outcome.tier.name == "medium"


@pytest.mark.parametrize(("gate", "applied"), [(3.999, True), (4.0, False)])
def test_the_gate_is_strict_and_only_lowers(gate: float, applied: bool) -> None:
    place = CONFIG.dimension_names.index("evidence_quality")
    strong, weak = np.full((2, 6), [[9.0], [1.0]])
    strong[place] = weak[place] = gate
    outcomes = POSTFILTER.apply(np.array([strong, weak]))

    assert [outcome.gatekeeper_applied for outcome in outcomes] == [applied, False]
    assert (outcomes[0].weighted_average == 2.9) is applied
    assert outcomes[1].tier.name == "low"
