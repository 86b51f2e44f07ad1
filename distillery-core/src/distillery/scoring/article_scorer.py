"""ArticleScorer: how one filter and a panel of filters are called."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

from .article import Article
from .contracts import ArticleLike
from .inputs import Columns, is_single, iter_articles, with_columns
from .stream import BATCH_SIZE, stream

Result = TypeVar("Result")


class ArticleScorer(ABC, Generic[Result]):
    """Scores articles, one or many, in batches; what comes of one article is a ``Result``."""

    @overload
    def score(
        self, articles: ArticleLike, *, prefilter: bool | None = None, columns: Columns | None = None
    ) -> Result: ...
    @overload
    def score(
        self,
        articles: Iterable[ArticleLike],
        *,
        prefilter: bool | None = None,
        batch_size: int = BATCH_SIZE,
        show_progress: bool = False,
        columns: Columns | None = None,
    ) -> list[Result]: ...
    def score(
        self,
        articles: ArticleLike | Iterable[ArticleLike],
        *,
        prefilter: bool | None = None,
        batch_size: int = BATCH_SIZE,
        show_progress: bool = False,
        columns: Columns | None = None,
    ) -> Result | list[Result]:
        """Score one article, or many in their order.

        One article that cannot be read raises ArticleError, and one that a single filter cannot score ScoringError. Of
        many, such an article gets a score whose ``error`` says why, and the others are scored.

        ``prefilter=False`` scores the articles that a filter's rules would set aside; None is what was chosen when the
        filter was loaded. ``batch_size`` is how many articles share a pass, ``show_progress`` draws a bar on stderr. A
        table of articles is a pandas or polars DataFrame, a pyarrow Table, a datasets.Dataset or a dict of lists;
        ``columns`` maps an article's field to its name there: ``{"title": "headline", "content": "body"}``.

            frame["uplifting"] = [score.weighted_average for score in scorer.score(frame)]
        """
        if is_single(articles):
            article = with_columns(articles, columns)
            checked = article if isinstance(article, Article) else Article.from_dict(article)
            return self._score_one(checked, prefilter=prefilter)
        return list(
            self.score_iter(
                articles, prefilter=prefilter, batch_size=batch_size, show_progress=show_progress, columns=columns
            )
        )

    def score_iter(
        self,
        articles: Iterable[ArticleLike],
        *,
        prefilter: bool | None = None,
        batch_size: int = BATCH_SIZE,
        show_progress: bool = False,
        columns: Columns | None = None,
    ) -> Iterator[Result]:
        """Score articles one batch after the other, lazily: memory does not grow with their number.

        The options are those of `score`.

            for article, score in zip(articles, scorer.score_iter(articles)):
                print(article["id"], score)
        """
        return stream(
            lambda batch: self._score_reported(batch, prefilter=prefilter),
            iter_articles(articles, columns),
            batch_size=batch_size,
            progress=articles if show_progress else None,
            title=self._title,
        )

    async def ascore(self, articles: ArticleLike | Iterable[ArticleLike], **options: Any) -> Result | list[Result]:
        """Score in a thread, so that an event loop goes on; the options are those of `score`."""
        return await asyncio.to_thread(lambda: self.score(articles, **options))

    @property
    @abstractmethod
    def _title(self) -> str:
        """What the progress bar shows."""

    @abstractmethod
    def _score_one(self, article: Article, *, prefilter: bool | None) -> Result:
        """Return the result of one article, or raise."""

    @abstractmethod
    def _score_reported(self, batch: Sequence[ArticleLike], *, prefilter: bool | None) -> Sequence[Result]:
        """Return the results of one batch, and report its figures."""
