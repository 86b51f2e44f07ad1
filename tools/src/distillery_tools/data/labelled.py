"""Labelled articles: where they are, and texts joined with the oracle's scores, in splits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from distillery import Article, ArticleError, FilterConfig, InputFileError

from .labels import (
    FURTHER_OPINION,
    SECOND_OPINION,
    SPLITS,
    Id,
    fault_line,
    identified_records,
    label_faults,
    refuse,
    split_faults,
    with_known_ids,
)

ARTICLES_FILE = "articles.jsonl"
TRAIN = "train"

Scores = NDArray[np.float64]


class Background(NamedTuple):
    """What is known of an article beside its text: language, origin, why it was chosen; empty where unknown."""

    language: str = ""
    origin: str = ""
    sampling: str = ""


@dataclass(frozen=True)
class Split:
    """Articles and the oracle's scores [n_articles, n_dimensions], in the filter's order.

    ``second_opinions`` (of articles drawn at random) and ``further_opinions`` (of chosen ones) have the same shape,
    with rows of NaN where there is none.
    """

    articles: list[Article]
    scores: Scores
    second_opinions: Scores
    further_opinions: Scores
    backgrounds: list[Background]

    @property
    def texts(self) -> list[str]:
        """What the student reads of each article."""
        return [article.text for article in self.articles]

    @property
    def languages(self) -> list[str]:
        """One code per article, empty where it is unknown."""
        return [background.language for background in self.backgrounds]

    @property
    def mean_scores(self) -> Scores:
        """The mean of all of the oracle's readings of each article [n_articles, n_dimensions]."""
        readings = np.stack([self.scores, self.second_opinions, self.further_opinions])
        return np.asarray(np.nanmean(readings, axis=0))

    def head(self, limit: int | None) -> Split:
        """Return the first articles, or all of them."""
        return Split(
            self.articles[:limit],
            self.scores[:limit],
            self.second_opinions[:limit],
            self.further_opinions[:limit],
            self.backgrounds[:limit],
        )

    def joined(self, other: Split) -> Split:
        """Return the articles of both."""
        return Split(
            [*self.articles, *other.articles],
            np.concatenate([self.scores, other.scores]),
            np.concatenate([self.second_opinions, other.second_opinions]),
            np.concatenate([self.further_opinions, other.further_opinions]),
            [*self.backgrounds, *other.backgrounds],
        )


@dataclass(frozen=True)
class LabelledData:
    """The splits of one filter's labels, and the sha256 over both files."""

    splits: dict[str, Split]
    sha256: str

    @classmethod
    def load(cls, articles: Path, labels: Path, config: FilterConfig) -> LabelledData:
        """Join articles and labels by id.

        A label line is ``{"id": ..., "split": "train|val|test", "scores": {dimension: 0-10}}``, with a
        ``second_opinion`` or a ``further_opinion`` of the same form as the scores if there is one. An article without
        a line was not judged for this filter and is left out. Raises InputFileError with the first faults: a missing
        or unknown dimension, a score that is not a number from 0 to 10, a repeated id, an id without a readable
        article; or if a split is empty.
        """
        data = cls._read(articles, labels, config)
        if empty := [split for split in SPLITS if not data.splits[split].articles]:
            raise InputFileError(f"{labels} has no article in split {' and '.join(empty)}.")
        return data

    @classmethod
    def _read(cls, articles: Path, labels: Path, config: FilterConfig) -> LabelledData:
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
        width = len(config.dimensions)
        return cls({split: _split(items, width) for split, items in rows.items()}, _sha256(articles, labels))

    def with_extra(self, folder: Path, config: FilterConfig) -> LabelledData:
        """Add the articles of a folder to the training split; a folder without labels of the filter adds none.

        The folder has the same form as that of other labelled articles. Raises InputFileError if one of its labels is
        in another split than train, or of an article that is here already.
        """
        articles, labels = labelled_files(config, folder, None, None)
        if not labels.is_file():
            return self
        extra = self._read(articles, labels, config)
        refuse(str(labels), [*_outside_train(extra), *_known(extra, self)])
        train = self.splits[TRAIN].joined(extra.splits[TRAIN])
        digest = hashlib.sha256(f"{self.sha256}{extra.sha256}".encode()).hexdigest()
        return replace(self, splits={**self.splits, TRAIN: train}, sha256=digest)


class _Row(NamedTuple):
    article: Article
    scores: list[float]
    second_opinion: list[float]
    further_opinion: list[float]
    background: Background


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


def _outside_train(extra: LabelledData) -> list[str]:
    return [
        f"{article.id}: is in '{name}', but extra articles may only train"
        for name, split in extra.splits.items()
        if name != TRAIN
        for article in split.articles
    ]


def _known(extra: LabelledData, data: LabelledData) -> list[str]:
    known = {article.id for split in data.splits.values() for article in split.articles}
    return [
        f"{article.id}: is labelled in the data already"
        for article in extra.splits[TRAIN].articles
        if article.id in known
    ]


def _row(text: dict[str, Any], record: dict[str, Any], dimensions: Sequence[str]) -> _Row:
    unread = dict.fromkeys(dimensions, float("nan"))
    readings = (record["scores"], record.get(SECOND_OPINION) or unread, record.get(FURTHER_OPINION) or unread)
    scores, second, further = ([float(reading[name]) for name in dimensions] for reading in readings)
    origin, sampling = (str(text.get(key) or "") for key in ("origin", "sampling"))
    return _Row(Article.from_dict(text), scores, second, further, Background(language_of(text), origin, sampling))


def _split(rows: list[_Row], width: int) -> Split:
    readings = [
        [row.scores for row in rows],
        [row.second_opinion for row in rows],
        [row.further_opinion for row in rows],
    ]
    scores, second, further = (np.array(reading, dtype=np.float64).reshape(-1, width) for reading in readings)
    return Split([row.article for row in rows], scores, second, further, [row.background for row in rows])


def _sha256(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
