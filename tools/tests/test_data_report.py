"""``distillery data report``: how labels lie, how sure the oracle is, what the dimensions share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from invented import DIMENSIONS, Data, run_cli, strict_json

from distillery_tools.data.distributions import band_counts, distribution
from distillery_tools.data.redundancy import redundancy_figures

NAMES = ["a", "b", "c"]


def report(garden: Path, data: Data) -> dict[str, Any]:
    """Write the data and report on them."""
    data.write()
    done = run_cli("data", "report", garden, "--data", data.folder, "--format", "json")
    assert done.exit_code == 0, (done.output, done.exception)
    content: dict[str, Any] = strict_json(done.stdout)
    return content


def test_groups_are_counted_by_tier(garden: Path, data: Data) -> None:
    """By split, and by language, the largest first."""
    for article in data.articles[:3]:
        article["language"] = "nl"
    found = report(garden, data)
    assert {name: group["n_articles"] for name, group in found["splits"].items()} == {"train": 12, "val": 4, "test": 4}
    assert list(found["languages"]) == ["unknown", "nl"]
    assert found["languages"]["nl"]["share"] == pytest.approx(0.15)
    for groups in (found["splits"], found["languages"]):
        assert all(sum(group["tiers"].values()) == group["n_articles"] for group in groups.values())


def test_averages_are_weighted_and_capped(garden: Path, data: Data) -> None:
    """As the filter itself would: a gatekeeper's 3 and not the 8 before it."""
    for label in data.labels:
        label["scores"] = {"green": 10, "shared": 10, "tested": 0}
    found = report(garden, data)
    assert found["dimensions"]["weighted average"]["mean"] == 3
    assert found["splits"]["train"]["tiers"] == {"high": 0, "medium": 0, "low": 12}
    assert found["redundancy"] is None


def test_the_oracles_distance_is_taken_where_it_spoke_twice(garden: Path, data: Data) -> None:
    """Of each dimension and of the weighted average."""
    assert report(garden, data)["second_opinions"] is None
    data.labels[0] |= {
        "scores": {"green": 4, "shared": 4, "tested": 4},
        "second_opinion": {"green": 5, "shared": 2, "tested": 4},
    }
    data.labels[4] |= {
        "scores": {"green": 4, "shared": 4, "tested": 4},
        "second_opinion": {"green": 4, "shared": 4, "tested": 4},
    }
    found = report(garden, data)["second_opinions"]
    assert found["n_articles"] == 2
    assert found["dimension_mae"] == {"green": 0.5, "shared": 1.0, "tested": 0.0}
    assert found["weighted_average_mae"] == pytest.approx(abs(0.5 - 0.6) / 2)


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_people_read_the_same_figures(garden: Path, data: Data, form: str) -> None:
    """All of them."""
    data.labels[0]["second_opinion"] = data.labels[0]["scores"]
    found = report(garden, data)
    printed = run_cli("data", "report", garden, "--data", data.folder, "--format", form).stdout
    expected = [*DIMENSIONS, "garden 1.2.0", "unknown", "redundancy ratio", found["redundancy"]["verdict"], "8-10"]
    expected += [f"{figures['mean']:.2f}" for figures in found["dimensions"].values()]
    expected += [f"{found['redundancy']['first_component']:.1%}"]
    assert [text for text in expected if text not in printed] == []


def test_a_distribution_by_hand() -> None:
    """Ten values, half of them zero."""
    found = distribution(np.array([0.0] * 5 + [2.0, 4.0, 6.0, 8.0, 10.0]))
    assert found["mean"] == 3.0
    assert found["zeros"] == 0.5
    assert found["standard_deviation"] == pytest.approx(np.sqrt(13))
    assert found["quantiles"]["50%"] == 1.0
    assert found["bands"] == {"0-2": 5, "2-4": 1, "4-6": 1, "6-8": 1, "8-10": 2}


def test_a_border_belongs_to_the_band_above() -> None:
    """But for the end of the scale."""
    assert band_counts(np.array([0.0, 1.999, 2.0, 9.999, 10.0])) == [2, 1, 0, 0, 2]


def scores_with(*strengths: float, size: int = 4000) -> Any:
    """Return a first column, and one for each strength of its correlation with the first."""
    chance = np.random.default_rng(5)
    first = chance.normal(size=size)
    others = [r * first + np.sqrt(1 - r**2) * chance.normal(size=size) for r in strengths]
    return np.stack([first, *others], axis=1)


VERDICTS = {
    "distinct": (scores_with(0.3, 0.3), "distinct", 0),
    "one pair above 0.7": (scores_with(0.78, 0.0), "accepted", 1),
    "one pair above 0.85": (scores_with(0.95, 0.0), "doubtful", 1),
    "a large first component": (scores_with(0.8, 0.8), "doubtful", 2),
    "two pairs above 0.85": (scores_with(0.9, 0.9), "redundant", 3),
    "one and the same": (scores_with(1.0, 1.0), "redundant", 3),
}


@pytest.mark.parametrize(("scores", "verdict", "n_pairs"), VERDICTS.values(), ids=VERDICTS)
def test_the_verdict_follows_pairs_and_first_component(scores: Any, verdict: str, n_pairs: int) -> None:
    """Moderate correlation is accepted."""
    found = redundancy_figures(scores, NAMES)
    assert found is not None
    assert found["verdict"].startswith(verdict)
    assert len(found["pairs"]) == n_pairs


def test_components_of_known_correlations() -> None:
    """Two equal dimensions and an independent one: two components, of which the first explains two thirds."""
    first, second = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])
    found = redundancy_figures(np.stack([first, first, second], axis=1), NAMES)
    assert found is not None
    assert found["first_component"] == pytest.approx(2 / 3)
    assert found["components"] == {"90%": 2, "95%": 2, "99%": 2}
    assert found["redundancy_ratio"] == pytest.approx(1 / 3)
    assert found["pairs"] == [{"first": "a", "second": "b", "r": pytest.approx(1)}]
    assert found["correlations"]["a"]["c"] == pytest.approx(0)


def test_a_dimension_that_never_changes_is_named_and_left_out() -> None:
    """It correlates with nothing, and NaN is no figure."""
    scores = scores_with(0.3, 0.3)
    scores[:, 1] = 5
    found = redundancy_figures(scores, NAMES)
    assert found is not None
    assert found["constant"] == ["b"]
    assert list(found["correlations"]) == ["a", "c"]


@pytest.mark.parametrize("scores", [np.empty((0, 3)), np.ones((9, 3)), np.ones((1, 3))])
def test_nothing_to_compare_is_no_figure(scores: Any) -> None:
    """One dimension, or none that changes, is not redundant."""
    assert redundancy_figures(scores, NAMES) is None
    assert redundancy_figures(np.arange(9.0).reshape(9, 1), ["a"]) is None
