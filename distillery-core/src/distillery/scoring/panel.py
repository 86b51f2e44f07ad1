"""FilterPanel: many filters over the same articles, what they have in common done once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

from ..errors import DuplicateFilterError
from ..plugins.manager import core_version
from .article import Article
from .flow import ArticleLike, checked, failure, score_together
from .score import Provenance, Score
from .scorer import FilterBaseScorer

Scores = dict[str, Score]


class FilterPanel:
    """Scores articles with several filters; a result is a dict of scores by the filter's name.

    ``scorers`` are the filters that loaded, ``faults`` why others did not, by name: each result of
    theirs is a score with an ``error``.
    """

    def __init__(self, scorers: Iterable[FilterBaseScorer], faults: Mapping[str, Exception] | None = None) -> None:
        """Put filters together; raise DuplicateFilterError if two have one name, under which one would be lost."""
        self.scorers = list(scorers)
        self.faults = dict(faults or {})
        self.names = [*(scorer.config.name for scorer in self.scorers), *self.faults]
        if repeated := sorted({name for name in self.names if self.names.count(name) > 1}):
            raise DuplicateFilterError(
                f"more than one of the filters is named {', '.join(repeated)}; score with one of them at a time."
            )

    def __iter__(self) -> Iterator[FilterBaseScorer]:
        return iter(self.scorers)

    def __len__(self) -> int:
        return len(self.scorers)

    @overload
    def score(self, articles: ArticleLike, *, skip_prefilter: bool = False) -> Scores: ...
    @overload
    def score(self, articles: Iterable[ArticleLike], *, skip_prefilter: bool = False) -> list[Scores]: ...
    def score(
        self, articles: ArticleLike | Iterable[ArticleLike], *, skip_prefilter: bool = False
    ) -> Scores | list[Scores]:
        """Score one article, or many as `score_batch` does; raise ArticleError if the one cannot be read."""
        if isinstance(articles, Mapping):
            articles = Article.from_dict(articles)
        if isinstance(articles, Article):
            return self.score_batch([articles], skip_prefilter=skip_prefilter)[0]
        return self.score_batch(articles, skip_prefilter=skip_prefilter)

    def score_batch(self, articles: Iterable[ArticleLike], *, skip_prefilter: bool = False) -> list[Scores]:
        """Score articles in their order; what a filter cannot score carries an ``error`` in its place alone."""
        batch = list(checked(articles))
        together = [scorer for scorer in self.scorers if _in_step(scorer)]
        found = dict(
            zip(map(_name, together), score_together(together, batch, skip_prefilter=skip_prefilter), strict=True)
        )
        for scorer in self.scorers:
            if scorer not in together:
                found[_name(scorer)] = _scored_apart(scorer, batch, skip_prefilter=skip_prefilter)
        for name, fault in self.faults.items():
            found[name] = [_not_loaded(name, fault)] * len(batch)
        return [{name: found[name][place] for name in self.names} for place in range(len(batch))]


def _name(scorer: FilterBaseScorer) -> str:
    return scorer.config.name


def _in_step(scorer: FilterBaseScorer) -> bool:
    """Say whether a filter keeps to the common flow; one that overrides `score_batch` goes its own way."""
    return type(scorer).score_batch is FilterBaseScorer.score_batch


def _scored_apart(scorer: FilterBaseScorer, batch: Sequence[ArticleLike], *, skip_prefilter: bool) -> list[Score]:
    try:
        scores = scorer.score_batch(batch, skip_prefilter=skip_prefilter)
        return [score for _, score in zip(batch, scores, strict=True)]
    except Exception as error:  # a filter's own code raises what it likes
        return [failure(scorer, "the filter", error)] * len(batch)


def _not_loaded(name: str, fault: Exception) -> Score:
    unknown = Provenance(
        filter=name,
        version="",
        core_version=core_version(),
        student="",
        weights_sha256="",
        calibration=None,
        backend="",
    )
    return Score.failed(unknown, f"the filter could not be loaded: {fault}")
