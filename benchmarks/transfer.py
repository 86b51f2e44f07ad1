"""Measure what an encoder that was trained on other filters gives a new one, beside the untrained base model.

    python benchmarks/transfer.py --data ../shared/data

Heads are fitted on 100, 300, 1,000 and all of 2,000 training articles of each filter. The 2,000 are drawn at random.
Smaller samples are drawn from them with the share of positives that they have (at least one positive), five times,
and the same articles serve every encoder. The encoder news1 has seen no label of the default filters, news2 was
trained on them. Vectors come from the cache where it has them; another text takes up to 0.15 seconds for each encoder.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from heads import (
    MEASURES,
    SPLITS,
    Embed,
    EmbeddedData,
    FilterData,
    Values,
    difference_cell,
    filter_parser,
    measures,
    subset,
)
from numpy.typing import NDArray

from distillery.toolkit import load_encoder_spec
from distillery_tools.measuring.figures import bootstrap
from distillery_tools.measuring.tables import Table, titled
from distillery_tools.training.head_run import encode
from distillery_tools.vectors import FrozenBase

NEW = (
    "ai-engineering-practice",
    "belonging",
    "corporate-excellence",
    "future-of-education",
    "nature-recovery",
    "signs-of-wisdom",
    "sustainability-economic-viability",
    "sustainability-policy-effectiveness",
)
ENCODERS = Path(__file__).parents[1] / "encoders"
BASE = "untrained base"

Indices = NDArray[np.int64]


def main() -> None:
    """Print the measures over all filters, and the average precision of each."""
    parser = filter_parser(__doc__, default="the eight newer ones")
    parser.add_argument("--encoders", nargs="+", default=["news1", "news2"], help="default: news1 news2")
    parser.add_argument("--sizes", nargs="+", type=int, default=[100, 300, 1000], help="default: 100 300 1000")
    parser.add_argument("--pool", type=int, default=2000, help="training articles in all (default: 2000)")
    parser.add_argument("--draws", type=int, default=5, help="samples of each size (default: 5)")
    options = parser.parse_args()
    options.filters = options.filters or NEW
    sizes = [*options.sizes, options.pool]
    # [n_filters, n_sizes, n_splits, n_measures] of each encoder, means over the draws.
    found: dict[str, list[Values]] = {}
    for name in options.filters:
        for encoder, figures in of_filter(name, sizes, options).items():
            found.setdefault(encoder, []).append(figures)
    stacked = {encoder: np.array(figures) for encoder, figures in found.items()}
    tables = [*(over_filters(stacked, sizes, split) for split in SPLITS), each_filter(stacked, options.filters, sizes)]
    print(*map(titled, tables), sep="\n\n")


def of_filter(name: str, sizes: list[int], options: argparse.Namespace) -> dict[str, Values]:
    """Return the measures [n_sizes, n_splits, n_measures] of a filter's heads on each encoder."""
    data_set = FilterData.load(name, options.data, extra=None)
    if max(options.pool, *sizes) > (n_articles := len(data_set.train.scores)):
        raise SystemExit(f"{name} has {n_articles} training articles; lower --pool and --sizes.")
    pool = np.random.default_rng(0).choice(len(data_set.train.scores), options.pool, replace=False)
    pool.sort()
    data_set = replace(data_set, train=subset(data_set.train, pool))
    positive = data_set.task.positive(data_set.train.scores)
    samples = [
        [drawn(positive, size, seed) for seed in range(options.draws if size < options.pool else 1)] for size in sizes
    ]
    return {
        encoder: on_samples(data_set.embedded(embed), samples)
        for encoder, embed in embedders(data_set, options).items()
    }


def embedders(data_set: FilterData, options: argparse.Namespace) -> Mapping[str, Embed]:
    """Return what makes vectors of texts, by the name of the encoder."""
    specs = {
        name: load_encoder_spec(ENCODERS / name / "src" / f"distillery_encoder_{name}") for name in options.encoders
    }
    return {BASE: FrozenBase.of(data_set.spec).embed, **{name: partial(encode, spec) for name, spec in specs.items()}}


def drawn(positive: NDArray[np.bool_], size: int, seed: int) -> Indices:
    """Draw indices with the share of positives that there is among all, and at least one."""
    generator = np.random.default_rng(seed)
    n_positives = max(1, round(size * positive.mean()))
    groups = ((np.flatnonzero(positive), n_positives), (np.flatnonzero(~positive), size - n_positives))
    return np.concatenate([generator.choice(indices, n, replace=False) for indices, n in groups])


def on_samples(data_set: EmbeddedData, samples: list[list[Indices]]) -> Values:
    """Return the measures [n_sizes, n_splits, n_measures], means over the draws of a size."""
    return np.array([np.nanmean([of_head(data_set, indices) for indices in draws], axis=0) for draws in samples])


def of_head(data_set: EmbeddedData, indices: Indices) -> Values:
    """Fit a head to a sample; return its measures [n_splits, n_measures]."""
    head = data_set.head(indices=indices)
    metrics = measures(data_set.task).values()
    return np.array(
        [
            [float(metric(data_set.averages(head, split), data_set.expected(split))) for metric in metrics]
            for split in SPLITS
        ]
    )


def over_filters(found: dict[str, Values], sizes: list[int], split: str) -> Table:
    """Return the means over the filters, and the gain over the untrained base with its interval over filters."""
    part, rows = SPLITS.index(split), []
    for index, size in enumerate(sizes):
        base = found[BASE][:, index, part]
        for encoder, figures in found.items():
            own = figures[:, index, part]
            gains = ["" if encoder == BASE else difference_cell(bootstrap(_mean, gain)) for gain in (own - base).T]
            cells = [f"{value:.3f} {gain}".strip() for value, gain in zip(own.mean(axis=0), gains, strict=True)]
            rows.append([f"{size:,}", encoder, *cells])
    return Table(f"{split}: means over {len(found[BASE])} filters", ["labels", "encoder", *MEASURES], rows)


def each_filter(found: dict[str, Values], filters: list[str], sizes: list[int]) -> Table:
    """Return the average precision on validation and test together, as a mean, of each filter."""
    column = MEASURES.index("average precision")
    rows = [
        [
            name,
            *(
                " / ".join(f"{of[row, index, :, column].mean():.2f}" for of in found.values())
                for index in range(len(sizes))
            ),
        ]
        for row, name in enumerate(filters)
    ]
    title = f"average precision, mean of validation and test: {' / '.join(found)}"
    return Table(title, ["filter", *(f"{size:,} labels" for size in sizes)], rows)


def _mean(values: Values) -> Values:
    return np.asarray(values.mean(axis=-1))


if __name__ == "__main__":
    main()
