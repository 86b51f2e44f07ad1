"""The way of articles through filters: what several filters have in common is done once for all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .article import Article
from .commerce import CommerceGate
from .errors import ArticleError, DistilleryError
from .score import Score
from .shared_reading import SharedReading
from .tokens import HeadTailTokenizer

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


class Course:
    """One filter's way through a batch: its scores so far, by the article's place."""

    def __init__(self, scorer: FilterBaseScorer) -> None:
        """Start without a score."""
        self.scorer = scorer
        self.scores: dict[int, Score] = {}
        self.waiting: list[int] = []
        self.estimates: dict[int, float] = {}

    def settle(self, places: Sequence[int], scores: Sequence[Score | None]) -> None:
        """Keep the scores that are final; the other articles of these places wait on."""
        self.scores |= {place: score for place, score in zip(places, scores, strict=True) if score is not None}
        self.waiting = [place for place in self.waiting if place not in self.scores]

    def spare(self, stage1: Sequence[Score | float | None]) -> None:
        """Keep what Stage 1 says of the waiting articles: a final score, or its estimate for later."""
        places = self.waiting
        said = dict(zip(places, stage1, strict=True))
        self.estimates = {place: one for place, one in said.items() if isinstance(one, float)}
        self.settle(places, [one if isinstance(one, Score) else None for one in said.values()])

    def judge(self, scores: Sequence[Score]) -> None:
        """Keep what the student says of the waiting articles, beside Stage 1's estimate."""
        estimates = [self.estimates.get(place) for place in self.waiting]
        self.settle(self.waiting, [_beside(one, score) for one, score in zip(estimates, scores, strict=True)])


def score_together(
    scorers: Sequence[FilterBaseScorer], articles: Iterable[ArticleLike], *, skip_prefilter: bool = False
) -> list[list[Score]]:
    """Return each filter's scores [n_filters][n_articles] in the order of the articles.

    An article that cannot be read, and a filter that fails on one, is an ``error`` on these scores alone.
    """
    readable = [_readable(article) for article in checked(articles)]
    courses = [Course(scorer) for scorer in scorers]
    reading = SharedReading(["" if isinstance(article, ArticleError) else article.text for article in readable])
    for place, article in enumerate(readable):
        for course in courses:
            _screen(course, place, article, skip_prefilter=skip_prefilter)
    for alike in _groups(courses, lambda scorer: scorer.embedder.fingerprint if scorer.embedder else None):
        _spare(alike, reading)
    if not skip_prefilter:
        for alike in _groups(courses, lambda scorer: scorer.commerce):
            _set_aside(alike, reading)
    for alike in _groups(courses, lambda scorer: scorer.student.reading_key):
        _judge(alike, reading)
    return [[course.scores[place] for place in range(len(readable))] for course in courses]


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


def _groups(courses: Iterable[Course], key: Callable[[FilterBaseScorer], Hashable | None]) -> list[list[Course]]:
    """Return the courses that have a key in common; None is no key."""
    groups: dict[Hashable, list[Course]] = {}
    for course in courses:
        if (common := key(course.scorer)) is not None:
            groups.setdefault(common, []).append(course)
    return list(groups.values())


def _waiting(courses: Iterable[Course]) -> list[int]:
    """Return the places of the articles that any of the courses waits for."""
    return sorted({place for course in courses for place in course.waiting})


def _screen(course: Course, place: int, article: Article | ArticleError, *, skip_prefilter: bool) -> None:
    try:
        if isinstance(article, ArticleError):
            score: Score | None = Score.invalid(course.scorer.provenance, str(article))
        else:
            score = None if skip_prefilter else course.scorer.screen(article)
    except Exception as error:  # a filter's own code raises what it likes
        score = failure(course.scorer, "the prefilter", error)
    if score is None:
        course.waiting.append(place)
    else:
        course.scores[place] = score


def _spare(courses: Sequence[Course], reading: SharedReading) -> None:
    """Let Stage 1 judge whom it can; where it fails, the student reads the article."""
    embedder, places = courses[0].scorer.embedder, _waiting(courses)
    if embedder is None or not places:
        return
    try:
        embeddings = embedder.embed_tokens(reading.tokens(embedder.tokenizer, places))
    except Exception:  # out of memory, say
        logger.warning("Stage 1 failed on %d articles; the student reads them all.", len(places), exc_info=True)
        return
    row_of = {place: row for row, place in enumerate(places)}
    for course in courses:
        try:
            course.spare(course.scorer.spare(embeddings[[row_of[place] for place in course.waiting]]))
        except Exception:  # a filter's own code raises what it likes
            logger.warning("Stage 1 of %s failed; its student reads on.", course.scorer.config.name, exc_info=True)


def _set_aside(courses: Sequence[Course], reading: SharedReading) -> None:
    """Let the commerce filter judge every article that still waits; what it cannot score is not set aside."""
    gate, places = courses[0].scorer.commerce, _waiting(courses)
    if gate is None:
        return
    commercial = {
        place for place, score in zip(places, _scores(gate.scorer, places, reading), strict=True) if gate.blocks(score)
    }
    for course in courses:
        aside = Score.blocked(course.scorer.provenance, CommerceGate.reason)
        places = [place for place in course.waiting if place in commercial]
        course.settle(places, [aside] * len(places))


def _judge(courses: Sequence[Course], reading: SharedReading) -> None:
    """Read what any of the filters waits for in one go, then let each judge its own."""
    reading.read(courses[0].scorer.student, _waiting(courses))
    for course in courses:
        course.judge(_scores(course.scorer, course.waiting, reading))


def _scores(scorer: FilterBaseScorer, places: Sequence[int], reading: SharedReading) -> list[Score]:
    outputs, faults = reading.read(scorer.student, places)
    try:
        scores = dict(zip(places, scorer.score_outputs(outputs), strict=True))
    except Exception as error:  # a filter's own code raises what it likes
        return [failure(scorer, "the filter", error)] * len(places)
    scores |= {place: failure(scorer, "the student", fault) for place, fault in faults.items()}
    return [scores[place] for place in places]
