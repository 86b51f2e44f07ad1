"""What `score` takes: one article, many articles or a table of them; anything else is a TypeError."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from ..errors import ArticleTypeError
from ..io.fields import check_mapping, renamed
from ..io.tables import is_table, rows_of
from .article import Article
from .contracts import ArticleLike

if TYPE_CHECKING:
    from typing_extensions import TypeIs

Columns = Mapping[str, str]


def is_single(articles: object) -> TypeIs[ArticleLike]:
    """Say whether the input is one article; a dict of lists is a table."""
    return isinstance(articles, Article) or (isinstance(articles, Mapping) and not is_table(articles))


def iter_articles(articles: Any, columns: Columns | None = None) -> Iterator[ArticleLike]:
    """Return many articles one after the other.

    ``columns`` maps an article's field to its name in the data, as in ``{"content": "body"}``. Raises
    ArticleTypeError for one article, and for what holds no articles; ArticleError for a table without the columns.
    """
    if is_table(articles):
        return rows_of(articles, columns)
    if is_single(articles):
        raise ArticleTypeError("This method takes many articles: pass one title and content to score(article).")
    if isinstance(articles, (str, bytes)) or not isinstance(articles, Iterable):
        raise _wrong_type(articles)
    items = iter(articles)
    first = list(islice(items, 1))
    # Later items of a wrong kind are errors of their own; a first one means that the caller passed something else.
    if first and first[0] is not None and not is_single(first[0]):
        raise _wrong_type(articles, first[0])
    found = chain(first, items)
    return (with_columns(article, columns) for article in found) if columns else found


def with_columns(article: ArticleLike, columns: Columns | None) -> ArticleLike:
    """Return an article whose fields are taken from the names in ``columns``; an `Article` stays as it is."""
    mapping = check_mapping(columns)
    return renamed(article, mapping) if mapping and isinstance(article, Mapping) else article


def batches_of(articles: Iterator[ArticleLike], size: int) -> Iterator[list[ArticleLike]]:
    """Return the articles in lists of at most ``size``."""
    return iter(lambda: list(islice(articles, size)), [])


def _wrong_type(articles: object, first: object = None) -> ArticleTypeError:
    found = f"a {type(articles).__name__}" + (f" of {type(first).__name__}" if first is not None else "")
    return ArticleTypeError(
        f"score takes an article, such as {{'title': ..., 'content': ...}}, or many of them, not {found}.\n"
        f"  For texts without a title, write: "
        f"scorer.score([{{'title': text[:80], 'content': text}} for text in texts])"
    )
