"""Article: what is read from a mapping, and the cleaning of its text."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from distillery.errors import ArticleError, DistilleryError
from distillery.scoring.article import Article, clean

GOOD = {"title": "A title", "content": "A content."}
OPTIONAL = ["url"]


def test_every_known_field_is_read() -> None:
    data = {**GOOD, "id": "a1", **{field: f"the {field}" for field in OPTIONAL}}

    article = Article.from_dict(data)

    assert article.id == "a1"
    assert {field: getattr(article, field) for field in OPTIONAL} == {field: f"the {field}" for field in OPTIONAL}


def test_student_reads_title_blank_line_content() -> None:
    assert Article.from_dict(GOOD).text == "A title\n\nA content."


def test_optional_fields_may_be_null_or_absent() -> None:
    article = Article.from_dict({**GOOD, "id": None, **dict.fromkeys(OPTIONAL)})

    assert article == Article.from_dict(GOOD)
    assert article.url == ""


def test_unknown_fields_are_ignored() -> None:
    assert Article.from_dict({**GOOD, "nexus_mind_attributes": object()}) == Article.from_dict(GOOD)


def test_any_mapping_is_read() -> None:
    assert Article.from_dict(MappingProxyType(GOOD)).title == "A title"


@pytest.mark.parametrize("content", [{}, {"content": None}])
def test_text_stands_in_for_absent_content(content: dict[str, Any]) -> None:
    assert Article.from_dict({"title": "A title", "text": "Body.", **content}).content == "Body."


@pytest.mark.parametrize("text", ["", None, "other"])
def test_content_wins_over_text(text: str | None) -> None:
    """The predecessor preferred an empty ``text`` to a full ``content``."""
    assert Article.from_dict({**GOOD, "text": text}).content == "A content."


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"content": "c"}, "'title' is missing"),
        ({"title": "t"}, "'content' is missing"),
        ({"title": None, "content": "c"}, "'title' is missing"),
        ({"title": 7, "content": "c"}, r"'title' must be text, not int \(7\)"),
        ({"title": "t", "content": b"c"}, "'content' must be text, not bytes"),
        ({"title": "t", "text": ["c"]}, "'text' must be text, not list"),
        ({"title": " \n ", "content": "c"}, "'title' is empty"),
        ({"title": "t", "content": "<p>&nbsp;</p>"}, "'content' is empty"),
        ({**GOOD, "url": 5}, "'url' must be text or null"),
        ({**GOOD, "url": {}}, "'url' must be text or null, not dict"),
        ({**GOOD, "id": 1.5}, "'id' must be text or a whole number, not float"),
        ({**GOOD, "id": True}, "'id' must be text or a whole number, not bool"),
    ],
)
def test_bad_field_is_named(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ArticleError, match=message):
        Article.from_dict(data)


@pytest.mark.parametrize("data", [None, "text", 3, ["title", "content"], [("title", "t"), ("content", "c")]])
def test_only_a_mapping_is_an_article(data: Any) -> None:
    with pytest.raises(ArticleError, match="must be a mapping with title and content, not"):
        Article.from_dict(data)


def test_article_error_is_a_value_error() -> None:
    """The predecessor raised ValueError, which its consumers catch."""
    assert issubclass(ArticleError, ValueError)
    assert issubclass(ArticleError, DistilleryError)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("<p>One</p><p>two</p>", "One two"),
        ('<a href="x" class="y">link</a>', "link"),
        ("a<br/>b", "a b"),
        ("2 < 3 and 5 > 4", "2 < 3 and 5 > 4"),
        ("a &lt; b and c &gt; d", "a < b and c > d"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("fish &amp; chips &copy; caf&eacute; &#233; &#xE9;", "fish & chips © café é é"),
        ("a<script>var x = '<b>';</script>b", "a b"),
        ('a<STYLE type="t">p { }</STYLE >b', "a b"),
        ("a<script>one</script>b<script>two</script>c", "a b c"),
        ("<\u017fcript>a</\u017fcript>b", "<\u017fcript>a</\u017fcript>b"),
        ("<scr\u0131pt>a</scr\u0131pt>b", "a b"),
        ("before <script>alert(1) after", "before alert(1) after"),
        ("<style>never closed <script>evil()</script>shown", "never closed shown"),
        ("<!-- a comment -->shown", "shown"),
        ("<!-- <b>hidden</b> -->shown", "shown"),
        ("<!DOCTYPE html>shown", "shown"),
        ("a\x00b\x07c\x1b[0m\x7f\x85d", "abc[0md"),
        ("a\ud800b\udfffc", "abc"),
        ("\ufeffa\u200bb", "ab"),
        ("👩\u200d🔬 क\u094d\u200dष", "👩\u200d🔬 क\u094d\u200dष"),
        ("e\u0301", "é"),
        ("a \t\u00a0 b", "a b"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\n \n\n \nb", "a\n\nb"),
        ("  a  ", "a"),
        ("", ""),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize("letter", ["İ", "ẞ", "Ⱥ"])
def test_script_is_found_behind_letters_whose_lower_case_is_longer(letter: str) -> None:
    assert clean(f"{letter * 30}<script>hidden</script>shown") == f"{letter * 30} shown"


def test_endless_character_reference_is_only_text() -> None:
    """Python refuses to read a decimal number of more than 4,300 digits."""
    assert "shown" in clean(f"shown &#{'1' * 5000};")


@pytest.mark.parametrize(
    "piece",
    [
        "<script>",
        "<script></style>",
        "<style><script></script>",
        "<",
        "<a",
        "<!--",
        "&",
        "&#",
        "\n ",
        "</script",
        " \t",
    ],
)
def test_a_megabyte_of_debris_is_cleaned_in_linear_time(piece: str) -> None:
    assert_linear(clean, piece * (1_000_000 // len(piece)))


PIECES = [
    "<script>",
    "</SCRIPT",
    "<style",
    "</style>",
    "<!--",
    "-->",
    "<b>",
    "<",
    ">",
    "&lt;",
    "&#",
    "&#x41;",
    "&",
    "\n",
]

markup = st.lists(st.one_of(st.sampled_from(PIECES), st.characters(codec=None)), max_size=40).map("".join)


@given(markup)
def test_clean_never_raises_and_leaves_nothing_unprintable(text: str) -> None:
    cleaned = clean(text)

    assert cleaned == cleaned.strip()
    assert not any((ord(c) < 32 and c != "\n") or 0xD800 <= ord(c) <= 0xDFFF for c in cleaned)
    assert "\n\n\n" not in cleaned
    assert "  " not in cleaned


@given(st.text(st.characters(codec=None, exclude_characters="<&"), max_size=80))
def test_clean_text_stays_as_it_is(text: str) -> None:
    """Without ``<`` and ``&``, that is: ``&lt;b&gt;`` means ``<b>``, and cleaning that again drops it."""
    assert clean(clean(text)) == clean(text)
