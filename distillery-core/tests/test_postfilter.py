"""Postfilter: the golden vectors of the four filters, and the laws of the arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillery.config import FilterConfig
from distillery.scoring.postfilter import Outcome, Postfilter

# Weights, tiers and gate of four legacy filters, dimensions in the students' order.
FILTERS: dict[str, dict[str, Any]] = {
    "uplifting": {
        "weights": {
            "human_wellbeing_impact": 0.25,
            "social_cohesion_impact": 0.15,
            "justice_rights_impact": 0.10,
            "evidence_level": 0.20,
            "benefit_distribution": 0.20,
            "change_durability": 0.10,
        },
        "tiers": {"high": 7.0, "medium": 4.0, "low": 0.0},
        "gate": ("evidence_level", 3.0, 3.0),
    },
    "sustainability-technology": {
        "weights": {
            "technology_readiness_level": 0.15,
            "technical_performance": 0.15,
            "economic_competitiveness": 0.20,
            "life_cycle_environmental_impact": 0.30,
            "social_equity_impact": 0.10,
            "governance_systemic_impact": 0.10,
        },
        "tiers": {"high_sustainability": 7.0, "medium_high": 5.0, "medium": 3.0, "low": 0.0},
        "gate": ("technology_readiness_level", 3.0, 2.9),
    },
    "investment-risk": {
        "weights": {
            "risk_domain_type": 0.20,
            "severity_magnitude": 0.25,
            "materialization_timeline": 0.15,
            "evidence_quality": 0.15,
            "impact_breadth": 0.15,
            "retail_actionability": 0.10,
        },
        "tiers": {"high": 7.0, "medium_high": 5.0, "medium": 3.0, "low": 0.0},
        "gate": ("evidence_quality", 4.0, 2.9),
    },
    "cultural-discovery": {
        "weights": {
            "discovery_novelty": 0.25,
            "heritage_significance": 0.20,
            "cross_cultural_connection": 0.25,
            "human_resonance": 0.15,
            "evidence_quality": 0.15,
        },
        "tiers": {"high": 7.0, "medium": 4.0, "low": 0.0},
        "gate": ("evidence_quality", 3.0, 3.0),
    },
}

GOLDEN = [
    ("uplifting", "food garden", [7, 7, 2, 7, 5, 6], 6.00, "medium", False),
    ("uplifting", "pledge only", [3, 1, 1, 2, 2, 2], 2.00, "low", False),
    ("uplifting", "court widens the vote", [4, 5, 9, 9, 9, 9], 7.15, "high", False),
    ("uplifting", "open medical AI", [8, 4, 3, 8, 10, 8], 7.30, "high", False),
    ("uplifting", "village clinic", [9, 5, 3, 8, 3, 6], 6.10, "medium", False),
    ("uplifting", "peace treaty", [7, 9, 8, 9, 8, 8], 8.10, "high", False),
    ("uplifting", "vague global campaign", [2, 3, 2, 4, 9, 2], 3.95, "low", False),
    ("uplifting", "AI may cure", [1, 0, 0, 0, 2, 0], 0.65, "low", False),
    ("sustainability-technology", "utility solar 2020", [9, 7, 9, 7, 7, 8], 7.80, "high_sustainability", False),
    ("sustainability-technology", "solar 2005", [8, 6, 3, 7, 4, 7], 5.90, "medium_high", False),
    ("sustainability-technology", "advanced nuclear", [7, 9, 4, 2, 5, 3], 4.60, "medium", False),
    ("sustainability-technology", "geo-engineering idea", [2, 0, 0, 9, 0, 1], 2.90, "low", True),
    ("sustainability-technology", "coal plant", [9, 8, 7, 0, 5, 3], 4.75, "medium", False),
    ("investment-risk", "bank failure 2023", [9, 8, 9, 8, 7, 8], 8.20, "high", False),
    ("investment-risk", "central-bank preview", [9, 2, 9, 7, 8, 6], 6.50, "medium_high", False),
    ("investment-risk", "meme coin", [2, 3, 9, 1, 2, 2], 2.90, "low", True),
    ("investment-risk", "stock tips", [2, 3, 8, 2, 2, 2], 2.90, "low", True),
    ("investment-risk", "single earnings miss", [1, 2, 9, 6, 1, 1], 3.20, "medium", False),
    ("investment-risk", "2008 retrospective", [10, 10, 0, 9, 10, 1], 7.45, "high", False),
    ("cultural-discovery", "DNA contact", [9, 8, 10, 6, 9], 8.60, "high", False),
    ("cultural-discovery", "Maya temple", [9, 8, 4, 5, 8], 6.80, "medium", False),
    ("cultural-discovery", "heritage music", [5, 7, 9, 8, 6], 7.00, "high", False),
    ("cultural-discovery", "top-10 temples", [1, 3, 2, 2, 3], 2.10, "low", False),
    ("cultural-discovery", "aliens and pyramids", [2, 5, 3, 4, 0], 2.85, "low", False),
]


def config_of(name: str, *, gated: bool = True) -> FilterConfig:
    facts = FILTERS[name]
    dimension, below, cap = facts["gate"]
    sha256 = {"adapter_model.safetensors": "0" * 64, "adapter_config.json": "0" * 64}
    files = ["config.json", "model.safetensors", "tokenizer.json"]
    base = {"model": "acme/tiny", "sha256": dict.fromkeys(files, "0" * 64)}
    return FilterConfig.parse(
        {
            "name": name,
            "version": "1.0.0",
            "requires_core": ">=1.0,<2",
            "summary": "",
            "dimensions": [{"name": n, "weight": w, "description": ""} for n, w in facts["weights"].items()],
            "tiers": [{"name": n, "at_least": floor, "description": n.upper()} for n, floor in facts["tiers"].items()],
            "gatekeepers": [{"dimension": dimension, "below": below, "cap": cap, "reason": ""}] if gated else [],
            "students": {"compact": {"base": base, "adapter": "student", "sha256": sha256, "pooling": "mean"}},
            "default_student": "compact",
            "oracle": {"prompt": "prompt.md"},
        }
    )


POSTFILTERS = {name: Postfilter(config_of(name)) for name in FILTERS}
UNGATED = {name: Postfilter(config_of(name, gated=False)) for name in FILTERS}

names = st.sampled_from(sorted(FILTERS))
score = st.one_of(st.floats(-5, 15), st.integers(0, 20).map(lambda n: n / 2))
six_scores = st.lists(score, min_size=6, max_size=6)


def outcome_of(name: str, scores: list[float]) -> Outcome:
    return POSTFILTERS[name].apply(np.array([scores[: len(FILTERS[name]["weights"])]]))[0]


@pytest.mark.parametrize(("name", "example", "scores", "average", "tier", "gated"), GOLDEN)
def test_golden_vector(
    name: str,
    example: str,
    scores: list[float],
    average: float,
    tier: str,
    gated: bool,
) -> None:
    outcome = outcome_of(name, scores)

    assert outcome.weighted_average == average
    assert outcome.tier.name == tier
    assert outcome.tier.description == tier.upper()
    assert outcome.gatekeeper_applied is gated
    assert outcome.scores == dict(zip(FILTERS[name]["weights"], scores, strict=True))


@pytest.mark.parametrize(
    ("name", "tier", "floor"),
    [(name, tier, floor) for name, facts in FILTERS.items() for tier, floor in facts["tiers"].items() if floor >= 4],
)
def test_equal_scores_reach_the_tier_that_starts_there(name: str, tier: str, floor: float) -> None:
    """Left-to-right float sums give uplifting 3.9999999999999996 for six times 4.0."""
    outcome = outcome_of(name, [floor] * 6)

    assert (outcome.weighted_average, outcome.tier.name) == (floor, tier)


@pytest.mark.parametrize("name", FILTERS)
def test_just_under_a_tier_is_under_it(name: str) -> None:
    assert outcome_of(name, [6.9999999] * 6).tier.name != outcome_of(name, [7.0] * 6).tier.name


@pytest.mark.parametrize("name", FILTERS)
def test_gate_is_strict(name: str) -> None:
    dimension, below, cap = FILTERS[name]["gate"]
    position = list(FILTERS[name]["weights"]).index(dimension)
    scores = [9.0] * 6

    scores[position] = below
    at_the_floor = outcome_of(name, scores)
    scores[position] = below - 0.001
    under_it = outcome_of(name, scores)

    assert not at_the_floor.gatekeeper_applied
    assert under_it.gatekeeper_applied
    assert under_it.weighted_average == cap
    assert under_it.scores[dimension] == below - 0.001, "the gatekeeper changes no dimension"


@pytest.mark.parametrize("name", FILTERS)
def test_an_average_at_the_cap_is_not_called_capped(name: str) -> None:
    dimension, _, cap = FILTERS[name]["gate"]
    position = list(FILTERS[name]["weights"]).index(dimension)
    weight = FILTERS[name]["weights"][dimension]
    scores = [cap / (1 - weight)] * 6
    scores[position] = 0.0

    outcome = outcome_of(name, scores)

    assert outcome.weighted_average == cap
    assert not outcome.gatekeeper_applied


def test_the_lowest_of_several_caps_holds(config_data: dict[str, Any]) -> None:
    config_data["gatekeepers"] += [{"dimension": "reach", "below": 9.0, "cap": 2.0, "reason": ""}]
    postfilter = Postfilter(FilterConfig.parse(config_data))

    both, second, neither = postfilter.apply(np.array([[8.0, 2, 8], [8, 8, 8], [9, 8, 8]]))

    assert [both.weighted_average, second.weighted_average] == [2.0, 2.0]
    assert neither.weighted_average == 8.5


def test_scores_are_clamped_before_they_are_averaged() -> None:
    outcome = outcome_of("cultural-discovery", [12.0, -3.0, 10.0, 10.5, 10.0])

    assert list(outcome.scores.values()) == [10.0, 0.0, 10.0, 10.0, 10.0]
    assert outcome.weighted_average == 8.0


def test_no_articles_give_no_outcomes() -> None:
    assert POSTFILTERS["uplifting"].apply(np.empty((0, 6))) == []


def test_values_are_plain_floats() -> None:
    """Numpy's own would not go into JSON."""
    outcome = POSTFILTERS["uplifting"].apply(np.ones((1, 6), dtype=np.float32))[0]

    assert {type(value) for value in [outcome.weighted_average, *outcome.scores.values()]} == {float}
    assert type(outcome.gatekeeper_applied) is bool


