"""The figures of each epoch of a training, on the validation articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distillery.toolkit import HIGHEST, LOWEST

from ..measuring.metrics import spearman
from ..measuring.retrieval import average_precision_at, ndcg
from ..measuring.topic import ON_TOPIC_METRICS, is_sparse
from ..records import write_json
from .tasks import Task, Values

HISTORY_FILE = "history.json"


@dataclass(frozen=True)
class Figures:
    """How close predictions are to one filter's labels, on the 0-10 scale.

    ``mae`` is the mean over the dimensions, ``weighted_average_mae`` that of the weighted average after the
    postfilter, and ``relative_error`` the latter divided by the MAE of the training medians. ``average_precision`` is
    that of the positives, ``on_topic_mae`` the MAE of the weighted average among articles on topic. A figure is None
    where it is undefined.

    ``selection_error`` decides: the relative error; for a sparse filter the mean of it and of 1 - ``ndcg``, because
    there the relative error says little about which articles are found.
    """

    mae: float
    weighted_average_mae: float
    relative_error: float
    spearman: float | None
    average_precision: float | None
    ndcg: float | None
    on_topic_mae: float | None
    selection_error: float


@dataclass(frozen=True)
class Epoch:
    """The figures of one epoch; those outside ``filters`` are means over the filters.

    ``val_selection_error`` decides which epoch is the best.
    """

    number: int
    train_loss: float
    val_loss: float
    val_mae: float
    val_weighted_average_mae: float
    val_relative_error: float
    val_selection_error: float
    val_spearman: float | None
    filters: dict[str, Figures]
    seconds: float

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Epoch:
        """Return an epoch from its JSON form."""
        filters = {name: Figures(**figures) for name, figures in data["filters"].items()}
        return cls(**{**data, "filters": filters})


class Validation:
    """Measures predictions against labels [n_articles, n_outputs] with NaN where unlabelled."""

    def __init__(self, tasks: Sequence[Task], train: Values, val: Values) -> None:
        """Compute the trivial prediction, the median of the training scores, and which filters are sparse."""
        self._tasks = tasks
        self._sparse = {task.name for task in tasks if is_sparse(task.averages(train[task.labelled(train)]))}
        self._labels = val
        self._medians = np.tile(np.nanmedian(train, axis=0), (len(val), 1))

    def figures(self, predicted: Values) -> dict[str, Figures]:
        """Return the figures of each filter by its name."""
        return {task.name: self._of_task(task, predicted) for task in self._tasks}

    def selection_error(self, predicted: Values) -> float:
        """Return the mean selection error over the filters."""
        return mean_of(self.figures(predicted), "selection_error")

    @property
    def criterion(self) -> str:
        """By what the best is selected, in words."""
        relative = "validation MAE of the weighted average relative to the training median's"
        names = ", ".join(task.name for task in self._tasks if task.name in self._sparse)
        graded = f"; for sparse filters the mean of that and 1 - nDCG: {names}" if names else ""
        return f"smallest {relative}{graded}{'; mean over the filters' if len(self._tasks) > 1 else ''}"

    def _of_task(self, task: Task, predicted: Values) -> Figures:
        labelled = task.labelled(self._labels)
        found, labels, medians = (values[labelled] for values in (predicted, self._labels, self._medians))
        averages, expected = task.averages(found), task.averages(labels)
        error, trivial = (float(np.abs(values - expected).mean()) for values in (averages, task.averages(medians)))
        relative_error = error / trivial if trivial else error
        graded = _defined(ndcg(averages, expected))
        return Figures(
            mae=float(np.abs(found.clip(LOWEST, HIGHEST) - labels)[:, task.columns].mean()),
            weighted_average_mae=error,
            relative_error=relative_error,
            spearman=_defined(spearman(averages, expected)),
            average_precision=_defined(average_precision_at(task.config.positive_from)(averages, expected)),
            ndcg=graded,
            on_topic_mae=_defined(ON_TOPIC_METRICS["on_topic_mae"](averages, expected)),
            selection_error=self._selection_error(task, relative_error, graded),
        )

    def _selection_error(self, task: Task, relative_error: float, graded: float | None) -> float:
        if task.name not in self._sparse or graded is None:
            return relative_error
        return (relative_error + 1 - graded) / 2


def _defined(value: Values) -> float | None:
    return float(value) if np.isfinite(value) else None


def mean_of(figures: Mapping[str, Figures], name: str) -> float:
    """Return the mean of one figure over the filters."""
    return float(np.mean([getattr(figure, name) for figure in figures.values()]))


def mean_spearman(figures: Mapping[str, Figures]) -> float | None:
    """Return the mean rank correlation over the filters that have one."""
    defined = [figure.spearman for figure in figures.values() if figure.spearman is not None]
    return float(np.mean(defined)) if defined else None


def best_of(history: Sequence[Epoch]) -> Epoch:
    """Return the epoch with the smallest selection error, the first of equals."""
    return min(history, key=lambda epoch: epoch.val_selection_error)


def write_history(run: Path, history: Sequence[Epoch]) -> None:
    """Write all epochs so far into a run's folder."""
    write_json(run / HISTORY_FILE, [asdict(epoch) for epoch in history])
