"""FilterPanel: many filters over the same articles, what they have in common done once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

from ..errors import DuplicateFilterError, ForkedProcessError
from ..plugins.manager import core_version
from .article import Article
from .article_scorer import ArticleScorer
from .contracts import ArticleLike
from .flow import failure, score_batch
from .inputs import iter_articles
from .score import Provenance, Score
from .scorer import FilterBaseScorer
from .stream import OnBatch, report_batch

Scores = dict[str, Score]


class FilterPanel(ArticleScorer[Scores]):
    """Scores articles with several filters; a result is a dict of scores by the filter's name.

    ``scorers`` are the filters that loaded, ``faults`` the reasons why others did not, by name: each of their results
    is a score with an ``error``. A panel is safe to share between threads.

        panel = distillery.load_filters(["uplifting", "investment-risk"])
        for result in panel.score(articles):
            print({name: score.weighted_average for name, score in result.items()})
    """

    def __init__(
        self,
        scorers: Iterable[FilterBaseScorer],
        faults: Mapping[str, Exception] | None = None,
        *,
        on_batch: OnBatch | None = None,
    ) -> None:
        """Put filters together; raise DuplicateFilterError if two have the same name."""
        self.scorers = list(scorers)
        self.faults = dict(faults or {})
        self.on_batch = on_batch
        self.names = [*(scorer.config.name for scorer in self.scorers), *self.faults]
        if repeated := sorted({name for name in self.names if self.names.count(name) > 1}):
            raise DuplicateFilterError(
                f"more than one of the filters is named {', '.join(repeated)}; score with one of them at a time."
            )

    def __iter__(self) -> Iterator[FilterBaseScorer]:
        return iter(self.scorers)

    def __len__(self) -> int:
        return len(self.scorers)

    def __repr__(self) -> str:
        loaded = ", ".join(f"{scorer.config.name} {scorer.config.version}" for scorer in self.scorers)
        failed = f"; not loaded: {', '.join(self.faults)}" if self.faults else ""
        return f"<{type(self).__name__} {loaded or 'of no filters'}{failed}>"

    def score_batch(self, articles: Iterable[ArticleLike], *, prefilter: bool | None = None) -> list[Scores]:
        """Score one batch of articles in their order."""
        batch = list(iter_articles(articles))
        together = [scorer for scorer in self.scorers if _follows_flow(scorer)]
        scores = score_batch(together, batch, prefilter=prefilter)
        found = dict(zip((scorer.config.name for scorer in together), scores, strict=True))
        for scorer in self.scorers:
            if not _follows_flow(scorer):
                found[scorer.config.name] = _scored_apart(scorer, batch, prefilter=prefilter)
        for name, fault in self.faults.items():
            found[name] = [_not_loaded(name, fault)] * len(batch)
        return [{name: found[name][index] for name in self.names} for index in range(len(batch))]

    def warm_up(self) -> Self:
        """Run each encoder once on a short text; return the panel."""
        for scorer in {scorer.student.encoder_key: scorer for scorer in self.scorers}.values():
            scorer.warm_up()
        return self

    def info(self) -> dict[str, Any]:
        """Return what scores, by the filter's name, as plain JSON values; a filter that did not load has its fault."""
        loaded = {scorer.config.name: scorer.info() for scorer in self.scorers}
        return loaded | {name: {"fault": str(fault)} for name, fault in self.faults.items()}

    @property
    def _title(self) -> str:
        return f"{len(self)} filters"

    def _score_one(self, article: Article, *, prefilter: bool | None) -> Scores:
        return self._score_reported([article], prefilter=prefilter)[0]

    def _score_reported(self, batch: Sequence[ArticleLike], *, prefilter: bool | None) -> list[Scores]:
        started = time.perf_counter()
        results = self.score_batch(batch, prefilter=prefilter)
        report_batch(self.on_batch, {name: [result[name] for result in results] for name in self.names}, started)
        return results


def _follows_flow(scorer: FilterBaseScorer) -> bool:
    """Say whether a filter follows the common flow; one that overrides `score_batch` is scored apart."""
    return type(scorer).score_batch is FilterBaseScorer.score_batch


def _scored_apart(scorer: FilterBaseScorer, batch: Sequence[ArticleLike], *, prefilter: bool | None) -> list[Score]:
    try:
        scores = scorer.score_batch(batch, prefilter=prefilter)
        return [score for _, score in zip(batch, scores, strict=True)]
    except ForkedProcessError:  # no article's fault
        raise
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
    return Score.make_failed(unknown, f"the filter could not be loaded: {fault}")
