"""``distillery list``: what is installed, from metadata alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import JSON, OK, run
from installed_filter import Package

from distillery.names import EXPERIMENTAL

Install = Callable[..., None]


def test_list_of_nothing(install: Install) -> None:
    result = run("list")

    assert (result.exit_code, result.stdout) == (OK, "")
    assert "No filters are installed." in result.stderr
    assert json.loads(run("list", *JSON).stdout) == []
    assert run("list", "--requirements").stdout == ""


def test_list_of_filters(install: Install, bert_filter: Path, other_filter: Path) -> None:
    install(bert_filter)
    install(other_filter, "other-filter", requires_core="<10,>=9.0")

    result = run("list")

    assert result.exit_code == OK
    assert all(text in result.stdout for text in ("tiny-filter", "other-filter", "1.2.3", "Shared water.", "ok"))
    assert "cannot load" in result.stdout
    assert "warning: other-filter 1.2.3 needs distillery-core >=9.0,<10" in result.stderr


def test_list_as_json(install: Install, bert_filter: Path) -> None:
    install(bert_filter)

    assert json.loads(run("list", *JSON).stdout) == [
        {
            "name": "tiny-filter",
            "version": "1.2.3",
            "distribution": "distillery-filter-tiny-filter",
            "summary": "Shared water.",
            "requires_core": "<2,>=1.0",
            "experimental": False,
            "fault": None,
        }
    ]


def test_list_marks_what_is_experimental(package: Package) -> None:
    package.change_metadata("Version: 1.2.3\n", f"Version: 1.2.3\nClassifier: {EXPERIMENTAL}\n")

    assert re.search(r"tiny-filter +1\.2\.3 +experimental +Shared water", run("list").stdout)
    marked = [entry["name"] for entry in json.loads(run("list", *JSON).stdout) if entry["experimental"]]
    assert "tiny-filter" in marked
    assert "uplifting" not in marked


def test_list_as_requirements(install: Install, bert_filter: Path, other_filter: Path) -> None:
    install(bert_filter)
    install(other_filter, "other-filter")

    result = run("list", "--requirements")

    assert result.stdout == "distillery-filter-tiny-filter==1.2.3\ndistillery-filter-other-filter==1.2.3\n"


def test_list_heeds_the_allow_list(install: Install, bert_filter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(bert_filter)
    install(bert_filter, "other-filter")
    monkeypatch.setenv("DISTILLERY_FILTERS", "Other_Filter")

    assert [entry["name"] for entry in json.loads(run("list", *JSON).stdout)] == ["other-filter"]
