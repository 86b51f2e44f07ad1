"""Prefilter: the phrase language, and the order of the rules."""

from __future__ import annotations

from typing import Any

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from distillery.config import PrefilterConfig
from distillery.errors import ConfigError
from distillery.scoring.article import Article
from distillery.scoring.prefilter import Phrase, Prefilter, Verdict, words_of

LONG = "People shared water in the village after a new well opened there. " * 8


def verdict(rules: dict[str, Any], content: str = LONG, *, title: str = "A title", url: str = "") -> Verdict:
    config = PrefilterConfig.model_validate({"min_content_chars": 0, **rules})
    return Prefilter(config).check(Article(title=title, content=content, url=url))


def topic(*block: str, unless: tuple[str, ...] = (), min_hits: int = 1) -> dict[str, Any]:
    category = {"name": "topic", "block": list(block), "unless": list(unless), "min_hits": min_hits}
    return {"categories": [category]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Share-price RALLY!", " share price rally "),
        ("Café Zürich naïve", " cafe zurich naive "),
        ("$2.5m or €1,000 (20%)", " $ 25m or € 1000 20 % "),
        ("don't snake_case", " don t snake case "),
        ("Straße", " strasse "),
        ("", "  "),
    ],
)
def test_words_of(text: str, words: str) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("share price", "The share price fell."),
        ("share price", "Share-price rally"),
        ("SHARE-PRICE", "a share\nprice"),
        ("élève", "Un eleve"),
        ("eleve", "Un élève"),
        ("İstanbul", "istanbul"),
        ("invest*", "Investors met"),
        ("invest*", "they invest"),
        ("co-operat*", "a cooperative? no: a co-operative"),
        ("raised $ * million", "It raised $2.5 million today"),
        ("raised $*", "It raised $5"),
        ("$ 5", "pays $5 now"),
        ("20%", "grew 20 % a year"),
        ("top * places", "Top 10 places"),
        ("invest* in * funds", "investing in index funds"),
        ("raised *", "they raised hopes"),
        ("research & development", "in research & development, they"),
        ("research - development", "research - development"),
        ("r&d", "their R&D team"),
        ("мир", "Мир!"),
    ],
)
def test_phrase_is_found(pattern: str, text: str) -> None:
    assert Phrase(pattern).found_in(words_of(text))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("share price", "shareprice"),
        ("share price", "share the price"),
        ("viol", "a non-violent violin, violet"),
        ("nuclear f*", "nuclear plant"),
        ("invest*", "reinvest"),
        ("raised $ * million", "raised $ million"),
        ("raised $ * million", "raised $ 5 whole million"),
        ("raised *", "they raised"),
        ("mord", "Mordecai mordant"),
        ("5 million", "$2.5 million"),
    ],
)
def test_phrase_is_not_found(pattern: str, text: str) -> None:
    assert not Phrase(pattern).found_in(words_of(text))


@pytest.mark.parametrize("pattern", ["", " ", "*", "* *", "-", "!?"])
def test_phrase_must_name_a_word(pattern: str) -> None:
    with pytest.raises(ConfigError, match="names no word"):
        Phrase(pattern)


@pytest.mark.parametrize("pattern", ["in*vest", "*ing"])
def test_star_elsewhere_than_at_a_words_end_is_refused(pattern: str) -> None:
    """It would silently be read as a gap between words."""
    with pytest.raises(ConfigError):
        Phrase(pattern)


