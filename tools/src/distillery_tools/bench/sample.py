"""The articles to score: the user's own, or invented ones that come with the filters."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from distillery import FilterBaseScorer, InputFileError
from distillery.toolkit import read_golden, read_records

Articles = list[dict[str, Any]]


def read_articles(path: Path) -> Articles:
    """Return the articles of a JSON-lines file; raise InputFileError if there is none."""
    found = list(read_records(path))
    if not found:
        raise InputFileError(f"{path} contains no articles.")
    return found


def golden_articles(scorers: Iterable[FilterBaseScorer]) -> Articles:
    """Return the golden articles of the filters, which are invented; raise InputFileError if there are none."""
    found = [record["article"] for scorer in scorers for record in read_golden(scorer.filter_dir)]
    if not found:
        raise InputFileError("These filters have no golden articles.  Give a file of articles: distillery bench FILE")
    return found


def drawn(articles: Articles, n: int, seed: int = 0) -> Articles:
    """Return n random articles with new ids, drawn with replacement only if there are fewer than n."""
    draw = random.Random(seed)  # noqa: S311  not for secrets
    chosen = draw.sample(articles, n) if n <= len(articles) else draw.choices(articles, k=n)
    return [article | {"id": str(number)} for number, article in enumerate(chosen)]
