"""Articles that are labelled already: they are never selected again, and some serve as examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distillery import Article, ArticleError, FilterConfig, InputFileError
from distillery.toolkit import Postfilter

from ..data.labels import Id, identified_records
from ..oracle.compare.label_files import read_labels, score_rows
from .seen_texts import SeenTexts


@dataclass(frozen=True)
class AlreadyLabelled:
    """The ids with a label, the labelled articles by id as far as they are given, and the examples."""

    ids: set[Id]
    articles: dict[Id, Article]
    examples: list[Article]

    @classmethod
    def read(
        cls, config: FilterConfig, articles: Sequence[Path], labels: Sequence[Path], examples: Path | None
    ) -> AlreadyLabelled:
        """Read files of labelled articles, of their labels, and of examples.

        Articles whose label is above the lowest tier are examples, too. Raises InputFileError.
        """
        found = [_example(examples, record) for record in identified_records(examples)] if examples else []
        known, ids = _readable(record for path in articles for record in identified_records(path))
        for path in labels:
            records = read_labels(path, config.dimension_names)
            ids |= set(records)
            scores = score_rows([each["scores"] for each in records.values()], config.dimension_names)
            outcomes = Postfilter(config).apply(scores)
            positive = [key for key, outcome in zip(records, outcomes, strict=True) if outcome.tier != config.tiers[-1]]
            found += [known[key] for key in positive if key in known]
        return cls(ids, known, found)

    def seen_texts(self, label: str) -> SeenTexts:
        """Return the labelled texts, to compare the pool with."""
        seen = SeenTexts()
        for article in self.articles.values():
            seen.add(article.text, label)
        return seen


def _readable(records: Iterable[dict[str, Any]]) -> tuple[dict[Id, Article], set[Id]]:
    """Return the readable articles, and the ids of all."""
    articles: dict[Id, Article] = {}
    ids: set[Id] = set()
    for record in records:
        ids.add(record["id"])
        with suppress(ArticleError):
            articles[record["id"]] = Article.from_dict(record)
    return articles, ids


def _example(path: Path, record: dict[str, Any]) -> Article:
    try:
        return Article.from_dict(record)
    except ArticleError as error:
        raise InputFileError(f"{path}: {record['id']}: {error}.") from error
