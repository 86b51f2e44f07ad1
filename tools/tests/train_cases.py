"""Two invented filters that share articles, and short ways to train on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from distillery import FilterConfig
from distillery.toolkit import EncoderSpec, resolve_encoder_spec
from distillery_tools.data.labelled import LabelledData, Split
from distillery_tools.training.examples import TrainingData
from distillery_tools.training.history import Epoch
from distillery_tools.training.recipe import TrainingRecipe
from distillery_tools.training.saving import save_student
from distillery_tools.training.trainer import Trainer

# No average of the weights: so few steps hardly move it.
QUICK = TrainingRecipe(rank=4, learning_rate=0.02, epochs=2, batch_size=8, moving_average=0.0)
LONGER = replace(QUICK, learning_rate=0.02, epochs=8, batch_size=4)

SECOND_DIMENSIONS = (0, 2)


def second_filter(config: FilterConfig) -> FilterConfig:
    """Return the config of another filter, which judges two of the garden's dimensions."""
    dimensions = [
        config.dimensions[column].model_copy(update={"weight": weight})
        for column, weight in zip(SECOND_DIMENSIONS, (0.25, 0.75), strict=True)
    ]
    return config.model_copy(update={"name": "lawn", "dimensions": dimensions, "gatekeepers": []})


def second_labels(labelled: LabelledData, every: int = 3) -> LabelledData:
    """Return the other filter's labels: all articles but one of ``every``."""
    splits = {}
    for name, split in labelled.splits.items():
        rows = [row for row in range(len(split.articles)) if row % every]
        chosen = rows_of(split, rows)
        splits[name] = replace(
            chosen,
            scores=chosen.scores[:, SECOND_DIMENSIONS],
            second_opinions=chosen.second_opinions[:, SECOND_DIMENSIONS],
            further_opinions=chosen.further_opinions[:, SECOND_DIMENSIONS],
        )
    return LabelledData(splits, "0" * 64)


def rows_of(split: Split, rows: Sequence[int]) -> Split:
    """Return some of a split's articles."""
    return Split(
        [split.articles[row] for row in rows],
        split.scores[rows],
        split.second_opinions[rows],
        split.further_opinions[rows],
        [split.backgrounds[row] for row in rows],
    )


def disjoint_tasks(config: FilterConfig, labelled: LabelledData) -> TrainingData:
    """Return two filters' labels that share no article: those of the second are every other one."""
    halves = [
        LabelledData(
            {name: rows_of(split, range(first, len(split.articles), 2)) for name, split in labelled.splits.items()},
            str(first) * 64,
        )
        for first in (0, 1)
    ]
    return TrainingData.join([(config, halves[0]), (second_filter(config), second_labels(halves[1], every=99))])


def one_task(config: FilterConfig, labelled: LabelledData) -> TrainingData:
    """Return what the garden's student learns from."""
    return TrainingData.join([(config, labelled)])


def two_tasks(config: FilterConfig, labelled: LabelledData) -> TrainingData:
    """Return what an encoder for both filters learns from."""
    return TrainingData.join([(config, labelled), (second_filter(config), second_labels(labelled))])


def reading_for(config: FilterConfig) -> EncoderSpec:
    """Return how the garden's student reads."""
    return resolve_encoder_spec(config, Path())


def student_trainer(config: FilterConfig, data: TrainingData, recipe: TrainingRecipe, run: Path) -> Trainer:
    """Return a trainer of the garden's student, in a new folder or one to resume."""
    run.mkdir(exist_ok=True)
    return Trainer(reading_for(config), data, recipe, run, save_student)


def fit(trainer: Trainer) -> Epoch:
    """Train without watching."""
    return trainer.fit(lambda *_: None, lambda _: None)


def without_time(history: Sequence[Epoch]) -> list[dict[str, Any]]:
    """Return what two runs must share."""
    return [{name: value for name, value in asdict(epoch).items() if name != "seconds"} for epoch in history]
