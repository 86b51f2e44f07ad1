"""Checks of every filter of the repository: its prefilter's phrases, and its oracle's prompt."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from wheels import FILTERS

from distillery import FilterConfig
from distillery.toolkit import Phrase, words_of
from distillery_tools.oracle import Prompt

FOLDERS = [path.parent for project in FILTERS for path in project.glob("src/*/config.yaml")]


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    """The folder of each filter's config.yaml."""
    return request.param


@pytest.fixture
def config(folder: Path) -> FilterConfig:
    """Its config."""
    return FilterConfig.load(folder)


def test_all_thirteen_are_here() -> None:
    assert len(FOLDERS) == len(FILTERS) >= 13


def test_no_phrase_lies_inside_another_of_its_category(config: FilterConfig) -> None:
    for category in config.prefilter.categories:
        inside = [
            (inner, outer)
            for inner in category.block
            for outer in category.block
            if inner != outer and Phrase(inner).found_in(words_of(outer.replace("*", "")))
        ]
        assert not inside, category.name
        assert not [phrase for phrase, times in Counter(category.block).items() if times > 1], category.name


def test_the_prompt_ends_with_the_article_and_names_every_dimension(config: FilterConfig, folder: Path) -> None:
    prompt = (folder / config.oracle.prompt).read_text(encoding="utf-8")
    slots = ["{{title}}", "{{source}}", "{{published_date}}", "{{article}}"]

    assert [prompt.count(slot) for slot in slots] == [1] * len(slots)
    assert prompt.rstrip().endswith("{{article}}")
    places = [prompt.index(f'"{name}": {{"score"') for name in config.dimension_names]
    assert places == sorted(places)
    assert places[-1] < min(prompt.index(slot) for slot in slots)


def test_the_prompt_can_be_sent(config: FilterConfig, folder: Path) -> None:
    article = {"title": "A garden", "content": "Neighbours planted {{article}} trees."}

    rendered = Prompt.load(config, folder).render(article)

    assert rendered.text.rstrip().endswith("Published: (not stated)\n\nNeighbours planted {{article}} trees.")
