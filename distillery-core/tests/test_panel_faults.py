"""FilterPanel and filters that do not load: they cost only themselves, or are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import json_records, score
from panel_filters import write_panel_filters

import distillery
from distillery.errors import (
    DistilleryError,
    DuplicateFilterError,
    FilterNotFoundError,
    StudentNotFoundError,
    WeightsError,
)
from distillery.scoring.panel import FilterPanel

Articles = list[dict[str, Any]]
Install = Callable[..., None]


@pytest.fixture(scope="module")
def folders(
    bert_base: Path, write_adapter: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """Three filters on one encoder, whose rules differ, and one with its own adapter on the same base."""
    return write_panel_filters(tmp_path_factory.mktemp("panel"), bert_base, write_adapter)


@pytest.fixture(scope="module")
def panel(folders: list[Path]) -> FilterPanel:
    return distillery.load_filters(folders, backend="torch")


def test_a_filter_that_does_not_load_costs_only_itself(
    folders: list[Path], broken_filter: Path, articles: Articles
) -> None:
    panel = distillery.load_filters([broken_filter, folders[0], "nobody-has-this"], backend="torch", strict=False)

    results = panel.score(articles[:3])

    assert [type(fault) for fault in panel.faults.values()] == [WeightsError, FilterNotFoundError]
    assert list(panel.faults) == ["tiny-filter", "nobody-has-this"]
    for result in results:
        assert list(result) == panel.names == ["one", "tiny-filter", "nobody-has-this"]
        assert result["one"].tier
        error = str(result["tiny-filter"].error)
        assert error.startswith("the filter could not be loaded: tiny-filter 1.2.3: adapter_model.safetensors has")
        assert result["nobody-has-this"].to_dict()["provenance"]["filter"] == "nobody-has-this"


def test_a_filter_without_the_student_asked_for_costs_only_itself(folders: list[Path]) -> None:
    with pytest.raises(StudentNotFoundError, match=r"None of the filters could be loaded.\none: "):
        distillery.load_filters(folders[:2], student="gemma", backend="torch", strict=False)


def test_a_named_filter_that_does_not_load_raises(folders: list[Path]) -> None:
    with pytest.raises(FilterNotFoundError, match="No filter 'nobody-has-this' is installed"):
        distillery.load_filters([folders[0], "nobody-has-this"], backend="torch")


def test_an_installed_filter_that_does_not_load_costs_only_itself_where_none_is_named(
    install: Install, folders: list[Path], broken_filter: Path
) -> None:
    install(folders[0], "one")
    install(broken_filter, "tiny-filter")

    panel = distillery.load_filters(backend="torch")

    assert (list(panel.faults), len(panel)) == (["tiny-filter"], 1)


def test_the_fault_of_a_filter_alone_is_raised(broken_filter: Path) -> None:
    with pytest.raises(WeightsError, match=r"^tiny-filter 1.2.3: adapter_model.safetensors has sha256"):
        distillery.load_filters([broken_filter], backend="torch")


def test_nothing_installed_is_an_error_with_the_remedy(install: Install) -> None:
    with pytest.raises(FilterNotFoundError, match='pip install "distillery-filter-uplifting"'):
        distillery.load_filters()


def test_an_empty_list_of_names_is_not_the_default(install: Install, bert_filter: Path) -> None:
    install(bert_filter)

    with pytest.raises(FilterNotFoundError, match="There is no filter to load"):
        distillery.load_filters([])


def test_an_unknown_mode_is_an_error_not_a_fault(folders: list[Path]) -> None:
    with pytest.raises(DistilleryError, match=r"^There is no mode 'wrong'. There are: full, hybrid$"):
        distillery.load_filters(folders[:2], mode="wrong")


@pytest.mark.parametrize("names", ["uplifting", Path("uplifting")])
def test_one_name_is_no_list_of_names(names: Any) -> None:
    with pytest.raises(DistilleryError, match="one alone goes to load_filter"):
        distillery.load_filters(names)


def test_two_filters_of_one_name_are_refused(bert_filter: Path, gemma_filter: Path) -> None:
    with pytest.raises(DuplicateFilterError, match="more than one of the filters is named tiny-filter"):
        distillery.load_filters([bert_filter, gemma_filter], backend="torch")


def test_the_command_writes_what_the_panel_says(panel: FilterPanel, folders: list[Path], articles_file: Path) -> None:
    filters = [argument for folder in folders for argument in ("--filter", folder)]

    result = score(articles_file, *filters)

    articles = json_records(articles_file.read_text())
    expected = [{name: score.to_dict() for name, score in scores.items()} for scores in panel.score(articles)]
    assert [record["results"] for record in json_records(result.stdout)] == expected
