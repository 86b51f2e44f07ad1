"""Article: what is read from a mapping, and the cleaning of its text."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from distillery.errors import ArticleError, DistilleryError
from distillery.scoring.article import Article

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
    assert Article.from_dict({**GOOD, "text": text}).content == "A content."


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"content": "c"}, "'title' is missing"),
        ({"title": "t"}, "'content' is missing"),
        ({"title": None, "content": "c"}, "'title' is missing"),
        ({"title": 7, "content": "c"}, r"'title' must be text, not int \(7\)"),
        ({"title": "t", "content": b"\xff"}, "'content' must be text, not bytes that are not UTF-8"),
        (
            {"title": "t", "body": "c"},
            "'content' is missing.* Found: title, body. .*--column content=body",
        ),
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
    assert issubclass(ArticleError, ValueError)
    assert issubclass(ArticleError, DistilleryError)


def test_url_is_read_without_invisible_characters() -> None:
    url = " \ufeff<![CDATA[https://exam\u00adple.org/a?b=1&copy=2]]>\n"

    assert Article.from_dict({**GOOD, "url": url}).url == "https://example.org/a?b=1&copy=2"
