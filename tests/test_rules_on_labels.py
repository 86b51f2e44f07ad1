"""The rules set aside few articles that the oracle rates high, and enough of the others to be worth their time."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from distillery import Article, load_config
from distillery.toolkit import Postfilter, Prefilter, Verdict

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not (DATA / "articles.jsonl").is_file(), reason=f"needs the labelled articles, which stay outside: {DATA}"
)


class Limits(NamedTuple):
    """What is rated high, and the shares of it (at most) and of what is rated below 1 (at least) that are set aside."""

    high_from: float
    most_of_high: float
    least_of_low: float


# Most of what cultural-discovery rates low is news on other subjects, which its four topics do not name.
LIMITS = {
    "uplifting": Limits(high_from=4.0, most_of_high=0.03, least_of_low=0.08),
    "cultural-discovery": Limits(high_from=4.0, most_of_high=0.02, least_of_low=0.015),
    "investment-risk": Limits(high_from=3.0, most_of_high=0.01, least_of_low=0.18),
    "sustainability-technology": Limits(high_from=3.0, most_of_high=0.01, least_of_low=0.25),
}


@pytest.mark.parametrize("name", LIMITS)
def test_rules_set_aside_hardly_any_article_that_is_rated_high(name: str) -> None:
    high = [verdict for verdict, average in _labelled(name) if average >= LIMITS[name].high_from]
    blocked = [verdict for verdict in high if not verdict.passed]

    assert len(high) > 100
    assert len(blocked) / len(high) < LIMITS[name].most_of_high, Counter(verdict.reason for verdict in blocked)


@pytest.mark.parametrize("name", LIMITS)
def test_rules_set_aside_enough_and_mostly_what_is_rated_low(name: str) -> None:
    labelled = _labelled(name)
    low = [verdict for verdict, average in labelled if average < 1.0]
    blocked = [average for verdict, average in labelled if not verdict.passed]

    assert sum(not verdict.passed for verdict in low) / len(low) > LIMITS[name].least_of_low
    assert np.mean(blocked) < 0.6 * np.mean([average for _, average in labelled])


@cache
def _labelled(name: str) -> list[tuple[Verdict, float]]:
    """Return the rules' verdict and the oracle's weighted average of every article in train and val."""
    config = load_config(name)
    lines = (DATA / "labels" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    labels = {label["id"]: label for label in map(json.loads, lines) if label["split"] in ("train", "val")}
    prefilter = Prefilter(config.prefilter)
    verdicts = {article.id: prefilter.check(article) for article in _articles() if article.id in labels}
    scores = np.array([[labels[id_]["scores"][dim] for dim in config.dimension_names] for id_ in verdicts])
    averages = [outcome.weighted_average for outcome in Postfilter(config).apply(scores)]
    return list(zip(verdicts.values(), averages, strict=True))


@cache
def _articles() -> list[Article]:
    with (DATA / "articles.jsonl").open(encoding="utf-8") as file:
        return [Article.from_dict(json.loads(line)) for line in file]
