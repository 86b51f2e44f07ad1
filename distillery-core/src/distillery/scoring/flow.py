"""The way of articles through filters: what several filters have in common is done once for all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ArticleError, DistilleryError
from ..students.tokens import HeadTailTokenizer
from .article import Article
from .encoding_cache import EncodingCache
from .gate import CommerceGate
from .score import Score

if TYPE_CHECKING:
    from .scorer import FilterBaseScorer

ArticleLike = Article | Mapping[str, Any]

logger = logging.getLogger(__name__)


class Embedder(Protocol):
    """Turns texts into vectors for Stage 1; those of one fingerprint give the same vectors."""

    fingerprint: str
    tokenizer: HeadTailTokenizer

    def embed_tokens(self, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return one vector per row of token ids [n_rows, width]."""


class FilterRun:
    """One filter's way through a batch: its scores so far, by the article's index."""

    def __init__(self, scorer: FilterBaseScorer) -> None:
        """Start without a score."""
        self.scorer = scorer
        self.scores: dict[int, Score] = {}
        self.pending: list[int] = []
        self.estimates: dict[int, float] = {}

    def finalise(self, indices: Sequence[int], scores: Sequence[Score | None]) -> None:
        """Keep the scores that are final; the other articles of these indices wait on."""
        self.scores |= {index: score for index, score in zip(indices, scores, strict=True) if score is not None}
        self.pending = [index for index in self.pending if index not in self.scores]

    def spare(self, stage1: Sequence[Score | float | None]) -> None:
        """Keep what Stage 1 says of the pending articles: a final score, or its estimate for later."""
        indices = self.pending
        said = dict(zip(indices, stage1, strict=True))
        self.estimates = {index: one for index, one in said.items() if isinstance(one, float)}
        self.finalise(indices, [one if isinstance(one, Score) else None for one in said.values()])

    def judge(self, scores: Sequence[Score]) -> None:
        """Keep what the student says of the pending articles, beside Stage 1's estimate."""
        estimates = [self.estimates.get(index) for index in self.pending]
        self.finalise(self.pending, [_beside(one, score) for one, score in zip(estimates, scores, strict=True)])


def score_together(
    scorers: Sequence[FilterBaseScorer], articles: Iterable[ArticleLike], *, skip_prefilter: bool = False
) -> list[list[Score]]:
    """Return each filter's scores [n_filters][n_articles] in the order of the articles.

    An article that cannot be read, and a filter that fails on one, is an ``error`` on these scores alone.
    """
    readable = [_readable(article) for article in checked(articles)]
    runs = [FilterRun(scorer) for scorer in scorers]
    encodings = EncodingCache(["" if isinstance(article, ArticleError) else article.text for article in readable])
    for index, article in enumerate(readable):
        for run in runs:
            _screen(run, index, article, skip_prefilter=skip_prefilter)
    for alike in _groups(runs, lambda scorer: scorer.embedder.fingerprint if scorer.embedder else None):
        _spare(alike, encodings)
    if not skip_prefilter:
        for alike in _groups(runs, lambda scorer: scorer.commerce):
            _set_aside(alike, encodings)
    for alike in _groups(runs, lambda scorer: scorer.student.encoder_key):
        _judge(alike, encodings)
    return [[run.scores[index] for index in range(len(readable))] for run in runs]


def checked(articles: Iterable[ArticleLike]) -> Iterable[ArticleLike]:
    """Return the articles; raise DistilleryError if they are one article or a text, whose parts are none."""
    if isinstance(articles, (str, bytes)):
        raise DistilleryError("score takes an article (a mapping with title and content) or many of them, not text.")
    if isinstance(articles, (Article, Mapping)):
        raise DistilleryError("score_batch takes many articles; one alone goes to score or score_article.")
    return articles


