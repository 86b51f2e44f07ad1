"""Batching: like lengths together, within a budget of tokens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillery.students.batching import TOKEN_BUDGET, Batching, batches_by_length, padded

lengths_of_articles = st.lists(st.integers(1, 600), max_size=60)
budgets = st.integers(1, 4096)


@given(lengths_of_articles, budgets)
def test_every_article_is_in_exactly_one_batch(lengths: list[int], budget: int) -> None:
    batches = batches_by_length(lengths, budget)

    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))


@given(lengths_of_articles, budgets)
def test_a_batch_of_several_stays_within_the_budget(lengths: list[int], budget: int) -> None:
    for batch in batches_by_length(lengths, budget):
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= budget


@given(lengths_of_articles)
def test_with_a_budget_of_one_token_each_article_is_alone(lengths: list[int]) -> None:
    batches = Batching(token_budget=1).batches(lengths)

    assert sorted(batches) == [[index] for index in range(len(lengths))]


@given(lengths_of_articles, budgets)
def test_longest_come_first(lengths: list[int], budget: int) -> None:
    """The peak of memory is reached at once, not after an hour."""
    order = [lengths[index] for batch in batches_by_length(lengths, budget) for index in batch]

    assert order == sorted(lengths, reverse=True)


def test_nothing_gives_no_batches() -> None:
    assert batches_by_length([]) == []


def test_an_article_over_the_budget_is_alone() -> None:
    assert batches_by_length([10, 3000, 10], budget=2048) == [[1], [0, 2]]


@pytest.mark.parametrize("seed", range(3))
def test_padding_is_under_five_per_cent_of_a_thousand_articles(seed: int) -> None:
    lengths = np.clip(np.random.default_rng(seed).lognormal(5.5, 0.9, 1000), 8, 512).astype(int).tolist()

    computed = sum(
        len(batch) * max(lengths[index] for index in batch) for batch in batches_by_length(lengths, TOKEN_BUDGET)
    )

    assert 1 - sum(lengths) / computed < 0.05


def test_padding_is_to_the_right_and_masked() -> None:
    ids, mask = padded([[5, 6, 7], [8], [0, 9]])

    assert ids.tolist() == [[5, 6, 7], [8, 0, 0], [0, 9, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0], [1, 1, 0]]
    assert ids.dtype == mask.dtype == np.int64


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=20), min_size=1, max_size=8))
def test_mask_gives_the_rows_back(rows: list[list[int]]) -> None:
    ids, mask = padded(rows)

    assert [row[kept == 1].tolist() for row, kept in zip(ids, mask, strict=True)] == rows
    assert ids.shape == (len(rows), max(map(len, rows)))
