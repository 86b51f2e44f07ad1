"""Labelled articles: texts joined with the oracle's scores, in splits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import Article, ArticleError, FilterConfig, InputFileError
from distillery.io import read_records

SPLITS = ("train", "val", "test")
LOWEST, HIGHEST = 0.0, 10.0
MAX_FAULTS_SHOWN = 10


@dataclass(frozen=True)
class Split:
    """Articles and the oracle's scores [n_articles, n_dimensions], in the filter's order."""

    articles: list[Article]
    scores: NDArray[np.float64]

    @property
    def texts(self) -> list[str]:
        """What the student reads of each article."""
        return [article.text for article in self.articles]

    def head(self, limit: int | None) -> Split:
        """Return the first articles, or all of them."""
        return Split(self.articles[:limit], self.scores[:limit])


@dataclass(frozen=True)
class LabelledData:
    """The splits of one filter's labels, and the sha256 over both files."""

    splits: dict[str, Split]
    sha256: str

    @classmethod
    def load(cls, articles: Path, labels: Path, config: FilterConfig) -> LabelledData:
        """Join articles and labels by id.

        A label line is ``{"id": ..., "split": "train|val|test", "scores": {dimension: 0-10}}``. Raises
        InputFileError with the first faults found: a dimension that is missing or unknown, a score
        that is not a number from 0 to 10, an id that stands twice, has no article, or no readable one.
        """
        texts: dict[Any, dict[str, Any]] = {}
        for record in _records(articles):
            if record["id"] in texts:
                raise InputFileError(f"{articles} has more than one article with the id {record['id']}.")
            texts[record["id"]] = record
        faults: list[str] = []
        rows: dict[str, list[tuple[Article, list[float]]]] = {split: [] for split in SPLITS}
        seen: set[Any] = set()
        for record in _records(labels):
            fault = _fault(record, config.dimension_names, texts, seen)
            if fault:
                faults.append(fault)
                continue
            seen.add(record["id"])
            try:
                article = Article.from_dict(texts[record["id"]])
            except ArticleError as error:
                faults.append(f"{record['id']}: {error}")
                continue
            rows[record["split"]].append((article, [float(record["scores"][name]) for name in config.dimension_names]))
        if faults:
            shown = "\n  ".join(faults[:MAX_FAULTS_SHOWN])
            raise InputFileError(f"{labels} has {len(faults)} fault(s):\n  {shown}")
        if empty := [split for split in SPLITS if not rows[split]]:
            raise InputFileError(f"{labels} has no article in split {' and '.join(empty)}.")
        splits = {split: Split([a for a, _ in items], np.array([s for _, s in items])) for split, items in rows.items()}
        return cls(splits, _sha256(articles, labels))


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON-lines file, each with an id."""
    for record in read_records(path):
        if not isinstance(record.get("id"), (str, int)):
            raise InputFileError(f"{path}: a line has the id {record.get('id')!r}; each needs one.")
        yield record


def _fault(record: dict[str, Any], dimensions: Sequence[str], texts: dict[Any, Any], seen: set[Any]) -> str | None:
    """Return what is wrong with a label record, or None."""
    name, scores = record["id"], record.get("scores")
    if name in seen:
        return f"{name}: labelled more than once"
    if name not in texts:
        return f"{name}: there is no article with this id"
    if record.get("split") not in SPLITS:
        return f"{name}: the split is {record.get('split')!r}, not one of {', '.join(SPLITS)}"
    if not isinstance(scores, dict) or set(scores) != set(dimensions):
        given = ", ".join(scores) if isinstance(scores, dict) else repr(scores)
        return f"{name}: the scores are for {given}; the filter's dimensions are {', '.join(dimensions)}"
    wrong = {key: value for key, value in scores.items() if not _is_score(value)}
    return f"{name}: not a number from 0 to 10: {wrong}" if wrong else None


def _is_score(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and LOWEST <= value <= HIGHEST  # NaN is in no range


def _sha256(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
