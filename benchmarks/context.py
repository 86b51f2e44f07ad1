"""Measure whether heads find more when the base model reads more of a long article.

    python benchmarks/context.py --data ../shared/data --head 256 --tail 128

Prints how far the measures of each filter's head on the untrained base move from those with the encoder's own window,
on validation: heads are fitted on training articles drawn at random. Only articles that all filters have labels of are
used. Vectors come from the cache where it has them; another text takes 0.1 to 0.2 seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from heads import Comparison, Subject, chosen, comparison_table, filter_parser, filters_of

from distillery_tools.training.examples import Examples
from distillery_tools.vectors import FrozenBase


def main() -> None:
    """Print a table of Markdown."""
    parser = filter_parser(__doc__)
    parser.add_argument("--head", type=int, default=256, help="first tokens read of a long text (default: 256)")
    parser.add_argument("--tail", type=int, default=128, help="last tokens read of a long text (default: 128)")
    parser.add_argument("--pool", type=int, default=800, help="training articles (default: 800)")
    options = parser.parse_args()
    subjects = [Subject.load(name, options.data, extra=None) for name in filters_of(options)]
    train, val = (
        shared_ids(parts) for parts in ([of.train for of in subjects], [of.measured["val"] for of in subjects])
    )
    train = np.random.default_rng(0).choice(train, options.pool, replace=False).tolist()
    own = FrozenBase.of(subjects[0].spec)
    window = own.preprocessing.model_copy(update={"head_tokens": options.head, "tail_tokens": options.tail})
    longer = replace(own, preprocessing=window)
    comparisons = []
    for subject in subjects:
        part = replace(
            subject, train=of_ids(subject.train, train), measured={"val": of_ids(subject.measured["val"], val)}
        )
        narrow, wide = (part.on(base.embed) for base in (own, longer))
        before, after = ([each.averages(each.head(), "val")] for each in (narrow, wide))
        comparisons.append(Comparison.of(narrow, f"{options.head}+{options.tail}", before, after))
    print(comparison_table(comparisons))


def shared_ids(parts: Sequence[Examples]) -> list[str]:
    """Return the ids of the articles that are in all parts."""
    return sorted(set.intersection(*({str(article.id) for article in part.articles} for part in parts)))


def of_ids(examples: Examples, ids: Sequence[str]) -> Examples:
    """Return the examples with some ids."""
    return chosen(examples, np.flatnonzero(np.isin([str(article.id) for article in examples.articles], ids)))


if __name__ == "__main__":
    main()
