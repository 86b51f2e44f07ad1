"""What is labelled already: never to be paid for again, and the source of examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distillery import Article, ArticleError, FilterConfig, InputFileError

from ..data.labels import Id, identified_records
from ..data.tiers import outcomes_of
from ..oracle.compare.label_files import read_labels, score_rows
from .seen_texts import SeenTexts


@dataclass(frozen=True)
class LabelledBefore:
    """The ids that have a label, the articles that are known by them, and those of the examples."""

    ids: set[Id]
    articles: dict[Id, Article]
    examples: list[Article]

    @classmethod
    def read(
        cls, config: FilterConfig, articles: Sequence[Path], labels: Sequence[Path], examples: Path | None
    ) -> LabelledBefore:
        """Read files of labelled articles, of their labels, and of articles that are examples.

        Where labels are given, those articles are examples, too, whose weighted average is above the lowest tier.
        Raises InputFileError.
        """
        found = [_example(examples, record) for record in identified_records(examples)] if examples else []
        known, ids = _readable(record for path in articles for record in identified_records(path))
        for path in labels:
            records = read_labels(path, config.dimension_names)
            ids |= set(records)
            outcomes = outcomes_of(
                score_rows([each["scores"] for each in records.values()], config.dimension_names), config
            )
            positive = [key for key, outcome in zip(records, outcomes, strict=True) if outcome.tier != config.tiers[-1]]
            found += [known[key] for key in positive if key in known]
        return cls(ids, known, found)

    def seen_texts(self, label: str) -> SeenTexts:
        """Return the labelled texts, which the pool's are to be compared with."""
        seen = SeenTexts()
        for article in self.articles.values():
            seen.add(article.text, label)
        return seen


def _readable(records: Iterable[dict[str, Any]]) -> tuple[dict[Id, Article], set[Id]]:
    """Return the articles that can be read, and the ids of all."""
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
