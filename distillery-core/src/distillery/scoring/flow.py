"""The way of a batch of articles through one filter or many: prefilter, Stage 1, gates, student.

What several filters have in common is done once for all of them: an article is cleaned once, tokenized once per
tokenizer and encoded once per encoder. A filter that fails on an article costs only its own score of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace

from ..errors import ArticleError
from .article import Article
from .contracts import ArticleLike, Gate, Scorer, Stage1Result
from .encoding_cache import EncodingCache
from .flags import with_flags
from .score import Score

logger = logging.getLogger(__name__)


class FilterRun:
    """One filter's way through a batch: its final scores by index, and the articles that still wait for one."""

    def __init__(self, scorer: Scorer) -> None:
        """Start without a score."""
        self.scorer = scorer
        self.scores: dict[int, Score] = {}
        self.pending: list[int] = []
        self._estimates: dict[int, float] = {}

    def finalise(self, indices: Sequence[int], scores: Sequence[Score | None]) -> None:
        """Keep the scores that are final; articles with None stay pending."""
        self.scores |= {index: score for index, score in zip(indices, scores, strict=True) if score is not None}
        self.pending = [index for index in self.pending if index not in self.scores]

    def finalise_stage1(self, results: Sequence[Stage1Result]) -> None:
        """Keep Stage 1's results of the pending articles: a final score, or an estimate for later."""
        pending = self.pending
        found = zip(pending, results, strict=True)
        self._estimates = {index: result.estimate for index, result in found if result.estimate is not None}
        self.finalise(pending, [result.score for result in results])

    def finalise_student(self, scores: Sequence[Score]) -> None:
        """Keep the student's scores of the pending articles, with Stage 1's estimate where there is one."""
        estimates = [self._estimates.get(index) for index in self.pending]
        self.finalise(self.pending, [_with_estimate(*one) for one in zip(scores, estimates, strict=True)])


def score_batch(
    scorers: Sequence[Scorer], articles: Iterable[ArticleLike], *, prefilter: bool | None = None
) -> list[list[Score]]:
    """Return each filter's scores [n_filters][n_articles] in the order of the articles.

    An article that cannot be read, and a filter that fails on one, is an ``error`` on these scores alone.
    ``prefilter=False`` scores the articles that the filters' rules would set aside; None is each filter's own choice.
    """
    checked = [_checked(article) for article in articles]
    runs = [FilterRun(scorer) for scorer in scorers]
    encodings = EncodingCache(["" if isinstance(article, ArticleError) else article.text for article in checked])
    for index, article in enumerate(checked):
        for run in runs:
            enabled = run.scorer.uses_prefilter if prefilter is None else prefilter
            _apply_prefilter(run, index, article, enabled=enabled)
    for group in _groups(runs, _embedder_fingerprint):
        _apply_stage1(group, encodings)
    for gate in dict.fromkeys(gate for scorer in scorers for gate in scorer.gates):
        _apply_gate(gate, [run for run in runs if gate in run.scorer.gates], encodings)
    for group in _groups(runs, lambda scorer: scorer.student.encoder_key):
        _apply_student(group, encodings)
    for run in runs:
        _apply_flags(run, checked, encodings)
    return [[run.scores[index] for index in range(len(checked))] for run in runs]


def failure(scorer: Scorer, part: str, error: Exception) -> Score:
    """Return the score of an article on which a part of the filter failed."""
    return Score.make_failed(scorer.provenance, f"{part} failed: {type(error).__name__}: {error}")


def _checked(article: ArticleLike) -> Article | ArticleError:
    try:
        return article if isinstance(article, Article) else Article.from_dict(article)
    except ArticleError as error:
        return error


def _with_estimate(score: Score, estimate: float | None) -> Score:
    return score if estimate is None else replace(score, stage1_estimate=estimate)


def _embedder_fingerprint(scorer: Scorer) -> str | None:
    return scorer.stage1.embedder.fingerprint if scorer.stage1 else None


