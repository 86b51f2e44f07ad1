"""Check that nothing stands in front of the commerce filter, how its tiers lie, and its prompt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import distillery_filter_commerce
from distillery.config import FilterConfig
from distillery.scoring.article import Article
from distillery.scoring.postfilter import Postfilter
from distillery.scoring.prefilter import PASSED, Prefilter, Verdict

FOLDER = Path(distillery_filter_commerce.__file__).parent

CONFIG = FilterConfig.load(FOLDER)
PREFILTER = Prefilter(CONFIG.prefilter)


@pytest.mark.parametrize("content", ["x", "-40 %", "Only today.", "Μόνο σήμερα.", "Buy now with the code HALF. " * 200])
def test_every_text_reaches_the_student(content: str) -> None:
    article = Article(title="Offer", content=content, url="https://github.com/someone/shop")
    assert PREFILTER.check(article) == Verdict(passed=True, reason=PASSED)


@pytest.mark.parametrize(
    ("score", "tier"),
    [
        (10.0, "commerce"),
        (5.0, "commerce"),
        (4.9375, "mixed"),
        (3.0, "mixed"),
        (2.9375, "journalism"),
        (0.0, "journalism"),
    ],
)
def test_the_score_is_the_average_and_decides_the_tier(score: float, tier: str) -> None:
    (outcome,) = Postfilter(CONFIG).apply(np.array([[score]], dtype=np.float32))
    assert outcome.weighted_average == score
    assert outcome.tier.name == tier


def test_what_is_set_aside_is_the_highest_tier() -> None:
    assert [tier.name for tier in CONFIG.tiers] == ["commerce", "mixed", "journalism"]
