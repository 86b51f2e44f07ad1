"""How many positives a filter's labels have, what that means for its recall, and which labels would mend it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np

from distillery import FilterConfig
from distillery.toolkit import Postfilter

from ..data.labelled import LabelledData
from ..measuring.binomial import two_sided_interval

# What it takes to be more than an experiment: as many as the released filters learn from, and as many to measure on
# that a recall of one half is known to about 20 points.
ENOUGH = {"train": 150, "val": 25, "test": 25}
PURPOSES = {"train": "to learn from", "val": "to choose by", "test": "to measure on"}
AT_RANDOM = "random"
ENGLISH = "en"
LEAST_SAMPLE = 40  # articles; the share of positives in fewer says little


@dataclass(frozen=True)
class Positives:
    """The positives among a filter's labels.

    ``by_sampling`` has, for each way of choosing articles, positives and articles. ``unseen_tiers`` are those that no
    article reaches.
    """

    positive_from: float
    n_articles: int
    by_split: dict[str, int]
    by_sampling: dict[str, tuple[int, int]]
    n_english: int
    unseen_tiers: list[str]

    @classmethod
    def count(cls, labelled: LabelledData, config: FilterConfig) -> Positives:
        """Count the articles whose average, after the gatekeepers, is that of a positive."""
        averages = {name: Postfilter(config).averages(split.scores) for name, split in labelled.splits.items()}
        joined = np.concatenate(list(averages.values()))
        backgrounds = [background for split in labelled.splits.values() for background in split.backgrounds]
        hits = [each for each, average in zip(backgrounds, joined, strict=True) if average >= config.positive_from]
        found, articles = (Counter(each.sampling for each in group) for group in (hits, backgrounds))
        return cls(
            positive_from=config.positive_from,
            n_articles=len(backgrounds),
            by_split={name: int(np.count_nonzero(each >= config.positive_from)) for name, each in averages.items()},
            by_sampling={sampling: (found[sampling], n) for sampling, n in articles.items() if sampling},
            n_english=sum(each.language.lower().startswith(ENGLISH) for each in hits),
            unseen_tiers=[tier.name for tier in config.tiers if joined.max() < tier.at_least],
        )

    @property
    def n_positives(self) -> int:
        """How many there are in all splits."""
        return sum(self.by_split.values())

    @property
    def n_missing(self) -> int:
        """How many more it takes to have enough in each split."""
        return sum(max(0, enough - self.by_split.get(split, 0)) for split, enough in ENOUGH.items())

    @property
    def richest_sample(self) -> tuple[str, int, int] | None:
        """The way of choosing articles that found the largest share of positives: its name, positives, articles."""
        samples = [(name, *counts) for name, counts in self.by_sampling.items() if not name.startswith(AT_RANDOM)]
        large = [sample for sample in samples if sample[1] and sample[2] >= LEAST_SAMPLE]
        return max(large, key=lambda sample: sample[1] / sample[2], default=None)

    @property
    def random_sample(self) -> tuple[int, int]:
        """Positives and articles among those drawn at random."""
        drawn = [counts for name, counts in self.by_sampling.items() if name.startswith(AT_RANDOM)]
        return sum(found for found, _ in drawn), sum(n for _, n in drawn)


def positives_text(positives: Positives) -> str:
    """Return a paragraph for a filter's card."""
    return " ".join([*_counts(positives), *_recall(positives), *_remedy(positives)])


def _counts(positives: Positives) -> Iterator[str]:
    parts = [f"{n} {PURPOSES[split]} ({split})" for split, n in positives.by_split.items()]
    yield (
        f"{positives.n_positives:,} of {positives.n_articles:,} labelled articles are positives, at "
        f"{positives.positive_from:g} or above by the oracle: {', '.join(parts[:-1])} and {parts[-1]}. "
        f"{positives.n_english} of them are in English."
    )
    if unseen := " or ".join(f"`{tier}`" for tier in positives.unseen_tiers):
        yield f"None reaches {unseen}, so nothing is learned of that."


def _recall(positives: Positives) -> Iterator[str]:
    n_measured = positives.by_split["test"]
    if not n_measured:
        yield "Without any to measure on, nobody knows how many it finds."
        return
    low, high = two_sided_interval(n_measured // 2, n_measured)
    yield (
        f"On {n_measured}, one more or fewer moves recall by {100 / n_measured:.0f} points: where {n_measured // 2} "
        f"are found, the true share may be {low:.0%} to {high:.0%} (95 %)."
    )


def _remedy(positives: Positives) -> Iterator[str]:
    """Yield how many labels of which kind are missing, by the share of positives that each kind had so far."""
    if positives.n_positives >= sum(ENOUGH.values()):
        return
    needed = ", ".join(f"{n} {PURPOSES[split]}" for split, n in ENOUGH.items())
    yield f"{positives.n_missing} more would mend that ({needed})."
    if sample := positives.richest_sample:
        name, found, n = sample
        yield (
            f"Of the articles chosen as `{name}`, {found} of {n} are positives, so about "
            f"{_labels(positives.n_missing, found, n):,} more labels of that kind: on the subject, clear cases and "
            "near misses alike."
        )
    found, n = positives.random_sample
    if found:
        yield f"Drawn at random ({found} of {n:,}), it would take {_labels(positives.n_missing, found, n):,}."


def _labels(n_missing: int, found: int, n: int) -> int:
    """Return how many labels hold so many positives at a share, to two digits."""
    exact = ceil(n_missing * n / found)
    return round(exact, 2 - len(str(exact)))