def _groups(runs: Iterable[FilterRun], key: Callable[[Scorer], Hashable | None]) -> list[list[FilterRun]]:
    """Return the runs by equal keys; a run whose key is None is in no group."""
    groups: dict[Hashable, list[FilterRun]] = {}
    for run in runs:
        if (common := key(run.scorer)) is not None:
            groups.setdefault(common, []).append(run)
    return list(groups.values())


def _pending(runs: Iterable[FilterRun]) -> list[int]:
    """Return the indices of the articles that are pending in any of the runs."""
    return sorted({index for run in runs for index in run.pending})


def _apply_prefilter(run: FilterRun, index: int, article: Article | ArticleError, *, enabled: bool) -> None:
    try:
        if isinstance(article, ArticleError):
            score: Score | None = Score.make_invalid(run.scorer.provenance, str(article))
        else:
            score = run.scorer.prefilter_article(article) if enabled else None
    except Exception as error:  # a filter's own code raises what it likes
        score = failure(run.scorer, "the prefilter", error)
    if score is None:
        run.pending.append(index)
    else:
        run.scores[index] = score


def _apply_stage1(runs: Sequence[FilterRun], encodings: EncodingCache) -> None:
    """Run Stage 1; the student scores what Stage 1 does not settle."""
    stage1, indices = runs[0].scorer.stage1, _pending(runs)
    if stage1 is None or not indices:
        return
    embedder = stage1.embedder
    try:
        embeddings = embedder.embed_tokens(encodings.tokens(embedder.tokenizer, indices))
    except Exception:  # out of memory, say
        logger.warning("Stage 1 failed on %d articles; the student scores them all.", len(indices), exc_info=True)
        return
    row_of = {index: row for row, index in enumerate(indices)}
    for run in runs:
        try:
            run.finalise_stage1(run.scorer.score_stage1(embeddings[[row_of[index] for index in run.pending]]))
        except Exception:  # a filter's own code raises what it likes
            name = run.scorer.config.name
            logger.warning("Stage 1 of %s failed; its student scores these articles.", name, exc_info=True)


def _apply_gate(gate: Gate, runs: Sequence[FilterRun], encodings: EncodingCache) -> None:
    """Score every pending article with the gate's filter; what it cannot score is not set aside."""
    indices = _pending(runs)
    scores = dict(zip(indices, _student_scores(gate.scorer, indices, encodings), strict=True))
    for run in runs:
        blocked = [index for index in run.pending if gate.blocks(scores[index])]
        provenance = run.scorer.provenance
        run.finalise(blocked, [Score.make_gated(provenance, gate.name, scores[index]) for index in blocked])


def _apply_student(runs: Sequence[FilterRun], encodings: EncodingCache) -> None:
    """Encode at once what is pending in any of the runs, then score each run's own."""
    encodings.encode(runs[0].scorer.student, _pending(runs))
    for run in runs:
        run.finalise_student(_student_scores(run.scorer, run.pending, encodings))


def _apply_flags(run: FilterRun, articles: Sequence[Article | ArticleError], encodings: EncodingCache) -> None:
    """Flag the articles that the filter scored and that are out of its scope."""
    scored = {
        index: article
        for index, article in enumerate(articles)
        if isinstance(article, Article) and run.scores[index].weighted_average is not None
    }
    try:
        run.scores |= with_flags(run.scorer, scored, {index: run.scores[index] for index in scored}, encodings)
    except Exception:  # a student of the filter's own, say; its scores count all the same
        logger.warning("The scores of %s have no flags.", run.scorer.config.name, exc_info=True)


def _student_scores(scorer: Scorer, indices: Sequence[int], encodings: EncodingCache) -> list[Score]:
    outputs, faults = encodings.encode(scorer.student, indices)
    try:
        scores = dict(zip(indices, scorer.to_scores(outputs), strict=True))
    except Exception as error:  # a filter's own code raises what it likes
        return [failure(scorer, "the filter", error)] * len(indices)
    scores |= {index: failure(scorer, "the student", fault) for index, fault in faults.items()}
    return [scores[index] for index in indices]