@given(names, six_scores)
def test_average_and_scores_stay_on_the_scale(name: str, scores: list[float]) -> None:
    outcome = outcome_of(name, scores)

    assert 0.0 <= outcome.weighted_average <= 10.0
    assert all(0.0 <= value <= 10.0 for value in outcome.scores.values())


@given(names, six_scores, st.integers(0, 5), st.floats(0, 5))
def test_a_better_dimension_never_lowers_the_average(
    name: str, scores: list[float], position: int, more: float
) -> None:
    better = list(scores)
    better[position] += more

    assert outcome_of(name, better).weighted_average >= outcome_of(name, scores).weighted_average


@given(names, six_scores)
def test_gate_never_raises(name: str, scores: list[float]) -> None:
    gated = outcome_of(name, scores)
    free = UNGATED[name].apply(np.array([scores[: len(FILTERS[name]["weights"])]]))[0]

    assert gated.weighted_average <= free.weighted_average
    assert gated.gatekeeper_applied == (gated.weighted_average < free.weighted_average)
    assert gated.scores == free.scores


@given(names, six_scores)
def test_tier_is_the_highest_that_the_average_reaches(name: str, scores: list[float]) -> None:
    outcome = outcome_of(name, scores)

    reached = [tier for tier, floor in FILTERS[name]["tiers"].items() if outcome.weighted_average >= floor]
    assert outcome.tier.name == reached[0]


@given(names, st.lists(six_scores, min_size=1, max_size=8))
def test_other_articles_of_a_batch_change_nothing(name: str, rows: list[list[float]]) -> None:
    width = len(FILTERS[name]["weights"])

    together = POSTFILTERS[name].apply(np.array([row[:width] for row in rows]))

    assert together == [outcome_of(name, row) for row in rows]


@given(names, st.lists(six_scores, max_size=8))
def test_averages_alone_are_those_of_the_outcomes(name: str, rows: list[list[float]]) -> None:
    width = len(FILTERS[name]["weights"])
    scores = np.array([row[:width] for row in rows]).reshape(-1, width)

    averages = POSTFILTERS[name].averages(scores)

    assert averages.tolist() == [outcome.weighted_average for outcome in POSTFILTERS[name].apply(scores)]
