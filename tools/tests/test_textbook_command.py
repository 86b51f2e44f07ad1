"""``distillery textbook``: what a filter's textbook cases show, and the known failures written into their file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from invented import Trained, run_cli, strict_json

from distillery import load_filter
from distillery.toolkit import Textbook, failures, run_checks
from distillery_tools.evaluation.textbook import textbook_figures, textbook_tables

USAGE = 2

CASE: dict[str, Any] = {
    "id": "garden",
    "title": "A garden",
    "content": "A green garden.",
    "anchors": [9, 9, 9],
    "at_least": {"weighted_average": 10},
    "at_most": {"weighted_average": 10},
    "changes": [{"what": "no green", "replace": {"green ": ""}, "moves": {"weighted_average": -9}}],
}


@pytest.fixture
def package(trained: Trained, tmp_path: Path) -> Path:
    """The source of a filter package with one textbook case that no student can pass."""
    shutil.copytree(trained.folder, tmp_path / "src" / "garden")
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "tests").mkdir()
    least = {"functionality": 0, "invariance": 0, "direction": 0}
    text = "# Invented.\n" + yaml.safe_dump({"least_shares": least, "cases": [CASE]}, sort_keys=False)
    (tmp_path / "tests" / "textbook.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_json_has_the_shares_and_the_failures(package: Path) -> None:
    done = run_cli("textbook", package / "src" / "garden", "--format", "json")
    assert done.exit_code == 0, done.output
    found = strict_json(done.stdout)
    assert found == textbook_figures(load_filter(package / "src" / "garden"))
    assert found["kinds"]["functionality"] == {"n": 2, "passed": 1}
    assert list(found["failures"]) == [
        "garden scores at least 10 on weighted_average",
        "garden, no green, moves weighted_average by -9 or more",
    ]


def test_the_table_names_what_fails(package: Path) -> None:
    printed = run_cli("textbook", package / "src" / "garden").stdout
    assert "1 (50%)" in printed
    assert "garden scores at least 10 on weighted_average" in printed


def test_renewing_writes_known_failures_and_nothing_else(package: Path) -> None:
    path = package / "tests" / "textbook.yaml"
    before = path.read_text(encoding="utf-8")
    for _ in range(2):
        assert run_cli("textbook", package / "src" / "garden", "--renew").exit_code == 0
    assert path.read_text(encoding="utf-8").startswith(before)
    textbook = Textbook.load(path)
    assert textbook.known_failures == failures(run_checks(load_filter(package / "src" / "garden"), textbook))


def test_a_filter_without_cases_says_where_they_belong(trained: Trained) -> None:
    done = run_cli("textbook", trained.folder)
    assert done.exit_code == USAGE
    assert "tests/textbook.yaml" in done.output


def test_an_evaluation_without_cases_has_no_table(trained: Trained) -> None:
    assert textbook_tables(textbook_figures(load_filter(trained.folder))) == []
