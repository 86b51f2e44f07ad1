"""Labels of many filters, joined by article."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from train_cases import SECOND_DIMENSIONS, disjoint_tasks, one_task, second_filter, second_labels, two_tasks

from distillery import DistilleryError, FilterConfig
from distillery.toolkit import TrainingConfig
from distillery_tools.data.labelled import LabelledData
from distillery_tools.training.examples import TrainingData
from distillery_tools.training.recipe import TrainingRecipe


def test_one_filter_is_as_it_was(config: FilterConfig, labelled: LabelledData) -> None:
    """Texts, scores and sha256 in their order."""
    data = one_task(config, labelled)
    for examples, name in ((data.train, "train"), (data.val, "val")):
        assert examples.texts == labelled.splits[name].texts
        assert np.array_equal(examples.scores, labelled.splits[name].scores)
    assert data.sha256 == labelled.sha256
    assert [task.columns for task in data.tasks] == [slice(0, 3)]


def test_articles_of_two_filters_stand_once(config: FilterConfig, labelled: LabelledData) -> None:
    """Each with all of its labels; where there is none is a gap over the filter's dimensions."""
    data = two_tasks(config, labelled)
    train = labelled.splits["train"]
    assert data.train.texts == train.texts
    assert np.array_equal(data.train.scores[:, :3], train.scores)
    absent = np.arange(len(train.articles)) % 3 == 0
    assert np.array_equal(data.train.scores[~absent][:, 3:], train.scores[~absent][:, SECOND_DIMENSIONS])
    assert np.isnan(data.train.scores[absent][:, 3:]).all()
    assert [task.columns for task in data.tasks] == [slice(0, 3), slice(3, 5)]


def test_an_article_that_only_the_second_filter_has(config: FilterConfig, labelled: LabelledData) -> None:
    """Comes after those of the first."""
    first = LabelledData({name: split.head(4) for name, split in labelled.splits.items()}, "1")
    data = TrainingData.join([(config, first), (second_filter(config), second_labels(labelled))])
    assert data.val.texts[:4] == labelled.splits["val"].texts[:4]
    assert np.isnan(data.val.scores[4:, :3]).all()
    assert np.isfinite(data.val.scores[4:, 3:]).all()


def test_filters_that_share_no_article_are_joined(config: FilterConfig, labelled: LabelledData) -> None:
    """Every article has the labels of one filter, all of them, and none of the other's."""
    for examples in (disjoint_tasks(config, labelled).train, disjoint_tasks(config, labelled).val):
        judged = np.isfinite(examples.scores)
        garden, lawn = judged[:, :3], judged[:, 3:]
        assert (garden.all(axis=1) ^ lawn.all(axis=1)).all()
        assert (garden.any(axis=1) ^ lawn.any(axis=1)).all()


def test_the_mean_of_readings_is_only_for_training(config: FilterConfig, labelled: LabelledData) -> None:
    """Validation is on the first reading, as every figure is."""
    second = {name: replace(split, second_opinions=split.scores + 1) for name, split in labelled.splits.items()}
    data = TrainingData.join([(config, replace(labelled, splits=second))], "mean")
    assert data.train.scores == pytest.approx(labelled.splits["train"].scores + 0.5)
    assert np.array_equal(data.val.scores, labelled.splits["val"].scores)
    first = TrainingData.join([(config, replace(labelled, splits=second))])
    assert np.array_equal(first.train.scores, labelled.splits["train"].scores)


def test_averages_are_those_that_a_user_gets(config: FilterConfig, labelled: LabelledData) -> None:
    """Clamped, weighted and capped by the filter's own gatekeepers."""
    garden, lawn = two_tasks(config, labelled).tasks
    scores = np.array([[12.0, 10.0, 1.0, 10.0, 2.0]])
    assert garden.averages(scores) == pytest.approx([3.0])
    assert lawn.averages(scores) == pytest.approx([0.25 * 10 + 0.75 * 2])


def test_the_sha256_is_over_all_files(config: FilterConfig, labelled: LabelledData) -> None:
    """Other labels of either filter make other data."""
    second = second_labels(labelled)

    def sha256(first: LabelledData, other: LabelledData) -> str:
        return TrainingData.join([(config, first), (second_filter(config), other)]).sha256

    hashes = {
        sha256(labelled, second),
        sha256(replace(labelled, sha256="1" * 64), second),
        sha256(labelled, replace(second, sha256="2" * 64)),
    }
    assert len(hashes) == 3


def test_what_tests_one_filter_must_not_train_another(config: FilterConfig, labelled: LabelledData) -> None:
    """The article and both filters are named."""
    second = second_labels(labelled)
    splits = second.splits | {"train": second.splits["test"], "test": second.splits["train"]}
    with pytest.raises(DistilleryError, match=r"article a\d+ .*garden.*lawn"):
        TrainingData.join([(config, labelled), (second_filter(config), replace(second, splits=splits))])


def test_a_filter_given_twice_is_refused(config: FilterConfig, labelled: LabelledData) -> None:
    """It would count twice."""
    with pytest.raises(DistilleryError, match="twice: garden"):
        TrainingData.join([(config, labelled), (config, labelled)])


def test_snippets_are_beginnings_with_the_same_scores(config: FilterConfig, labelled: LabelledData) -> None:
    """Every article stays, and a copy of its title and first whole words follows; validation is as it was."""
    whole = one_task(config, labelled)
    data = whole.with_snippets(20)
    n = len(whole.train.articles)
    assert data.train.texts[:n] == whole.train.texts
    assert np.array_equal(data.train.scores, np.concatenate([whole.train.scores, whole.train.scores]))
    for article, snippet in zip(whole.train.articles, data.train.articles[n:], strict=True):
        assert snippet.title == article.title
        assert len(snippet.content) <= 20
        assert article.content.startswith(snippet.content)
        assert article.content[len(snippet.content) :][:1] in {"", " "}
    assert data.val is whole.val


def test_no_snippets_unless_asked_for(config: FilterConfig, labelled: LabelledData) -> None:
    """0 characters, the default, leave the data alone."""
    data = one_task(config, labelled)
    assert data.with_snippets(0) is data


@pytest.mark.parametrize(("asked", "expected"), [(None, 125), (0, 0), (80, 80)])
def test_a_filter_states_its_snippets_unless_the_command_does(asked: int | None, expected: int) -> None:
    """What the recipe leaves open is taken from config.yaml; 0 is an answer, too."""
    recipe = TrainingRecipe(snippet_characters=asked).completed(TrainingConfig(snippet_characters=125))
    assert recipe.snippet_characters == expected
