"""Which training articles an epoch has, and the average of the weights."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from train_cases import second_filter

from distillery import FilterConfig
from distillery_tools.training.averaging import MovingAverage
from distillery_tools.training.recipe import TrainingRecipe
from distillery_tools.training.sampling import MAX_REPEATS, chances, drawn
from distillery_tools.training.tasks import Task, tasks_of

BALANCED = TrainingRecipe(sampling="balanced", balance=4.0)


@pytest.fixture
def tasks(config: FilterConfig) -> list[Task]:
    """Two tasks, of three and of two dimensions."""
    return tasks_of([config, second_filter(config)])


def test_natural_sampling_takes_each_once(tasks: list[Task]) -> None:
    """In the order of the articles: batches are shuffled later."""
    scores = np.full((7, 5), 5.0)
    assert chances(tasks, scores, TrainingRecipe(sampling="natural")) is None
    assert drawn(7, None, np.random.default_rng(0)).tolist() == list(range(7))


def test_medium_in_any_task_counts(tasks: list[Task]) -> None:
    """At 4.0 or above; a missing label is no positive."""
    scores = np.zeros((4, 5))
    scores[1, :3] = 4.0
    scores[2, 3:] = 6.0
    scores[3] = [3.9, 3.9, 3.9, np.nan, np.nan]
    found = chances(tasks, scores, BALANCED)
    assert found is not None
    assert found == pytest.approx(np.array([1, 5, 5, 1]) / 12)


def test_positives_come_more_often_but_not_too_often(tasks: list[Task]) -> None:
    """As many articles an epoch as there are, none of them more than three times."""
    scores = np.zeros((200, 5))
    scores[:10] = 8.0
    found = chances(tasks, scores, BALANCED)
    generator = np.random.default_rng(0)
    counts = Counter(index for _ in range(30) for index in drawn(200, found, generator).tolist())
    assert sum(counts.values()) == 30 * 200
    often = sum(counts[index] for index in range(10)) / 10
    seldom = sum(counts[index] for index in range(10, 200)) / 190
    assert 2.0 * seldom < often < 30 * MAX_REPEATS
    assert max(Counter(drawn(200, found, generator).tolist()).values()) <= MAX_REPEATS


def test_even_a_single_positive_is_not_repeated_without_end(tasks: list[Task]) -> None:
    """Whatever the balance."""
    scores = np.zeros((50, 5))
    scores[0] = 9.0
    found = chances(tasks, scores, TrainingRecipe(sampling="balanced", balance=1e6))
    assert Counter(drawn(50, found, np.random.default_rng(0)).tolist())[0] == MAX_REPEATS


def test_the_generator_decides(tasks: list[Task]) -> None:
    """The same seed draws the same articles, another draws others."""
    found = chances(tasks, np.full((50, 5), 5.0), BALANCED)
    first, again, other = (drawn(50, found, np.random.default_rng(seed)).tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


class TestMovingAverage:
    """MovingAverage, for one parameter."""

    def test_it_is_short_at_first_and_long_later(self) -> None:
        """By the formula, against a loop in plain numbers."""
        parameter = torch.zeros(1)
        average, expected = MovingAverage([parameter], 0.9), 0.0
        for step in range(1, 200):
            parameter.fill_(float(step % 7))
            average.update(step)
            decay = min(0.9, (1 + step) / (10 + step))
            expected = decay * expected + (1 - decay) * (step % 7)
            assert float(average.values[0]) == pytest.approx(expected, rel=1e-4)

    def test_it_stands_in_for_a_while(self) -> None:
        """Also if what is done meanwhile fails."""
        parameter = torch.ones(2)
        average = MovingAverage([parameter], 0.5)
        parameter.fill_(3.0)

        def fail_meanwhile() -> None:
            with average.applied():
                assert parameter.tolist() == [1.0, 1.0]
                raise KeyError

        with pytest.raises(KeyError):
            fail_meanwhile()
        assert parameter.tolist() == [3.0, 3.0]

    def test_without_a_decay_the_parameters_are_their_own(self) -> None:
        """0 is off."""
        parameter = torch.ones(2)
        average = MovingAverage([parameter], 0.0)
        parameter.fill_(3.0)
        average.update(1)
        with average.applied():
            assert parameter.tolist() == [3.0, 3.0]
