"""Examples: texts with the labels of one filter or of many, joined by article."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from distillery import Article, FilterConfig, InputFileError

from ..data.labelled import LabelledData, Split
from ..data.labels import SPLITS
from .recipe import FIRST, MEAN
from .tasks import Task, Values, n_outputs_of, tasks_of

Id = str | int | None


@dataclass(frozen=True)
class Examples:
    """Articles and their scores [n_articles, n_outputs], NaN where an article has no label."""

    articles: list[Article]
    scores: Values

    @property
    def texts(self) -> list[str]:
        """What a student reads of each article."""
        return [article.text for article in self.articles]

    def with_snippets(self, characters: int) -> Examples:
        """Add a copy of every article, cut to the first characters of its content at a word boundary."""
        snippets = [replace(article, content=_beginning(article.content, characters)) for article in self.articles]
        return Examples([*self.articles, *snippets], np.concatenate([self.scores, self.scores]))


@dataclass(frozen=True)
class TrainingData:
    """Training and validation examples, and the sha256 of all their files."""

    tasks: list[Task]
    train: Examples
    val: Examples
    sha256: str

    @classmethod
    def join(cls, labels: Sequence[tuple[FilterConfig, LabelledData]], readings: str = FIRST) -> TrainingData:
        """Join the labels of filters by article id; raise InputFileError if two disagree on an article's split.

        ``readings`` is ``mean`` to train on the mean of the oracle's readings of an article; validation articles keep
        the first one, on which every figure is measured.
        """
        _check_names([config.name for config, _ in labels])
        _check_splits({config.name: data for config, data in labels})
        tasks = tasks_of([config for config, _ in labels])
        train = _joined(tasks, [data.splits["train"] for _, data in labels], readings)
        val = _joined(tasks, [data.splits["val"] for _, data in labels], FIRST)
        return cls(tasks, train, val, _sha256([data.sha256 for _, data in labels]))

    def with_snippets(self, characters: int) -> TrainingData:
        """Add the beginnings of the training articles, as feeds deliver them; 0 changes nothing."""
        return replace(self, train=self.train.with_snippets(characters)) if characters else self


def _joined(tasks: Sequence[Task], splits: Sequence[Split], readings: str) -> Examples:
    articles: dict[Id, Article] = {}
    rows: dict[Id, Values] = {}
    for task, split in zip(tasks, splits, strict=True):
        targets = split.mean_scores if readings == MEAN else split.scores
        for article, scores in zip(split.articles, targets, strict=True):
            articles.setdefault(article.id, article)
            rows.setdefault(article.id, np.full(n_outputs_of(tasks), np.nan))[task.columns] = scores
    return Examples(list(articles.values()), np.array(list(rows.values())))


def _beginning(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text
    return text[:characters].rpartition(" ")[0] or text[:characters]


def _check_names(names: Sequence[str]) -> None:
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InputFileError(f"Filters given twice: {', '.join(repeated)}.  Give each filter once.")


def _check_splits(labels: Mapping[str, LabelledData]) -> None:
    """Raise InputFileError if one filter trains on what another is validated or tested on."""
    found: dict[Id, tuple[str, str]] = {}
    for name, data in labels.items():
        for split in SPLITS:
            for article in data.splits[split].articles:
                other, its_split = found.setdefault(article.id, (name, split))
                if its_split != split:
                    raise InputFileError(
                        f"The article {article.id} is in '{its_split}' for {other}, but in '{split}' for {name}.\n"
                        "  An article that trains one filter must not test another: give both the same splits."
                    )


def _sha256(hashes: Sequence[str]) -> str:
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
