"""The weighted average by language."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..measuring.figures import Values, bootstrap
from ..measuring.metrics import mean_absolute_error, spearman, spearman_of

ENGLISH = "en"
OTHER, NOT_ENGLISH = "other", "not English"
MIN_ARTICLES = 30

Mask = NDArray[np.bool_]


def language_groups(languages: list[str]) -> dict[str, Mask]:
    """Return masks [n_articles]: English, each common language, all others, and everything but English.

    A language is common from ``MIN_ARTICLES`` on. Articles without a language are in no group; empty groups are left
    out.
    """
    known = np.array([bool(language) for language in languages])
    counts = Counter(language for language in languages if language and language != ENGLISH)
    common = [name for name, count in counts.most_common() if count >= MIN_ARTICLES]
    groups = {name: np.array([language == name for language in languages]) for name in (ENGLISH, *common)}
    not_english = known & ~groups[ENGLISH]
    groups[OTHER] = not_english & ~np.any([groups[name] for name in (ENGLISH, *common)], axis=0)
    groups[NOT_ENGLISH] = not_english
    return {name: mask for name, mask in groups.items() if mask.any()}


def language_figures(predicted: Values, expected: Values, languages: list[str]) -> dict[str, Any]:
    """Return number, error and rank correlation of the weighted averages [n_articles] for each group."""
    return {
        name: {
            "n": int(mask.sum()),
            "mae": bootstrap(mean_absolute_error, predicted[mask], expected[mask]).to_dict(),
            "spearman": bootstrap(spearman, predicted[mask], expected[mask]).to_dict(),
        }
        for name, mask in language_groups(languages).items()
    }


def language_gap(predicted: Values, expected: Values, languages: list[str]) -> dict[str, float | None]:
    """Return the rank correlation of English articles minus that of all others; above 0 English ones rank better."""
    groups = language_groups(languages)
    nobody = np.zeros(len(languages), dtype=bool)
    english, others = (groups.get(name, nobody) for name in (ENGLISH, NOT_ENGLISH))
    return bootstrap(_correlation_gap, predicted, expected, english, others).to_dict()


def _correlation_gap(predicted: Values, expected: Values, english: Mask, others: Mask) -> Values:
    return np.asarray(spearman_of(predicted, expected, english) - spearman_of(predicted, expected, others))
