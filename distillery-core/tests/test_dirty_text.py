"""Dirt that no reader sees changes neither the cleaned text nor what the rules say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distillery.config import PrefilterConfig
from distillery.scoring.article import Article
from distillery.scoring.prefilter import Prefilter
from distillery.testing import DIRT
from distillery.testing.articles import PLAIN

EXAMPLES = Path(__file__).parents[2] / "examples" / "articles.jsonl"
# What escaping must keep apart from markup, words of several scripts, and paragraphs of one and of many lines.
_OWN = [
    {
        "title": "Temperatures of 2 < 3 & 5 > 4: a \u201cquiet\u201d caf\u00e9\u2019s lesson",
        "content": 'First paragraph: AT&T\'s report says R&D "pays".\n\nSecond paragraph with Üblichkeiten, élégance '
        "and naïveté.\n\nThird: if a < b and c > d, then <name>@<host> is no tag.",
    },
    {
        "title": "نامه\u200cای به خانه\u200cها हिन्दी में क्\u200dष",  # noqa: RUF001
        "content": "می\u200cخواهم بدانم که خانه\u200cها کجا هستند.\n\n"  # noqa: RUF001
        "\U0001f469\u200d\U0001f52c and \U0001f3f3\ufe0f\u200d\U0001f308 celebrate, 1\ufe0f\u20e3 winner, "
        "\u2764\ufe0f for everybody.\n한국어 뉴스, 日本語の記事。",
    },
]
ARTICLES = [*PLAIN, *map(json.loads, EXAMPLES.read_text(encoding="utf-8").splitlines()), *_OWN]
RULES = PrefilterConfig.model_validate(
    {
        "min_content_chars": 200,
        "categories": [
            {"name": "bridges", "block": ["footbridge", "engineers had counted", "voetgangers"]},
            {"name": "money", "block": ["shareholders", "raised * million", "quarterly results"]},
        ],
    }
)


@pytest.mark.parametrize("kind", DIRT)
def test_dirt_changes_no_text_and_no_reason(kind: str) -> None:
    prefilter = Prefilter(RULES)
    changed = 0
    for data in ARTICLES:
        dirty = {**data, **{field: DIRT[kind](data[field]) for field in ("title", "content")}}
        expected, found = Article.from_dict(data), Article.from_dict(dirty)
        changed += dirty != data
        assert found == expected
        assert prefilter.check(found) == prefilter.check(expected)
    assert changed > 0


def test_the_rules_block_some_of_the_articles() -> None:
    """Otherwise the test above would compare nothing."""
    prefilter = Prefilter(RULES)

    reasons = {prefilter.check(Article.from_dict(data)).reason.partition("_")[0] for data in ARTICLES}

    assert reasons == {"passed", "bridges", "money", "content"}
