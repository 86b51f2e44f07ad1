"""Batches to train on: all articles, in random order, with little padding."""

from __future__ import annotations

import numpy as np
import pytest

from distillery_tools.training.batches import POOL_BATCHES, grouped_batches

SIZES = [1, 2, 15, 16, 17, 16 * POOL_BATCHES, 16 * POOL_BATCHES + 1, 1000]


def lengths_of(n_rows: int) -> list[int]:
    """Return lengths as articles have them: many short, some long, the longest cut."""
    lengths = np.random.default_rng(5).lognormal(4.5, 0.8, n_rows).astype(int) + 1
    return np.minimum(lengths, 256).tolist()


def batches_of(lengths: list[int], batch_size: int = 16, seed: int = 0) -> list[list[int]]:
    """Return batches drawn from a fresh generator."""
    return grouped_batches(lengths, batch_size, np.random.default_rng(seed))


@pytest.mark.parametrize("batch_size", [1, 7, 16])
@pytest.mark.parametrize("n_rows", SIZES)
def test_each_index_stands_once(n_rows: int, batch_size: int) -> None:
    """Also where pools and batches do not come out even."""
    batches = batches_of(lengths_of(n_rows), batch_size)
    assert sorted(index for batch in batches for index in batch) == list(range(n_rows))


@pytest.mark.parametrize("batch_size", [1, 7, 16])
@pytest.mark.parametrize("n_rows", SIZES)
def test_there_are_as_many_batches_as_the_schedule_counts(n_rows: int, batch_size: int) -> None:
    """The learning rate falls to zero over ceil(n / batch size) steps an epoch."""
    batches = batches_of(lengths_of(n_rows), batch_size)
    assert len(batches) == -(-n_rows // batch_size)
    assert max(len(batch) for batch in batches) <= batch_size


def test_the_seed_decides() -> None:
    """The same seed gives the same batches, another gives others."""
    lengths = lengths_of(200)
    assert batches_of(lengths, seed=3) == batches_of(lengths, seed=3)
    assert batches_of(lengths, seed=3) != batches_of(lengths, seed=4)


def test_every_epoch_draws_anew() -> None:
    """One generator serves all epochs."""
    generator = np.random.default_rng(0)
    first, second = (grouped_batches(lengths_of(200), 16, generator) for _ in range(2))
    assert first != second
    assert {frozenset(batch) for batch in first} != {frozenset(batch) for batch in second}


def test_little_is_padding() -> None:
    """Sorted pools waste a small part of what random batches waste."""

    def waste(batches: list[list[int]]) -> float:
        padded = sum(len(batch) * max(lengths[index] for index in batch) for batch in batches)
        return padded / sum(lengths) - 1

    lengths = lengths_of(1600)
    order = np.random.default_rng(1).permutation(1600).tolist()
    at_random = [order[start : start + 16] for start in range(0, 1600, 16)]
    assert waste(batches_of(lengths)) < 0.15
    assert waste(batches_of(lengths)) < waste(at_random) / 5


def test_batches_are_not_in_the_order_of_length() -> None:
    """A student that sees all short articles first learns worse."""
    longest = [max(batch) for batch in batches_of(list(range(320)))]
    assert longest != sorted(longest)
    assert longest != sorted(longest, reverse=True)
