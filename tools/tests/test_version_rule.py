"""The rule for version numbers: what each change of scores asks for, and whether the number says so."""

from __future__ import annotations

from typing import Any

import pytest

from distillery import FilterConfig
from distillery.testing import tiny_config
from distillery_tools.comparison.version_rule import (
    Change,
    Evidence,
    meaning_differences,
    required_change,
    stated_change,
    verdict,
)

NOTHING = Evidence()


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param(NOTHING, Change.PATCH, id="nothing moved"),
        pytest.param(Evidence(largest_move=0.001), Change.PATCH, id="as little as another machine"),
        pytest.param(Evidence(largest_move=0.0011, moved="reach of a1"), Change.MINOR, id="a number moved"),
        pytest.param(Evidence(n_flips=1), Change.MINOR, id="a tier flipped"),
        pytest.param(Evidence(n_outcomes=1), Change.MINOR, id="an article is set aside"),
        pytest.param(Evidence(mean_shift=0.1, largest_move=2.0), Change.MINOR, id="the mean moved a little"),
        pytest.param(Evidence(mean_shift=0.11, largest_move=2.0), Change.MAJOR, id="the mean rose"),
        pytest.param(Evidence(mean_shift=-0.11, largest_move=2.0), Change.MAJOR, id="the mean fell"),
        pytest.param(Evidence(mean_shift=0.5, error_change=0.01), Change.MAJOR, id="further from the labels"),
        pytest.param(Evidence(mean_shift=0.5, error_change=-0.01, n_flips=1), Change.MINOR, id="nearer to the labels"),
        pytest.param(Evidence(meaning=["other tiers"]), Change.MAJOR, id="another meaning"),
        pytest.param(Evidence(meaning=["other tiers"], error_change=-0.5), Change.MAJOR, id="labels excuse no meaning"),
    ],
)
def test_scores_ask_for_a_change(evidence: Evidence, expected: Change) -> None:
    assert required_change(evidence)[0] is expected


def test_the_reason_names_what_moved_most() -> None:
    assert "reach of a1 moved by 0.0200" in required_change(Evidence(largest_move=0.02, moved="reach of a1"))[1]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("2.1.0", "3.0.0", Change.MAJOR),
        ("2.1.4", "2.2.0", Change.MINOR),
        ("2.1.0", "2.1.1", Change.PATCH),
        ("2.1", "2.1.0", Change.NONE),
    ],
)
def test_numbers_state_a_change(old: str, new: str, expected: Change) -> None:
    assert stated_change(old, new) is expected


MINOR, MAJOR = Evidence(largest_move=0.5), Evidence(meaning=["other weights"])


@pytest.mark.parametrize(
    ("evidence", "new", "is_sufficient", "lowest"),
    [
        (NOTHING, "2.1.3", True, "2.1.4"),
        (NOTHING, "2.1.4", True, "2.1.4"),
        (NOTHING, "3.0.0", True, "2.1.4"),
        (NOTHING, "2.1.2", False, "2.1.4"),
        (MINOR, "2.1.3", False, "2.2.0"),
        (MINOR, "2.1.4", False, "2.2.0"),
        (MINOR, "2.2.0", True, "2.2.0"),
        (MAJOR, "2.2.0", False, "3.0.0"),
        (MAJOR, "3.0.0", True, "3.0.0"),
        (MAJOR, "1.0.0", False, "3.0.0"),
    ],
)
def test_a_number_is_large_enough_or_not(evidence: Evidence, new: str, is_sufficient: bool, lowest: str) -> None:
    found = verdict(evidence, "2.1.3", new)

    assert (found.is_sufficient, found.lowest_version) == (is_sufficient, lowest)


def _with(**changes: Any) -> FilterConfig:
    return FilterConfig.parse(tiny_config() | changes)


def test_what_scores_mean_is_in_the_config() -> None:
    plain, config = _with(), tiny_config()
    lower = [{**config["tiers"][0], "at_least": 6.0}, *config["tiers"][1:]]
    heavier = [{**one, "weight": weight} for one, weight in zip(config["dimensions"], (0.4, 0.4, 0.2), strict=True)]

    assert meaning_differences(plain, _with(tiers=lower)) == ["other tiers"]
    assert meaning_differences(plain, _with(dimensions=heavier)) == ["other weights"]
    assert meaning_differences(plain, _with(gatekeepers=[])) == ["other gatekeepers"]


def test_words_and_order_are_no_other_meaning() -> None:
    config = tiny_config()
    described = [{**one, "description": "Said better."} for one in config["dimensions"]]

    assert meaning_differences(_with(), _with(dimensions=described[::-1], summary="Another", version="9.0.0")) == []
