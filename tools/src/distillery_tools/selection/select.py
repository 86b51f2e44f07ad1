"""Selection of the articles of a pool to label next, always some at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distillery import FilterConfig

from .already_labelled import AlreadyLabelled
from .candidates import JUNK, Advance, SetAside, collect_candidates
from .choosing import Chooser
from .pool import Pool, Record
from .strategies import RANDOM, Signal, quotas

REPEATS_LABELLED = "near-duplicate of a labelled article"


@dataclass(frozen=True)
class Selection:
    """The selected records, with ``sampling`` and its figure, what was set aside, and a report for JSON."""

    records: list[Record]
    set_aside: list[SetAside]
    report: dict[str, Any]


def select_articles(
    config: FilterConfig,
    pool: Pool,
    labelled: AlreadyLabelled,
    signals: Sequence[Signal],
    shares: Mapping[str, float],
    number: int,
    seed: int,
    advance: Advance,
) -> Selection:
    """Select articles by each strategy's share.

    Random ones are drawn first, from all candidates, so that the other strategies do not bias them. The others then
    take turns. Where a strategy finds too few, random articles take their place.
    """
    candidates = collect_candidates(pool, signals, labelled.ids, advance)
    chooser = Chooser(pool, candidates, labelled.seen_texts(REPEATS_LABELLED), config.name, seed)
    targets = quotas(shares, number)
    missing = _take_in_turn(chooser, {RANDOM: targets.pop(RANDOM)}) | _take_in_turn(chooser, targets)
    _take_in_turn(chooser, {RANDOM: number - len(chooser.records)})
    report = {
        "filter": config.name,
        "version": config.version,
        "seed": seed,
        "shares": dict(shares),
        "candidates": len(candidates.offsets),
        "set_aside": dict(Counter(each.reason for each in candidates.set_aside)),
        "junk": dict(Counter(each.detail for each in candidates.set_aside if each.reason == JUNK)),
        "near_duplicates": chooser.near_duplicates,
        "examples": len(labelled.examples),
        "n_articles": len(chooser.records),
        "selected": dict(Counter(record["sampling"] for record in chooser.records)),
        "too_few": missing,
    }
    return Selection(chooser.records, candidates.set_aside, report)


def _take_in_turn(chooser: Chooser, targets: Mapping[str, int]) -> dict[str, int]:
    """Let the strategies select one article each in turn; return how many articles each of them is short of."""
    remaining = {name: count for name, count in targets.items() if count}
    missing = {}
    while remaining:
        for name in list(remaining):
            if not chooser.take(name):
                missing[name] = remaining.pop(name)
            elif remaining[name] == 1:
                del remaining[name]
            else:
                remaining[name] -= 1
    return missing
