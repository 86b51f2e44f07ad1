"""Task: one filter, and the columns of its dimensions among a network's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distillery import FilterConfig
from distillery.toolkit import Postfilter

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """A filter, and the columns of its dimensions in arrays [n_articles, n_outputs]."""

    config: FilterConfig
    columns: slice

    @property
    def name(self) -> str:
        """The filter's name."""
        return self.config.name

    @property
    def weights(self) -> Values:
        """The weight of each dimension in the average."""
        return np.array(self.config.weights)

    def labelled(self, scores: Values) -> NDArray[np.bool_]:
        """Return which articles have a label of the filter [n_articles], among scores with NaN where they have none."""
        return np.asarray(np.isfinite(scores[:, self.columns]).all(axis=1))

    def positive(self, scores: Values) -> NDArray[np.bool_]:
        """Return which articles are positives [n_articles]; those without a label are not."""
        found = self.labelled(scores)
        found[found] = self.averages(scores[found]) >= self.config.positive_from
        return found

    def averages(self, scores: Values) -> Values:
        """Return the weighted averages [n_articles] after the postfilter."""
        return Postfilter(self.config).averages(scores[:, self.columns])


def tasks_of(configs: Sequence[FilterConfig]) -> list[Task]:
    """Return one task per filter, their columns side by side."""
    ends = np.cumsum([len(config.dimensions) for config in configs]).tolist()
    return [Task(config, slice(start, end)) for config, start, end in zip(configs, [0, *ends], ends, strict=False)]


def n_outputs_of(tasks: Sequence[Task]) -> int:
    """Return the number of all tasks' dimensions."""
    return int(tasks[-1].columns.stop)
