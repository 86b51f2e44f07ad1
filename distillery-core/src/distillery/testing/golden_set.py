"""Golden articles: enough of them, in more than one language, scored as the release scored them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..config import FilterConfig
from ..golden import GOLDEN_FILE

LEAST_ARTICLES = 10


def golden_set_faults(config: FilterConfig, records: Sequence[dict[str, Any]]) -> list[str]:
    """Return whether there are too few golden records, only English ones, or any without all scores."""
    faults = []
    if len(records) < LEAST_ARTICLES:
        faults.append(f"{GOLDEN_FILE} has {len(records)} articles.  Write at least {LEAST_ARTICLES}.")
    if all(_is_english(record["article"]) for record in records):
        faults.append(f'{GOLDEN_FILE} has only English articles.  Add one, and state its language: "language": "nl".')
    faults += [
        f"golden article '{record['article'].get('id')}' has no score of each dimension.  Train the filter to get them."
        for record in records
        if set(record.get("scores") or {}) != set(config.dimension_names)
    ]
    return faults


def _is_english(article: dict[str, Any]) -> bool:
    return str(article.get("language") or "en").lower().startswith("en")
