"""Measure whether heads find more when the order of articles counts in their loss, too.

    python benchmarks/ranking_loss.py --data ../shared/data --weights 0.3 1

Prints how far the measures of each filter's head move from those of squared error alone, on the same articles. All
heads of a filter have the ridge penalty that validation chooses for squared error. Vectors come from the cache where
it has them.
"""

from __future__ import annotations

from heads import SPLITS, Comparison, FilterData, comparison_table, filter_parser, filters_of

from distillery_tools.training.recipe import TrainingRecipe


def main() -> None:
    """Print a table of Markdown."""
    parser = filter_parser(__doc__)
    parser.add_argument("--weights", nargs="+", type=float, default=[0.3, 1.0], help="default: 0.3 1")
    options = parser.parse_args()
    comparisons = []
    for name in filters_of(options):
        data_set = FilterData.load(name, options.data).embedded()
        plain = data_set.head()
        before = [data_set.averages(plain, split) for split in SPLITS]
        for weight in options.weights:
            head = data_set.head(TrainingRecipe(ranking_weight=weight), strengths=[plain.strength])
            after = [data_set.averages(head, split) for split in SPLITS]
            comparisons.append(Comparison.of(data_set, f"{weight:g}", before, after))
    print(comparison_table(comparisons))


if __name__ == "__main__":
    main()
