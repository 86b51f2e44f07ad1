"""The prefilter beside the labels: what passes, what is set aside and why, and what is lost by it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from scipy.stats import beta

from distillery import Article, FilterConfig
from distillery.scoring.postfilter import Postfilter
from distillery.scoring.prefilter import Prefilter
from distillery.summary import kind_of_reason

from ..data.labelled import LabelledData, Split
from .figures import CONFIDENCE
from .headline import MEDIUM

ALL = "all"


def prefilter_figures(config: FilterConfig, data: LabelledData, split: str) -> dict[str, Any]:
    """Return the prefilter's figures on one split, and on all of them together."""
    return {
        split: _figures(config, [data.splits[split]]),
        ALL: _figures(config, list(data.splits.values())),
    }


def upper_bound(n_hits: int, n_trials: int) -> float | None:
    """Return the one-sided 95 % upper bound of a share (Clopper and Pearson 1934); None without trials."""
    if not n_trials:
        return None
    return 1.0 if n_hits == n_trials else float(beta.ppf(CONFIDENCE, n_hits + 1, n_trials - n_hits))


def _figures(config: FilterConfig, splits: list[Split]) -> dict[str, Any]:
    articles = [article for split in splits for article in split.articles]
    postfilter = Postfilter(config)
    averages = [average for split in splits for average in postfilter.averages(split.scores).tolist()]
    reasons = _reasons(config, articles)
    lost = [reason for reason, average in zip(reasons, averages, strict=True) if average >= MEDIUM]
    n_blocked = sum(reason is not None for reason in lost)
    return {
        "n_articles": len(articles),
        "passed": reasons.count(None) / len(articles),
        "reasons": dict(Counter(reason for reason in reasons if reason).most_common()),
        "n_at_threshold": len(lost),
        "blocked_at_threshold": n_blocked,
        "blocked_share": n_blocked / len(lost) if lost else None,
        "blocked_share_at_most": upper_bound(n_blocked, len(lost)),
        "reasons_at_threshold": dict(Counter(reason for reason in lost if reason).most_common()),
    }


def _reasons(config: FilterConfig, articles: list[Article]) -> list[str | None]:
    """Return the kind of reason for which each article is set aside, None for one that passes."""
    verdicts = map(Prefilter(config.prefilter).check, articles)
    return [None if verdict.passed else kind_of_reason(verdict.reason) for verdict in verdicts]
