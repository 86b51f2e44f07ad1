"""Screen: the articles of a pool that are worth labelling next, with random ones among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distillery import FilterConfig

from .candidates import JUNK, Advance, SetAside, candidates_of
from .choosing import Chooser
from .labelled_before import LabelledBefore
from .pool import Pool, Record
from .strategies import RANDOM, Signal, quotas

REPEATS_LABELLED = "near-duplicate of a labelled article"


@dataclass(frozen=True)
class Screened:
    """The chosen records, with ``sampling`` and its figure, what was set aside, and the report on all for JSON."""

    records: list[Record]
    set_aside: list[SetAside]
    report: dict[str, Any]


def screen(
    config: FilterConfig,
    pool: Pool,
    labelled: LabelledBefore,
    signals: Sequence[Signal],
    shares: Mapping[str, float],
    number: int,
    seed: int,
    advance: Advance,
) -> Screened:
    """Choose articles by each strategy's share.

    The random ones are drawn first, from all candidates, so that they are what they would be without the others,
    which then choose in turn. Where a strategy finds too few, random ones take their places.
    """
    candidates = candidates_of(pool, signals, labelled.ids, advance)
    chooser = Chooser(pool, candidates, labelled.seen_texts(REPEATS_LABELLED), config.name, seed)
    wanted = quotas(shares, number)
    missing = _take_in_turn(chooser, {RANDOM: wanted.pop(RANDOM)}) | _take_in_turn(chooser, wanted)
    _take_in_turn(chooser, {RANDOM: number - len(chooser.records)})
    report = {
        "filter": config.name,
        "version": config.version,
        "seed": seed,
        "shares": dict(shares),
        "candidates": len(candidates.offsets),
        "set_aside": dict(Counter(each.reason for each in candidates.set_aside)),
        "junk": dict(Counter(each.detail for each in candidates.set_aside if each.reason == JUNK)),
        "near_duplicates": chooser.passed_over,
        "examples": len(labelled.examples),
        "n_articles": len(chooser.records),
        "chosen": dict(Counter(record["sampling"] for record in chooser.records)),
        "too_few": missing,
    }
    return Screened(chooser.records, candidates.set_aside, report)


def _take_in_turn(chooser: Chooser, wanted: Mapping[str, int]) -> dict[str, int]:
    """Let each strategy choose one article after the other's; return how many too few some found."""
    left = {name: count for name, count in wanted.items() if count}
    missing = {}
    while left:
        for name in list(left):
            if not chooser.take(name):
                missing[name] = left.pop(name)
            elif left[name] == 1:
                del left[name]
            else:
                left[name] -= 1
    return missing
