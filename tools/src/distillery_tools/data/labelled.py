"""Labelled articles: where they are, and texts joined with the oracle's scores, in splits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from distillery import Article, ArticleError, FilterConfig, InputFileError

from .labels import SPLITS, Id, fault_line, identified_records, label_faults, refuse, split_faults, with_known_ids

ARTICLES_FILE = "articles.jsonl"


@dataclass(frozen=True)
class Split:
    """Articles and the oracle's scores [n_articles, n_dimensions], in the filter's order.

    ``second_opinions`` have the same shape, with rows of NaN where there is none; ``languages`` has one code per
    article, empty where it is unknown.
    """

    articles: list[Article]
    scores: NDArray[np.float64]
    second_opinions: NDArray[np.float64]
    languages: list[str]

    @property
    def texts(self) -> list[str]:
        """What the student reads of each article."""
        return [article.text for article in self.articles]

    def head(self, limit: int | None) -> Split:
        """Return the first articles, or all of them."""
        return Split(self.articles[:limit], self.scores[:limit], self.second_opinions[:limit], self.languages[:limit])


@dataclass(frozen=True)
class LabelledData:
    """The splits of one filter's labels, and the sha256 over both files."""

    splits: dict[str, Split]
    sha256: str

    @classmethod
    def load(cls, articles: Path, labels: Path, config: FilterConfig) -> LabelledData:
        """Join articles and labels by id.

        A label line is ``{"id": ..., "split": "train|val|test", "scores": {dimension: 0-10}}``, with a
        ``second_opinion`` of the same form as the scores if there is one. Raises InputFileError with the
        first faults: a missing or unknown dimension, a score that is not a number from 0 to 10, a repeated id, an
        id without a readable article.
        """
        texts = articles_by_id(articles)
        faults: list[str] = []
        rows: dict[str, list[_Row]] = {split: [] for split in SPLITS}
        seen: set[Id] = set()
        for record in with_known_ids(identified_records(labels), texts):
            fault = _fault(record, config.dimension_names, texts, seen)
            if fault:
                faults.append(f"{record['id']}: {fault}")
                continue
            seen.add(record["id"])
            try:
                rows[record["split"]].append(_row(texts[record["id"]], record, config.dimension_names))
            except ArticleError as error:
                faults.append(f"{record['id']}: {error}")
        refuse(str(labels), faults)
        if empty := [split for split in SPLITS if not rows[split]]:
            raise InputFileError(f"{labels} has no article in split {' and '.join(empty)}.")
        return cls({split: _split(items) for split, items in rows.items()}, _sha256(articles, labels))


class _Row(NamedTuple):
    article: Article
    scores: list[float]
    second_opinion: list[float]
    language: str


def labelled_files(
    config: FilterConfig, data: Path | None, articles: Path | None, labels: Path | None
) -> tuple[Path, Path]:
    """Return the files of articles and labels: as given, or from the folder; raise InputFileError if neither is."""
    if data is not None:
        articles = articles or data / ARTICLES_FILE
        labels = labels or data / "labels" / f"{config.name}.jsonl"
    if articles is None or labels is None:
        raise InputFileError("No labelled articles given: use --data FOLDER, or --articles FILE and --labels FILE.")
    return articles, labels


def articles_by_id(path: Path) -> dict[Id, dict[str, Any]]:
    """Return the articles of a file by id; raise InputFileError for a repeated id."""
    found: dict[Id, dict[str, Any]] = {}
    for record in identified_records(path):
        if record["id"] in found:
            raise InputFileError(f"{path} has more than one article with the id {record['id']}.")
        found[record["id"]] = record
    return found


def language_of(article: dict[str, Any]) -> str:
    """Return an article's language code, empty if it has none; raise ArticleError if it is not text."""
    language = article.get("language")
    if language is not None and not isinstance(language, str):
        raise ArticleError(f"'language' must be text or null, not {type(language).__name__}")
    return language or ""


def _fault(record: dict[str, Any], dimensions: Sequence[str], texts: dict[Id, Any], seen: set[Id]) -> str | None:
    """Return what is wrong with a label record, or None."""
    if record["id"] in seen:
        return "labelled more than once"
    if record["id"] not in texts:
        return "there is no article with this id"
    return fault_line([*split_faults(record.get("split")), *label_faults(record, dimensions)])


def _row(text: dict[str, Any], record: dict[str, Any], dimensions: Sequence[str]) -> _Row:
    second = record.get("second_opinion") or dict.fromkeys(dimensions, float("nan"))
    return _Row(
        Article.from_dict(text),
        [float(record["scores"][name]) for name in dimensions],
        [float(second[name]) for name in dimensions],
        language_of(text),
    )


def _split(rows: list[_Row]) -> Split:
    return Split(
        [row.article for row in rows],
        np.array([row.scores for row in rows]),
        np.array([row.second_opinion for row in rows]),
        [row.language for row in rows],
    )


def _sha256(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