def failure(scorer: FilterBaseScorer, what: str, error: Exception) -> Score:
    """Return the result for an article on which a part of the filter failed."""
    return Score.failed(scorer.provenance, f"{what} failed: {type(error).__name__}: {error}")


def _readable(article: ArticleLike) -> Article | ArticleError:
    try:
        return article if isinstance(article, Article) else Article.from_dict(article)
    except ArticleError as error:
        return error


def _beside(estimate: float | None, score: Score) -> Score:
    return score if estimate is None else replace(score, stage1_estimate=estimate)


def _groups(runs: Iterable[FilterRun], key: Callable[[FilterBaseScorer], Hashable | None]) -> list[list[FilterRun]]:
    """Return the runs that have a key in common; None is no key."""
    groups: dict[Hashable, list[FilterRun]] = {}
    for run in runs:
        if (common := key(run.scorer)) is not None:
            groups.setdefault(common, []).append(run)
    return list(groups.values())


def _pending(runs: Iterable[FilterRun]) -> list[int]:
    """Return the indices of the articles that any of the runs waits for."""
    return sorted({index for run in runs for index in run.pending})


def _screen(run: FilterRun, index: int, article: Article | ArticleError, *, skip_prefilter: bool) -> None:
    try:
        if isinstance(article, ArticleError):
            score: Score | None = Score.invalid(run.scorer.provenance, str(article))
        else:
            score = None if skip_prefilter else run.scorer.screen(article)
    except Exception as error:  # a filter's own code raises what it likes
        score = failure(run.scorer, "the prefilter", error)
    if score is None:
        run.pending.append(index)
    else:
        run.scores[index] = score


def _spare(runs: Sequence[FilterRun], encodings: EncodingCache) -> None:
    """Let Stage 1 judge whom it can; where it fails, the student reads the article."""
    embedder, indices = runs[0].scorer.embedder, _pending(runs)
    if embedder is None or not indices:
        return
    try:
        embeddings = embedder.embed_tokens(encodings.tokens(embedder.tokenizer, indices))
    except Exception:  # out of memory, say
        logger.warning("Stage 1 failed on %d articles; the student reads them all.", len(indices), exc_info=True)
        return
    row_of = {index: row for row, index in enumerate(indices)}
    for run in runs:
        try:
            run.spare(run.scorer.spare(embeddings[[row_of[index] for index in run.pending]]))
        except Exception:  # a filter's own code raises what it likes
            logger.warning("Stage 1 of %s failed; its student reads on.", run.scorer.config.name, exc_info=True)


def _set_aside(runs: Sequence[FilterRun], encodings: EncodingCache) -> None:
    """Let the commerce filter judge every article that still waits; what it cannot score is not set aside."""
    gate, indices = runs[0].scorer.commerce, _pending(runs)
    if gate is None:
        return
    commercial = {
        index
        for index, score in zip(indices, _scores(gate.scorer, indices, encodings), strict=True)
        if gate.blocks(score)
    }
    for run in runs:
        aside = Score.blocked(run.scorer.provenance, CommerceGate.reason)
        indices = [index for index in run.pending if index in commercial]
        run.finalise(indices, [aside] * len(indices))


def _judge(runs: Sequence[FilterRun], encodings: EncodingCache) -> None:
    """Read what any of the filters waits for in one go, then let each judge its own."""
    encodings.encode(runs[0].scorer.student, _pending(runs))
    for run in runs:
        run.judge(_scores(run.scorer, run.pending, encodings))


def _scores(scorer: FilterBaseScorer, indices: Sequence[int], encodings: EncodingCache) -> list[Score]:
    outputs, faults = encodings.encode(scorer.student, indices)
    try:
        scores = dict(zip(indices, scorer.to_scores(outputs), strict=True))
    except Exception as error:  # a filter's own code raises what it likes
        return [failure(scorer, "the filter", error)] * len(indices)
    scores |= {index: failure(scorer, "the student", fault) for index, fault in faults.items()}
    return [scores[index] for index in indices]
