"""Heads on vectors of a filter's labelled articles, measured in pairs: what the experiments with heads share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distillery import FilterConfig, list_filters
from distillery.toolkit import EncoderSpec, locate_filter, resolve_encoder_spec
from distillery_tools.data.labelled import LabelledData, labelled_files
from distillery_tools.measuring.figures import Figure, Metric, bootstrap
from distillery_tools.measuring.metrics import mean_absolute_error, spearman
from distillery_tools.measuring.retrieval import average_precision_at, r_precision_at
from distillery_tools.measuring.tables import markdown_table
from distillery_tools.training.examples import Examples, TrainingData
from distillery_tools.training.head import STRENGTHS, Embedded, FittedHead, fit_head
from distillery_tools.training.head_run import encode
from distillery_tools.training.recipe import MEAN, TrainingRecipe
from distillery_tools.training.tasks import Task
from distillery_tools.vectors import Vectors

Values = NDArray[np.float64]
Embed = Callable[[Sequence[str]], Vectors]

INVENTED = Path(__file__).parents[1] / "training" / "invented"
MEASURES = ("R-precision", "average precision", "rank correlation", "error")
SPLITS = ("val", "test")
# Enough for an interval of a difference, and four times as fast as the figures of cards.
N_RESAMPLES = 500


@dataclass(frozen=True)
class FilterData:
    """A filter's labelled articles, without vectors."""

    task: Task
    spec: EncoderSpec
    train: Examples
    measured: dict[str, Examples]

    @classmethod
    def load(cls, name: str, data: Path, extra: Path | None = INVENTED, readings: str = MEAN) -> FilterData:
        """Load what the released head is trained on: invented articles too, and the mean of two readings."""
        folder, _ = locate_filter(name)
        config = FilterConfig.load(folder)
        labelled = LabelledData.load(*labelled_files(config, data, None, None), config)
        test = labelled.splits["test"]
        joined = TrainingData.join(
            [(config, labelled if extra is None else labelled.with_extra(extra, config))], readings
        )
        measured = {"val": joined.val, "test": Examples(test.articles, test.scores)}
        return cls(joined.tasks[0], resolve_encoder_spec(config, folder), joined.train, measured)

    def embedded(self, embed: Embed | None = None) -> EmbeddedData:
        """Return the data with the vectors of ``embed``, by default those of the filter's own encoder."""
        embed = embed or (lambda texts: encode(self.spec, texts))
        parts = {name: Embedded(embed(part.texts), part.scores) for name, part in self.measured.items()}
        return EmbeddedData(self.task, Embedded(embed(self.train.texts), self.train.scores), parts)


def subset(examples: Examples, indices: NDArray[np.int64]) -> Examples:
    """Return the examples at some indices."""
    return Examples([examples.articles[index] for index in indices], examples.scores[indices])


@dataclass(frozen=True)
class EmbeddedData:
    """A filter's labelled articles as vectors."""

    task: Task
    train: Embedded
    measured: dict[str, Embedded]

    def head(
        self,
        recipe: TrainingRecipe | None = None,
        indices: NDArray[np.int64] | None = None,
        strengths: Sequence[float] = STRENGTHS,
    ) -> FittedHead:
        """Fit a head to the training articles, or to those at some indices."""
        train = self.train
        if indices is not None:
            train = Embedded(train.vectors[indices], train.scores[indices])
        return fit_head(train, self.measured["val"], self.task, recipe or TrainingRecipe(), strengths)

    def raw_scores(self, head: FittedHead, split: str) -> Values:
        """Return the raw scores [n_articles, n_dimensions] of a measured split."""
        raw = self.measured[split].vectors @ head.weight.numpy().T + head.bias.numpy()
        return np.asarray(raw, dtype=np.float64)

    def averages(self, head: FittedHead, split: str) -> Values:
        """Return the weighted averages [n_articles] of a measured split, before any calibration."""
        return self.task.averages(self.raw_scores(head, split))

    def expected(self, split: str) -> Values:
        """Return the oracle's weighted averages [n_articles] of a measured split."""
        return self.task.averages(self.measured[split].scores)


def measures(task: Task) -> dict[str, Metric]:
    """Return the metrics by the names in ``MEASURES``; the error is the MAE of the weighted average."""
    start = task.config.positive_from
    return dict(
        zip(MEASURES, (r_precision_at(start), average_precision_at(start), spearman, mean_absolute_error), strict=True)
    )


