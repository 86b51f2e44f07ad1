"""Measure what invented training articles give the heads of the filters.

    python benchmarks/invented_articles.py --data ../shared/data

Prints how far the measures of each filter's head move when the invented articles train it as well as the real ones.
The encoder news2 has seen the invented articles in any case; ``--frozen`` fits heads on the untrained base, which has
not. Vectors come from the cache where it has them.
"""

from __future__ import annotations

from pathlib import Path

from heads import INVENTED, SPLITS, Comparison, EmbeddedData, FilterData, comparison_table, filter_parser, filters_of

from distillery_tools.vectors import FrozenBase


def main() -> None:
    """Print a table of Markdown."""
    parser = filter_parser(__doc__)
    parser.add_argument("--frozen", action="store_true", help="the vectors of the untrained base")
    options = parser.parse_args()
    comparisons = []
    for name in filters_of(options):
        without, with_them = (embedded(name, options.data, extra, options.frozen) for extra in (None, INVENTED))
        before, after = ([each.averages(each.head(), split) for split in SPLITS] for each in (without, with_them))
        comparisons.append(Comparison.of(with_them, "with invented", before, after))
    print(comparison_table(comparisons))


def embedded(name: str, data: Path, extra: Path | None, frozen: bool) -> EmbeddedData:
    """Return a filter's articles as vectors, with extra training articles or without."""
    data_set = FilterData.load(name, data, extra)
    return data_set.embedded(FrozenBase.of(data_set.spec).embed if frozen else None)


if __name__ == "__main__":
    main()
