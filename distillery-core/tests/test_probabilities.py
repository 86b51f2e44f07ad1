"""Probabilities of tiers: rising with the average, of the config's tiers, refused where they make no sense."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from distillery import CalibrationError, FilterConfig
from distillery.calibration.probabilities import BetaCurve, read_probabilities
from distillery.testing.tiny_filter import tiny_config

CURVES = {
    "curves": [
        {"at_least": 4.0, "lower_slope": 3.0, "upper_slope": 2.0, "intercept": -1.0, "n_positives": 35},
        {"at_least": 7.0, "lower_slope": 3.0, "upper_slope": 3.0, "intercept": -4.0, "n_positives": 0},
    ]
}


def config(**changes: Any) -> FilterConfig:
    """Return a config with the tiers high from 7, medium from 4 and low."""
    return FilterConfig.parse({**tiny_config(), **changes})


def test_a_curve_goes_through_its_point_and_rises() -> None:
    curve = BetaCurve.through(4.0, 0.0, lower_slope=3.0, upper_slope=2.0)

    assert curve.apply(np.array(4.0)) == pytest.approx(0.5)
    found = curve.apply(np.linspace(0, 10, 101))
    assert (np.diff(found) > 0).all()
    assert 0 < found[0] < 0.01
    assert 0.99 < found[-1] < 1


def test_probabilities_are_of_each_tier_or_above() -> None:
    averages = np.array([0.0, 4.0, 9.0])
    found = read_probabilities(CURVES, config(), "file").apply(averages, ["low", "medium", "high"])

    for one in found:
        assert list(one.tiers) == ["high", "medium", "low"]
        assert one.tiers["high"] <= one.tiers["medium"] <= one.tiers["low"] == 1.0
        assert one.positive == one.tiers["medium"]
    low, medium, high = found
    assert low.confidence == pytest.approx(1 - low.tiers["medium"])
    assert medium.confidence == pytest.approx(medium.tiers["medium"] - medium.tiers["high"])
    assert high.confidence == high.tiers["high"]


def test_a_higher_threshold_is_never_more_likely() -> None:
    """Curves are fitted apart and may cross; what is said may not."""
    crossing = deepcopy(CURVES)
    crossing["curves"][1]["intercept"] = 50.0

    (one,) = read_probabilities(crossing, config(), "file").apply(np.array([2.0]), ["low"])

    assert one.tiers["high"] == one.tiers["medium"] < 0.5


def test_positives_have_a_curve_of_their_own() -> None:
    """Where they start at no tier's floor."""
    curves = {"curves": [*CURVES["curves"], {**CURVES["curves"][0], "at_least": 5.5, "intercept": -3.0}]}

    (one,) = read_probabilities(curves, config(positive_from=5.5), "file").apply(np.array([5.0]), ["medium"])

    assert one.tiers["high"] < one.positive < one.tiers["medium"]


def test_a_filter_with_one_tier_is_certain_of_it() -> None:
    """Its positives start in the middle of the scale."""
    single = config(tiers=[{"name": "any", "at_least": 0.0, "description": "all"}])
    curves = {"curves": [{**CURVES["curves"][0], "at_least": 5.0}]}

    (one,) = read_probabilities(curves, single, "file").apply(np.array([5.0]), ["any"])

    assert (one.tiers, one.confidence) == ({"any": 1.0}, 1.0)


def test_no_articles_have_no_probabilities() -> None:
    assert read_probabilities(CURVES, config(), "file").apply(np.empty(0), []) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"curves": 5}, "probabilities need curves"),
        ({"curves": [{"at_least": 4.0}]}, "probabilities need curves"),
        ({"curves": [{**CURVES["curves"][0], "lower_slope": "steep"}]}, "probabilities need curves"),
        ({"curves": [{**CURVES["curves"][0], "upper_slope": -1.0}]}, "must rise with the average"),
        ({"curves": [{**CURVES["curves"][0], "intercept": float("nan")}]}, "must rise with the average"),
        ({"curves": CURVES["curves"][:1]}, "file has no probability of 7 or above"),
    ],
)
def test_curves_that_make_no_sense_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(CalibrationError, match=said):
        read_probabilities(change, config(), "file")
