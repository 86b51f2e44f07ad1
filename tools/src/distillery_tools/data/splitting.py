"""Splits: stratified, near-duplicates together, existing splits kept."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .labels import SPLITS, Id


@dataclass(frozen=True)
class Item:
    """An article to split: its group of near-duplicates, its stratum (0 is the rarest) and its present split."""

    id: Id
    group: int
    stratum: int
    split: str | None


@dataclass(frozen=True)
class Group:
    """Near-duplicates, which go to one split; most groups have one article."""

    items: list[Item]

    @property
    def stratum(self) -> int:
        """The rarest stratum of the articles."""
        return min(item.stratum for item in self.items)

    @property
    def splits(self) -> set[str]:
        """The present splits of the articles."""
        return {item.split for item in self.items if item.split}

    def place(self, chosen: str | None = None) -> list[str | None]:
        """Return each article's split: its present one, else the group's only one, else the chosen one."""
        common = chosen if not self.splits else min(self.splits) if len(self.splits) == 1 else None
        return [item.split or common for item in self.items]


def assign_splits(items: Sequence[Item], shares: Mapping[str, float], seed: int) -> dict[Id, str | None]:
    """Return the split of each article; None for a new one whose near-duplicates are in several.

    In each stratum a new group goes to the split that is furthest below its share. The result depends on the ids and
    the seed, not on the order.
    """
    strata: dict[int, list[Group]] = {}
    for group in grouped(items):
        strata.setdefault(group.stratum, []).append(group)
    placed: dict[Id, str | None] = {}
    for groups in strata.values():
        placed |= _fill(groups, shares, seed)
    return placed


def grouped(items: Sequence[Item]) -> list[Group]:
    """Return the groups of articles, in the order of their first articles."""
    members: dict[int, list[Item]] = {}
    for item in items:
        members.setdefault(item.group, []).append(item)
    return [Group(found) for found in members.values()]


def _fill(groups: Sequence[Group], shares: Mapping[str, float], seed: int) -> dict[Id, str | None]:
    """Assign the groups of one stratum."""
    placed: dict[Id, str | None] = {}
    for group in groups:
        placed |= _by_id(group, group.place())
    held = Counter(placed.values())
    missing = {split: shares[split] * len(placed) - held[split] for split in SPLITS}
    for group in _shuffled([group for group in groups if not group.splits], seed):
        split = max(SPLITS, key=missing.__getitem__)
        missing[split] -= len(group.items)
        placed |= _by_id(group, group.place(split))
    return placed


def _by_id(group: Group, splits: Sequence[str | None]) -> dict[Id, str | None]:
    return {item.id: split for item, split in zip(group.items, splits, strict=True)}


def _shuffled(groups: Sequence[Group], seed: int) -> list[Group]:
    """Return the groups in random order, large ones first: they fit while the splits are small."""
    ordered = sorted(groups, key=lambda group: min(map(_rank, group.items)))
    random.Random(seed).shuffle(ordered)  # noqa: S311  not for secrets; the same on every machine
    return sorted(ordered, key=lambda group: len(group.items), reverse=True)


def _rank(item: Item) -> tuple[str, str]:
    """Return the sort key of an id, text or number."""
    return type(item.id).__name__, str(item.id)