@pytest.mark.parametrize("pattern", ["raised $ * million", "a* b* c* d*", "* * * end"])
@pytest.mark.parametrize("piece", ["raised $ 1 ", "a", "a b c ", "raised "])
def test_phrases_are_linear_on_a_megabyte(pattern: str, piece: str) -> None:
    assert_linear(Phrase(pattern).found_in, words_of(piece * (1_000_000 // len(piece))))


@given(st.text(max_size=80))
def test_words_of_never_raises_and_is_stable(text: str) -> None:
    words = words_of(text)

    assert words.startswith(" ")
    assert words_of(words) == words


@given(st.lists(st.sampled_from(["village", "share", "price", "élan", "$5"]), min_size=1, max_size=5))
def test_a_text_contains_itself_as_a_phrase(words: list[str]) -> None:
    assert Phrase(" ".join(words)).found_in(words_of(f"Before {'-'.join(words).upper()} after"))


def test_passes_what_no_rule_names() -> None:
    assert verdict(topic("share price")) == Verdict(passed=True, reason="passed")


@pytest.mark.parametrize(("length", "passed"), [(299, False), (300, True)])
def test_default_length_is_300_characters(length: int, passed: bool) -> None:
    article = Article(title="A title", content="x" * length)

    found = Prefilter(PrefilterConfig()).check(article)

    assert found == Verdict(passed, "passed" if passed else "content_too_short_299chars")


def test_length_counts_cleaned_content_without_the_title() -> None:
    article = Article.from_dict({"title": "t" * 400, "content": f"<p>{'x' * 18}</p>" + "<br>" * 99})

    assert Prefilter(PrefilterConfig()).check(article).reason == "content_too_short_18chars"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com",
        "https://github.com/a/b",
        "http://WWW.GitHub.com:443/a?b#c",
        "https://user@gist.github.com/a",
        "github.com/a",
        "github.com/a//b",
        "//github.com/a",
        " https://github.com/a ",
        "https://github.com./a",
    ],
)
def test_domain_is_blocked_with_all_under_it(url: str) -> None:
    found = verdict({"blocked_domains": {"vc": ["tech.eu"], "code": ["github.com"]}}, url=url)

    assert found == Verdict(passed=False, reason="excluded_domain_code")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://notgithub.com/a",
        "https://github.com.evil.org",
        "https://a.org/github.com",
        "https://a.org?u=github.com",
    ],
)
def test_other_domains_pass(url: str) -> None:
    assert verdict({"blocked_domains": {"code": ["github.com"]}}, url=url).passed


@pytest.mark.parametrize("url", ["http://[::1", "http://a]b/", "http://exa\u2100mple.com", "::::", "http://", "\x00"])
def test_a_url_that_cannot_be_read_is_in_no_domain(url: str) -> None:
    assert verdict({"blocked_domains": {"code": ["github.com"]}}, url=url).passed


@pytest.mark.parametrize(
    ("url", "passed"),
    [
        ("https://medium.com/tag/programming", False),
        ("https://medium.com/tag/programming/latest", False),
        ("https://medium.com/tag/gardens", True),
        ("https://medium.com/", True),
    ],
)
def test_domain_may_name_a_path(url: str, passed: bool) -> None:
    assert verdict({"blocked_domains": {"code": ["medium.com/tag/programming"]}}, url=url).passed is passed


@pytest.mark.parametrize(
    ("content", "passed"),
    [
        ("could transform, could transform, could transform", True),
        ("could transform and promises to", True),
        ("could transform, promises to, game changer", False),
    ],
)
def test_min_hits_counts_distinct_phrases(content: str, passed: bool) -> None:
    rules = topic("could transform", "promises to", "game changer", min_hits=3)

    assert verdict(rules, content).passed is passed


def test_one_exception_lifts_its_category() -> None:
    rules = topic("share price", unless=("co-op*", "open source"))

    assert verdict(rules, "The share price fell.").reason == "topic"
    assert verdict(rules, "The share price of a co-operative fell.").passed


def test_an_exception_lifts_only_its_own_category() -> None:
    rules = {
        "categories": [
            {"name": "finance", "block": ["share price"], "unless": ["open source"]},
            {"name": "military", "block": ["troops"]},
        ]
    }

    assert verdict(rules, "Troops and share price, open source").reason == "military"


def test_first_category_decides() -> None:
    rules = {"categories": [{"name": name, "block": ["troops"]} for name in ("first", "second")]}

    assert verdict(rules, "troops").reason == "first"


def test_order_is_length_then_domain_then_topic() -> None:
    rules = {"min_content_chars": 50, "blocked_domains": {"code": ["github.com"]}, **topic("troops")}

    assert verdict(rules, "troops", url="https://github.com").reason == "content_too_short_6chars"
    assert verdict(rules, "troops " * 10, url="https://github.com").reason == "excluded_domain_code"
    assert verdict(rules, "troops " * 10).reason == "topic"


def test_title_counts_and_content_counts_within_the_window() -> None:
    rules = {**topic("troops"), "window_chars": 100}

    assert not verdict(rules, title="Troops").passed
    assert not verdict(rules, "x" * 90 + " troops").passed
    assert verdict(rules, "x" * 100 + " troops").passed


def test_a_word_that_the_window_cuts_is_not_another_word() -> None:
    """Cut off, "violet" would be "viol"."""
    rules = {**topic("viol"), "window_chars": 100}

    assert verdict(rules, "x" * 95 + " violet").passed


def test_title_and_content_do_not_run_together() -> None:
    assert verdict(topic("wellopened"), "opened", title="well").passed
