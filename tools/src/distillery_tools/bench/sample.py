"""The articles to score: the user's own, or invented ones that come with the filters."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from distillery import FilterBaseScorer
from distillery.errors import InputFileError
from distillery.golden import read_golden
from distillery.io import read_records
from distillery.testing.articles import PLAIN

Articles = list[dict[str, Any]]


def read_articles(path: Path) -> Articles:
    """Return the articles of a JSON-lines file; raise InputFileError if there is none."""
    found = list(read_records(path))
    if not found:
        raise InputFileError(f"{path} contains no articles.")
    return found


def invented_articles(scorers: Iterable[FilterBaseScorer]) -> Articles:
    """Return the golden articles of the filters, and some of the conformance kit."""
    golden = [record["article"] for scorer in scorers for record in read_golden(scorer.filter_dir)]
    return [*golden, *PLAIN]


def drawn(articles: Articles, n: int, seed: int = 0) -> Articles:
    """Return n random articles with new ids, drawn with replacement only if there are fewer than n."""
    draw = random.Random(seed)  # noqa: S311  not for secrets
    chosen = draw.sample(articles, n) if n <= len(articles) else draw.choices(articles, k=n)
    return [article | {"id": str(number)} for number, article in enumerate(chosen)]
