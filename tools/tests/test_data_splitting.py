"""Splits: shares in every stratum, groups whole, old splits untouched."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from distillery_tools.data.labels import SPLITS
from distillery_tools.data.splitting import Item, assign_splits, grouped

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}


def articles(count: int, stratum: int = 0, start: int = 0) -> list[Item]:
    """Return articles without a split, each a group of its own."""
    return [Item(f"a{number}", number, stratum, None) for number in range(start, start + count)]


@pytest.mark.parametrize("seed", range(3))
def test_every_stratum_has_its_shares(seed: int) -> None:
    """A rare tier as well as a common one."""
    items = [*articles(1000, stratum=1), *articles(20, stratum=0, start=1000)]
    placed = assign_splits(items, SHARES, seed)
    assert Counter(placed[item.id] for item in items[:1000]) == {"train": 800, "val": 100, "test": 100}
    assert Counter(placed[item.id] for item in items[1000:]) == {"train": 16, "val": 2, "test": 2}


def test_the_seed_chooses_and_the_order_does_not() -> None:
    """The same articles in another file order are split alike."""
    items = articles(200)
    placed = assign_splits(items, SHARES, 7)
    assert assign_splits(random.Random(1).sample(items, 200), SHARES, 7) == placed
    assert assign_splits(items, SHARES, 8) != placed


def test_added_articles_restore_the_shares() -> None:
    """Old ones stay, new ones go where most is lacking."""
    old = [Item(f"old{number}", -1 - number, 0, "train") for number in range(80)]
    placed = assign_splits([*old, *articles(20)], SHARES, 0)
    assert Counter(placed.values()) == {"train": 80, "val": 10, "test": 10}


def test_a_new_copy_joins_the_split_of_the_old_article() -> None:
    """Even if that split has enough."""
    items = [Item("old", 0, 0, "test"), Item("copy", 0, 0, None)]
    assert assign_splits(items, SHARES, 0) == {"old": "test", "copy": "test"}


def test_a_new_copy_of_articles_in_two_splits_is_dropped() -> None:
    """The old ones stay where they are."""
    items = [Item("a", 0, 0, "test"), Item("b", 0, 0, "train"), Item("copy", 0, 0, None)]
    assert assign_splits(items, SHARES, 0) == {"a": "test", "b": "train", "copy": None}


def test_a_group_counts_for_its_rarest_stratum() -> None:
    """So that the rare article is not overlooked among its common copies."""
    (group,) = grouped([Item("low", 0, 2, None), Item("high", 0, 0, None)])
    assert group.stratum == 0


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_old_splits_stay_and_groups_are_whole(seed: int) -> None:
    """Numbers are ids too."""
    chance = random.Random(seed)
    items = [
        Item(number, chance.randint(0, 15), chance.randint(0, 2), chance.choice([None, None, *SPLITS]))
        for number in range(chance.randint(1, 40))
    ]
    placed = assign_splits(items, SHARES, seed)
    assert all(placed[item.id] == item.split for item in items if item.split)
    for group in grouped(items):
        new = {placed[item.id] for item in group.items if not item.split}
        assert len(new | group.splits) == 1 or new <= {None}
        assert (None in new) <= (len(group.splits) > 1)
