"""Score: the legacy keys with their old values, the new ones after them."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from distillery.scoring.score import Provenance, Score

LEGACY_KEYS = [
    "passed_prefilter",
    "prefilter_reason",
    "scores",
    "weighted_average",
    "tier",
    "tier_description",
    "gatekeeper_applied",
    "stage_used",
    "stage1_estimate",
]
NEW_KEYS = [
    "raw_scores",
    "intervals",
    "tier_probabilities",
    "positive_probability",
    "confidence",
    "flags",
    "error",
    "gate",
    "provenance",
]


def legacy(score: Score) -> dict[str, object]:
    return {key: score.to_dict()[key] for key in LEGACY_KEYS}


def test_legacy_keys_come_first_and_nothing_is_missing(provenance: Provenance) -> None:
    assert list(Score(provenance, passed_prefilter=True).to_dict()) == LEGACY_KEYS + NEW_KEYS


def test_blocked_article_has_the_legacy_values(provenance: Provenance) -> None:
    assert legacy(Score.make_blocked(provenance, "corporate_finance")) == {
        "passed_prefilter": False,
        "prefilter_reason": "corporate_finance",
        "scores": None,
        "weighted_average": None,
        "tier": None,
        "tier_description": None,
        "gatekeeper_applied": False,
        "stage_used": None,
        "stage1_estimate": None,
    }


def test_blocked_article_is_no_error(provenance: Provenance) -> None:
    assert Score.make_blocked(provenance, "corporate_finance").error is None


def test_invalid_article_has_the_legacy_reason(provenance: Provenance) -> None:
    score = Score.make_invalid(provenance, "'title' is missing")

    assert legacy(score) == legacy(Score.make_blocked(provenance, "Invalid article: 'title' is missing"))
    assert score.error == "'title' is missing"


def test_failed_article_passed_the_prefilter_and_has_no_score(provenance: Provenance) -> None:
    score = Score.make_failed(provenance, "out of memory")

    assert (score.passed_prefilter, score.prefilter_reason, score.error) == (True, None, "out of memory")
    assert (score.scores, score.weighted_average, score.tier) == (None, None, None)


def test_scored_article_keeps_the_dimensions_order(provenance: Provenance) -> None:
    score = Score(provenance, passed_prefilter=True, scores={"z": 1.0, "a": 2.0}, raw_scores={"z": 1.5, "a": 2.5})

    data = score.to_dict()

    assert list(data["scores"].items()) == [("z", 1.0), ("a", 2.0)]
    assert data["prefilter_reason"] is None


def test_dict_survives_json(provenance: Provenance) -> None:
    score = Score(
        provenance,
        passed_prefilter=True,
        scores={"reach": 4.0},
        weighted_average=4.0,
        tier="medium",
        raw_scores={"reach": 4.1},
    )

    assert json.loads(json.dumps(score.to_dict(), allow_nan=False)) == score.to_dict()


def test_dict_is_a_copy(provenance: Provenance) -> None:
    score = Score(provenance, passed_prefilter=True, scores={"reach": 4.0})

    score.to_dict()["scores"]["reach"] = 9.0

    assert score.scores == {"reach": 4.0}


def test_provenance_says_what_made_the_score(provenance: Provenance) -> None:
    assert Score.make_blocked(provenance, "x").to_dict()["provenance"] == {
        "filter": "tiny-filter",
        "version": "1.2.3",
        "core_version": "1.0.0",
        "student": "compact",
        "weights_sha256": "1" * 64,
        "calibration": None,
        "backend": "torch-float32",
        "encoder": None,
        "probe_sha256": None,
        "embedder": None,
        "operating_point": None,
    }


def test_a_score_cannot_be_changed(provenance: Provenance) -> None:
    with pytest.raises(FrozenInstanceError):
        Score(provenance, passed_prefilter=True).tier = "high"  # type: ignore[misc]


def test_a_score_comes_back_from_its_dict(provenance: Provenance) -> None:
    score = Score(
        provenance,
        passed_prefilter=True,
        scores={"reach": 4.5},
        weighted_average=4.5,
        tier="medium",
        tier_description="Found in one village.",
        intervals={"reach": (3.0, 6.0)},
        tier_probabilities={"high": 0.1, "medium": 0.75, "low": 1.0},
        positive_probability=0.75,
        confidence=0.65,
    )

    assert Score.from_dict(json.loads(json.dumps(score.to_dict()))) == score
    for other in (Score.make_blocked(provenance, "corporate_finance"), Score.make_failed(provenance, "no memory")):
        assert Score.from_dict(json.loads(json.dumps(other.to_dict()))) == other


def test_of_a_gate_comes_back_what_its_dict_keeps(provenance: Provenance) -> None:
    gate = Score(provenance, passed_prefilter=True, scores={"sale": 8.0}, weighted_average=8.0, tier="sale")
    gated = Score.make_gated(provenance, "commerce", gate)

    again = Score.from_dict(gated.to_dict())

    assert again.to_dict() == gated.to_dict()
    assert again.gate is not None
    assert (again.gate.tier, again.gate.weighted_average, again.gate.scores) == ("sale", 8.0, None)


def test_confidence_is_shown_where_it_is_known(provenance: Provenance) -> None:
    score = Score(provenance, passed_prefilter=True, weighted_average=4.5, tier="medium", confidence=0.654)

    assert "medium 4.50, confidence 0.65" in repr(score)
