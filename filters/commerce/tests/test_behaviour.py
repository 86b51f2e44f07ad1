"""Check the trained student on short snippets and on news in languages other than English."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import distillery
import distillery_filter_commerce
from distillery import FilterConfig

FOLDER = Path(distillery_filter_commerce.__file__).parent
CONFIG = FilterConfig.load(FOLDER)
COMMERCE = CONFIG.tiers[0].at_least

# Invented. News names prices, shops, tickets, brands or percentages and sells nothing; offers do.
TEXTS = [
    json.loads(line) for line in (Path(__file__).parent / "snippets.jsonl").read_text(encoding="utf-8").splitlines()
]
NEWS = [text["id"] for text in TEXTS if text["kind"] in ("news", "long_news")]
OFFERS = [text["id"] for text in TEXTS if text["kind"] in ("offer", "long_offer")]
LANGUAGES = ["en", "nl", "de", "fr", "es", "pt", "el"]


@pytest.fixture(scope="module")
def scores() -> dict[str, float]:
    """Return how much each text sells, from 0 to 10."""
    scored = distillery.load_filter(FOLDER).score_batch(TEXTS)
    return {text["id"]: score.scores["commerce"] for text, score in zip(TEXTS, scored, strict=True)}


@pytest.mark.parametrize("identifier", NEWS)
def test_news_is_kept(scores: dict[str, float], identifier: str) -> None:
    assert scores[identifier] < COMMERCE


@pytest.mark.parametrize("identifier", OFFERS)
def test_an_offer_is_recognised(scores: dict[str, float], identifier: str) -> None:
    assert scores[identifier] >= COMMERCE


# A training set whose foreign articles are mostly commerce teaches a student to go by the language.
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_gives_the_label_away(scores: dict[str, float], language: str) -> None:
    in_language = {text["id"] for text in TEXTS if text["language"] == language}
    news = [scores[identifier] for identifier in NEWS if identifier in in_language]
    assert max(news) < min(scores[identifier] for identifier in OFFERS if identifier in in_language)


def test_snippets_are_as_short_as_a_feed_brings_them() -> None:
    short = [text for text in TEXTS if text["kind"] in ("news", "offer")]
    assert len({text["id"] for text in TEXTS}) == len(TEXTS) == len(NEWS) + len(OFFERS)
    assert all(len(text["content"]) <= 150 for text in short)
    for language in LANGUAGES:
        assert {text["kind"] for text in short if text["language"] == language} == {"news", "offer"}


def test_long_texts_exceed_128_words() -> None:
    assert all(len(text["content"].split()) > 128 for text in TEXTS if text["kind"].startswith("long"))


def test_the_highest_tier_is_what_the_gate_sets_aside() -> None:
    assert [tier.name for tier in CONFIG.tiers] == ["commerce", "mixed", "journalism"]
