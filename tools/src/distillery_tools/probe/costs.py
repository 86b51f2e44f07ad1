"""What Stage 1 saves: its skip rate on a natural mix of articles, and both stages' costs measured side by side."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from distillery import Article, ArticleError, FilterBaseScorer, InputFileError, ProbeError
from distillery.toolkit import Embedder, StageCostsConfig, read_records, sha256_of

from ..bench.machine import machine
from ..bench.timing import Way, timed_in_turns
from .examples import embed

# Enough for a median; the stages take turns, so that other load on the machine slows both.
N_TIMED = 64
ROUNDS = 3


@dataclass(frozen=True)
class NaturalMix:
    """Unselected articles as they arrive in production, and the sha256 of their file."""

    articles: list[Article]
    sha256: str

    @classmethod
    def read(cls, path: Path) -> NaturalMix:
        """Read the valid articles of a file; raise InputFileError if there are none."""
        articles = []
        for record in read_records(path):
            try:
                articles.append(Article.from_dict(record))
            except ArticleError:
                continue  # no stage scores what is not an article
        if not articles:
            raise InputFileError(f"{path} contains no articles.")
        return cls(articles, sha256_of(path))


def stage_costs(scorer: FilterBaseScorer, student: FilterBaseScorer, mix: NaturalMix) -> StageCostsConfig:
    """Measure a scorer with its threshold against the same filter's student alone, on a mix of articles.

    The speed-up compares scoring what the prefilter passes with both stages and with the student alone.
    """
    passed = [article for article in mix.articles if scorer.prefilter_article(article) is None]
    if not passed:
        raise InputFileError(f"{scorer.config.name}: the prefilter passes none of the {len(mix.articles)} articles.")
    results = scorer.score_stage1(embed(embedder_of(scorer), passed))
    skip_rate = sum(result.score is not None for result in results) / len(passed)
    first, second = _seconds(scorer, student, passed[:: max(1, len(passed) // N_TIMED)][:N_TIMED])
    facts = machine()
    return StageCostsConfig(
        n_articles=len(passed),
        articles_sha256=mix.sha256,
        skip_rate=round(skip_rate, 4),
        stage1_milliseconds=round(first * 1e3, 3),
        student_milliseconds=round(second * 1e3, 3),
        speed_up=round(second / (first + (1 - skip_rate) * second), 3),
        backend=student.provenance.backend,
        machine=f"{facts['processor']}, {facts['cores']} cores",
        probe_sha256=scorer.provenance.probe_sha256,
        weights_sha256=student.provenance.weights_sha256,
    )


def embedder_of(scorer: FilterBaseScorer) -> Embedder:
    """Return the embedder of a scorer's Stage 1; raise ProbeError if the scorer has none."""
    if scorer.stage1 is None:
        raise ProbeError(f"{scorer.config.name} {scorer.config.version} was loaded without its Stage 1.")
    return scorer.stage1.embedder


def _seconds(scorer: FilterBaseScorer, student: FilterBaseScorer, articles: list[Article]) -> tuple[float, float]:
    """Return the median seconds per article of Stage 1 alone and of the student alone."""
    texts = [article.text for article in articles]
    ways = [
        Way("stage 1", 1, len(articles), 0, "float32", lambda: scorer.score_stage1(embedder_of(scorer).embed(texts))),
        Way("student", 1, len(articles), 1, "float32", partial(student.score_batch, articles, prefilter=False)),
    ]
    seconds = timed_in_turns(ways, ROUNDS, lambda: None)
    return statistics.median(seconds["stage 1"]), statistics.median(seconds["student"])
