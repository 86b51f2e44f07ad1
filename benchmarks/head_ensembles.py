"""Measure whether several heads on one encoder score better than one, and whether they disagree where they err.

    python benchmarks/head_ensembles.py --data ../shared/data uplifting investment-risk
    python benchmarks/head_ensembles.py --data ../shared/data --frozen uplifting

For each filter, one head is fitted to all training articles, and several to bootstrap samples of them. The mean of the
raw scores of those is the ensemble, the standard deviation of their weighted averages its disagreement. Calibrations
are fitted to validation, figures are of test. ``--frozen`` uses the vectors of the untrained base. Vectors come from
the cache where it has them.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distillery import FilterConfig
from distillery.toolkit import Postfilter, locate_filter, resolve_encoder_spec
from distillery_tools.calibration.probabilities import fit_curve
from distillery_tools.data.labelled import LabelledData, labelled_files
from distillery_tools.measuring.figures import bootstrap
from distillery_tools.measuring.metrics import spearman
from distillery_tools.training.head import Embedded, FittedHead, fit_head
from distillery_tools.training.head_run import encode
from distillery_tools.training.recipe import TrainingRecipe
from distillery_tools.training.tasks import tasks_of
from distillery_tools.vectors import FrozenBase

Values = NDArray[np.float64]

COLUMNS = (
    "filter",
    "MAE, one head",
    "MAE, ensemble",
    "gain",
    "log loss of positives, one / ensemble",
    "rank correlation with the error: disagreement / average",
    "seconds",
)


@dataclass(frozen=True)
class Predictions:
    """Raw scores [n_heads, n_articles, n_dimensions] of the heads of an ensemble, and of one head alone."""

    ensemble: Values
    single: Values

    @classmethod
    def of(cls, heads: list[FittedHead], vectors: NDArray[np.float32]) -> Predictions:
        """Apply heads to vectors; the first is the one fitted to all articles."""
        raw = np.array([vectors @ head.weight.numpy().T + head.bias.numpy() for head in heads], dtype=np.float64)
        return cls(raw[1:], raw[0])


def fit_heads(config: FilterConfig, train: Embedded, val: Embedded, n_heads: int) -> list[FittedHead]:
    """Fit a head to all articles, then one to each bootstrap sample of them."""
    task, recipe = tasks_of([config])[0], TrainingRecipe()
    generator = np.random.default_rng(0)
    draws = [generator.integers(len(train.scores), size=len(train.scores)) for _ in range(n_heads)]
    samples = [train, *(Embedded(train.vectors[draw], train.scores[draw]) for draw in draws)]
    return [fit_head(sample, val, task, recipe) for sample in samples]


def row(name: str, data_folder: Path, *, frozen: bool, n_heads: int) -> list[str]:
    """Return a filter's figures as cells."""
    folder, _ = locate_filter(name)
    config = FilterConfig.load(folder)
    data = LabelledData.load(*labelled_files(config, data_folder, None, None), config)
    spec = resolve_encoder_spec(config, folder)
    read = FrozenBase.of(spec).embed if frozen else lambda texts: encode(spec, texts)
    train, val, test = (
        Embedded(read(data.splits[split].texts), data.splits[split].scores) for split in ("train", "val", "test")
    )
    started = time.perf_counter()
    heads = fit_heads(config, train, val, n_heads)
    seconds = time.perf_counter() - started
    postfilter = Postfilter(config)
    expected, expected_val = postfilter.averages(test.scores), postfilter.averages(val.scores)
    on_val, on_test = (Predictions.of(heads, part.vectors) for part in (val, test))
    single, together = postfilter.averages(on_test.single), postfilter.averages(on_test.ensemble.mean(axis=0))
    errors = np.abs(single - expected), np.abs(together - expected)
    gain = bootstrap(lambda one, many: (one - many).mean(axis=-1), *errors)
    losses = [
        log_loss(
            fit_curve(postfilter.averages(seen), expected_val >= config.positive_from, config.positive_from).apply(
                found
            ),
            expected >= config.positive_from,
        )
        for seen, found in ((on_val.single, single), (on_val.ensemble.mean(axis=0), together))
    ]
    disagreement = np.std([postfilter.averages(raw) for raw in on_test.ensemble], axis=0)
    ranks = [float(spearman(values, errors[1])) for values in (disagreement, together)]
    return [
        name,
        f"{errors[0].mean():.4f}",
        f"{errors[1].mean():.4f}",
        f"{gain.value:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})",
        f"{losses[0]:.4f} / {losses[1]:.4f}",
        f"{ranks[0]:.2f} / {ranks[1]:.2f}",
        f"{seconds:.0f}",
    ]


def log_loss(probabilities: Values, outcomes: NDArray[np.bool_]) -> float:
    """Return the mean negative log likelihood."""
    return float(-np.log(np.where(outcomes, probabilities, 1 - probabilities).clip(min=1e-9)).mean())


def main() -> None:
    """Print a row of Markdown for each filter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filters", nargs="+", metavar="FILTER")
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled articles")
    parser.add_argument("--frozen", action="store_true", help="the vectors of the untrained base")
    parser.add_argument("--heads", type=int, default=10, help="how many bootstrap heads (default: 10)")
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n| {' | '.join(['---'] * len(COLUMNS))} |")
    for name in options.filters:
        print(f"| {' | '.join(row(name, options.data, frozen=options.frozen, n_heads=options.heads))} |", flush=True)


if __name__ == "__main__":
    main()
