"""The prefilter against the labels: what passes, what it blocks and why, and which positives it blocks."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import Article, FilterConfig
from distillery.toolkit import Postfilter, Prefilter, kind_of_reason

from ..data.labelled import LabelledData, Split
from ..measuring.binomial import upper_bound

ALL = "all"


def prefilter_figures(config: FilterConfig, data: LabelledData, split: str) -> dict[str, Any]:
    """Return the prefilter's figures on one split, and on all of them together."""
    return {
        split: _figures(config, [data.splits[split]]),
        ALL: _figures(config, list(data.splits.values())),
    }


def _figures(config: FilterConfig, splits: list[Split]) -> dict[str, Any]:
    articles = [article for split in splits for article in split.articles]
    postfilter = Postfilter(config)
    averages = [average for split in splits for average in postfilter.averages(split.scores).tolist()]
    reasons = _reasons(config, articles)
    positives = [reason for reason, average in zip(reasons, averages, strict=True) if average >= config.positive_from]
    n_blocked = sum(reason is not None for reason in positives)
    return {
        "n_articles": len(articles),
        "passed": reasons.count(None) / len(articles),
        "reasons": dict(Counter(reason for reason in reasons if reason).most_common()),
        "n_positives": len(positives),
        "blocked_positives": n_blocked,
        "blocked_share": n_blocked / len(positives) if positives else None,
        "blocked_share_at_most": upper_bound(n_blocked, len(positives)) if positives else None,
        "reasons_of_positives": dict(Counter(reason for reason in positives if reason).most_common()),
    }


def set_aside(config: FilterConfig, articles: list[Article]) -> NDArray[np.bool_]:
    """Return which articles the prefilter blocks [n_articles]."""
    return np.array([reason is not None for reason in _reasons(config, articles)])


def _reasons(config: FilterConfig, articles: list[Article]) -> list[str | None]:
    """Return the kind of reason for which each article is blocked, None if it passes."""
    verdicts = map(Prefilter(config.prefilter).check, articles)
    return [None if verdict.passed else kind_of_reason(verdict.reason) for verdict in verdicts]
