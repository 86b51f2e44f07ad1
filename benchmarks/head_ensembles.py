"""Measure whether several heads on one encoder score better than one, and whether they disagree where they err.

    python benchmarks/head_ensembles.py --data ../shared/data

The ensemble is the mean of heads that are each fitted to a bootstrap sample of the training articles; it is compared
with the one head that is fitted to all of them, on the mean of the oracle's readings. Heads for the first and for the
other reading of an article are an ensemble, too: by squared error, their mean is the head for the mean of the readings.
It is compared with the head for the first reading. The second table shows how well the standard deviation of the
ensemble's weighted averages, its disagreement, ranks the errors, beside the average itself.
"""

from __future__ import annotations

import numpy as np
from heads import (
    SPLITS,
    Comparison,
    EmbeddedData,
    FilterData,
    Values,
    comparison_table,
    difference_cell,
    filter_parser,
    filters_of,
)

from distillery_tools.measuring.figures import bootstrap
from distillery_tools.measuring.metrics import spearman
from distillery_tools.measuring.tables import Table, titled
from distillery_tools.training.head import FittedHead
from distillery_tools.training.recipe import FIRST


def main() -> None:
    """Print two tables of Markdown."""
    parser = filter_parser(__doc__)
    parser.add_argument("--heads", type=int, default=5, help="how many bootstrap heads (default: 5)")
    options = parser.parse_args()
    comparisons, rows = [], []
    for name in filters_of(options):
        data_set = FilterData.load(name, options.data).embedded()
        first_readings = FilterData.load(name, options.data, readings=FIRST).embedded()
        one = averages_of(data_set, data_set.head())
        members = [averages_of(data_set, head) for head in bootstrap_heads(data_set, options.heads)]
        together = [np.mean(each, axis=0) for each in zip(*members, strict=True)]
        first = averages_of(first_readings, first_readings.head())
        comparisons.append(Comparison.of(data_set, f"{options.heads} bootstrap heads", one, together))
        comparisons.append(Comparison.of(data_set, "mean of readings", first, one))
        rows.append([name, *disagreement(data_set, [member[0] for member in members])])
    headers = ["filter", "disagreement", "average", "difference"]
    table = Table("rank correlation with the error on validation", headers, rows)
    print(comparison_table(comparisons), titled(table), sep="\n\n")


def bootstrap_heads(data_set: EmbeddedData, n_heads: int) -> list[FittedHead]:
    """Fit a head to each of several bootstrap samples of the training articles."""
    generator, n = np.random.default_rng(0), len(data_set.train.scores)
    return [data_set.head(indices=generator.integers(n, size=n)) for _ in range(n_heads)]


def averages_of(data_set: EmbeddedData, head: FittedHead) -> list[Values]:
    """Return the weighted averages [n_articles] of each measured split."""
    return [data_set.averages(head, split) for split in SPLITS]


def disagreement(data_set: EmbeddedData, members: list[Values]) -> list[str]:
    """Return how well disagreement and average rank the ensemble's errors on validation, and by how much better."""
    spread, together = np.std(members, axis=0), np.mean(members, axis=0)
    errors = np.abs(together - data_set.expected("val"))
    gain = bootstrap(lambda one, two, of: spearman(one, of) - spearman(two, of), spread, together, errors)
    return [*(f"{float(spearman(values, errors)):.2f}" for values in (spread, together)), difference_cell(gain)]


if __name__ == "__main__":
    main()
