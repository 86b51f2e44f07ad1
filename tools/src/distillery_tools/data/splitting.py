"""Splits: stratified, groups of near-duplicates whole, what had a split before keeps it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .labels import SPLITS, Id


@dataclass(frozen=True)
class Item:
    """An article to split: its group of near-duplicates, its stratum (0 is the rarest) and the split it has."""

    id: Id
    group: int
    stratum: int
    split: str | None


@dataclass(frozen=True)
class Group:
    """Near-duplicates, which go to one split; most groups are one article."""

    items: list[Item]

    @property
    def stratum(self) -> int:
        """The rarest stratum among the articles."""
        return min(item.stratum for item in self.items)

    @property
    def splits(self) -> set[str]:
        """The splits that articles of the group have."""
        return {item.split for item in self.items if item.split}

    def place(self, chosen: str | None = None) -> list[str | None]:
        """Return each article's split: the one it has, else the group's only one, else the chosen one."""
        common = chosen if not self.splits else min(self.splits) if len(self.splits) == 1 else None
        return [item.split or common for item in self.items]


def assign_splits(items: Sequence[Item], shares: Mapping[str, float], seed: int) -> dict[Id, str | None]:
    """Return the split of each article; None for a new one whose near-duplicates stand in several.

    In each stratum a new group goes where most is lacking, so that each split ends with its share up to the last
    group. The choice depends on the ids and the seed, not on the order.
    """
    strata: dict[int, list[Group]] = {}
    for group in grouped(items):
        strata.setdefault(group.stratum, []).append(group)
    placed: dict[Id, str | None] = {}
    for groups in strata.values():
        placed |= _fill(groups, shares, seed)
    return placed


def grouped(items: Sequence[Item]) -> list[Group]:
    """Return the groups of articles, in the order of their first ones."""
    members: dict[int, list[Item]] = {}
    for item in items:
        members.setdefault(item.group, []).append(item)
    return [Group(found) for found in members.values()]


def _fill(groups: Sequence[Group], shares: Mapping[str, float], seed: int) -> dict[Id, str | None]:
    """Place the groups of one stratum."""
    placed: dict[Id, str | None] = {}
    for group in groups:
        placed |= _by_id(group, group.place())
    held = Counter(placed.values())
    lacking = {split: shares[split] * len(placed) - held[split] for split in SPLITS}
    for group in _shuffled([group for group in groups if not group.splits], seed):
        split = max(SPLITS, key=lacking.__getitem__)
        lacking[split] -= len(group.items)
        placed |= _by_id(group, group.place(split))
    return placed


def _by_id(group: Group, splits: Sequence[str | None]) -> dict[Id, str | None]:
    return {item.id: split for item, split in zip(group.items, splits, strict=True)}


def _shuffled(groups: Sequence[Group], seed: int) -> list[Group]:
    """Return the groups in a random order, large ones first: they fit while much is lacking."""
    ordered = sorted(groups, key=lambda group: min(map(_rank, group.items)))
    random.Random(seed).shuffle(ordered)  # noqa: S311  no secret, but the same on every machine
    return sorted(ordered, key=lambda group: len(group.items), reverse=True)


def _rank(item: Item) -> tuple[str, str]:
    """Return what ids of both kinds are ordered by."""
    return type(item.id).__name__, str(item.id)