def differences(task: Task, before: Values, after: Values, expected: Values) -> dict[str, Figure]:
    """Return by how much each measure of averages [n_articles] grows, with the interval of the same articles drawn."""
    return {
        name: bootstrap(_difference(metric), before, after, expected, n_resamples=N_RESAMPLES)
        for name, metric in measures(task).items()
    }


def _difference(metric: Metric) -> Metric:
    return lambda before, after, expected: metric(after, expected) - metric(before, expected)


def difference_cell(figure: Figure) -> str:
    """Return a difference with its sign and interval."""
    if figure.value is None:
        return "-"
    return f"{figure.value:+.3f} ({figure.low:+.3f} to {figure.high:+.3f})"


@dataclass(frozen=True)
class Comparison:
    """How the measures of one filter change on validation, with intervals, and on test, where it is measured."""

    filter: str
    n_positives: int
    variant: str
    before: list[float]
    val: dict[str, Figure]
    test: list[float]

    @classmethod
    def of(cls, data_set: EmbeddedData, variant: str, before: Sequence[Values], after: Sequence[Values]) -> Comparison:
        """Compare the averages [n_articles] of each measured split, the first of which is validation."""
        task, expected = data_set.task, [data_set.expected(split) for split in data_set.measured]
        n_positives = int((expected[0] >= task.config.positive_from).sum())
        levels = levels_of(task, before[0], expected[0])
        val = differences(task, before[0], after[0], expected[0])
        on_test = zip(before[1:], after[1:], expected[1:], strict=True)
        moved = [levels_of(task, two, labels) - levels_of(task, one, labels) for one, two, labels in on_test]
        return cls(task.name, n_positives, variant, levels.tolist(), val, [value for each in moved for value in each])

    @property
    def row(self) -> list[str]:
        """The cells under ``HEADERS``."""
        changes = map(difference_cell, self.val.values())
        before, on_test = joined(self.before, ".3f"), joined(self.test, "+.3f")
        return [self.filter, str(self.n_positives), self.variant, before, *changes, on_test]


def levels_of(task: Task, found: Values, expected: Values) -> Values:
    """Return the four measures of averages [n_articles]."""
    return np.array([float(metric(found, expected)) for metric in measures(task).values()])


def joined(values: Iterable[float], form: str) -> str:
    """Return numbers in one cell."""
    return " / ".join(f"{value:{form}}" for value in values)


HEADERS = ["filter", "positives", "variant", "before", *MEASURES, "on test"]


def summary_rows(comparisons: Sequence[Comparison]) -> list[list[str]]:
    """Return a row for each variant: mean differences, and how many intervals of filters lie above and below 0."""
    rows = []
    for variant in dict.fromkeys(comparison.variant for comparison in comparisons):
        own = [comparison for comparison in comparisons if comparison.variant == variant]
        cells = [_summary([comparison.val[name] for comparison in own]) for name in MEASURES]
        before, on_test = (np.mean([getattr(each, part) for each in own], axis=0) for part in ("before", "test"))
        rows.append([f"mean of {len(own)}", "", variant, joined(before, ".3f"), *cells, joined(on_test, "+.3f")])
    return rows


def comparison_table(comparisons: Sequence[Comparison]) -> str:
    """Return all comparisons and their summary as Markdown.

    ``before`` holds the four measures on validation, then come their differences there, and last those on test.
    """
    return markdown_table(HEADERS, [*(comparison.row for comparison in comparisons), *summary_rows(comparisons)])


def _summary(figures: Sequence[Figure]) -> str:
    above, below = sum((figure.low or 0) > 0 for figure in figures), sum((figure.high or 0) < 0 for figure in figures)
    mean = np.mean([figure.value for figure in figures if figure.value is not None])
    return f"{mean:+.3f} (above 0: {above}, below: {below})"


def filter_parser(description: str | None, default: str = "all installed ones") -> argparse.ArgumentParser:
    """Return a parser with the options of every experiment: filters and data."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filters", nargs="*", metavar="FILTER", help=f"default: {default}")
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled articles")
    return parser


def filters_of(options: argparse.Namespace) -> list[str]:
    """Return the filters named on the command line, or all installed ones."""
    return options.filters or [found.name for found in list_filters()]
