"""Check the sustainability-technology filter's arithmetic on worked examples: from scores to average, gate and tier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import distillery_filter_sustainability_technology
from distillery.config import FilterConfig
from distillery.scoring.postfilter import Postfilter

CONFIG = FilterConfig.load(Path(distillery_filter_sustainability_technology.__file__).parent)
POSTFILTER = Postfilter(CONFIG)


@pytest.mark.parametrize(
    ("scores", "average", "gatekeeper_applied", "tier"),
    [
        pytest.param([9.0, 7.0, 9.0, 7.0, 7.0, 8.0], 7.8, False, "high_sustainability", id="utility solar, 2020"),
        pytest.param([8.0, 6.0, 3.0, 7.0, 4.0, 7.0], 5.9, False, "medium_high", id="solar, 2005"),
        pytest.param([7.0, 9.0, 4.0, 2.0, 5.0, 3.0], 4.6, False, "medium", id="advanced nuclear"),
        pytest.param([2.0, 0.0, 0.0, 9.0, 0.0, 1.0], 2.9, True, "low", id="geo-engineering idea"),
        pytest.param([9.0, 8.0, 7.0, 0.0, 5.0, 3.0], 4.75, False, "medium", id="coal plant"),
    ],
)
def test_worked_example(scores: list[float], average: float, gatekeeper_applied: bool, tier: str) -> None:
    (outcome,) = POSTFILTER.apply(np.array([scores]))

    assert outcome.weighted_average == average
    assert outcome.gatekeeper_applied is gatekeeper_applied
    assert outcome.tier.name == tier
    assert list(outcome.scores.values()) == scores


@pytest.mark.parametrize(
    ("level", "tier"),
    [(7.0, "high_sustainability"), (5.0, "medium_high"), (3.0, "medium"), (0.0, "low"), (10.0, "high_sustainability")],
)
def test_equal_scores_are_their_own_average_and_a_floor_belongs_to_its_tier(level: float, tier: str) -> None:
    (outcome,) = POSTFILTER.apply(np.full((1, 6), level))

    assert outcome.weighted_average == level
    assert outcome.tier.name == tier


@pytest.mark.parametrize(("gate", "applied"), [(2.999, True), (3.0, False)])
def test_the_gate_is_strict_and_only_lowers(gate: float, applied: bool) -> None:
    place = CONFIG.dimension_names.index("technology_readiness_level")
    strong, weak = np.full((2, 6), [[9.0], [1.0]])
    strong[place] = weak[place] = gate
    outcomes = POSTFILTER.apply(np.array([strong, weak]))

    assert [outcome.gatekeeper_applied for outcome in outcomes] == [applied, False]
    assert (outcomes[0].weighted_average == 2.9) is applied
    assert outcomes[1].tier.name == "low"
