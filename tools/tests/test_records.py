"""Records: the commit they name, and JSON that any program reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import processes
import pytest

from distillery_tools.records import git_commit, write_json


def git(*arguments: str) -> None:
    """Run git as a user without any settings of their own."""
    settings = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false")
    processes.run("git", *settings, *arguments, check=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one commit, the present folder."""
    monkeypatch.chdir(tmp_path)
    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "one")
    return tmp_path


def test_the_commit_is_whole(repository: Path) -> None:
    """Forty digits: short ones become ambiguous."""
    assert re.fullmatch(r"[0-9a-f]{40}", git_commit() or "")


def test_tags_do_not_replace_it(repository: Path) -> None:
    """A tag can be moved."""
    git("tag", "-a", "v1", "-m", "v1")
    assert re.fullmatch(r"[0-9a-f]{40}", git_commit() or "")


def test_a_changed_tree_is_marked(repository: Path) -> None:
    """Then the commit alone does not say what ran."""
    (repository / "file").write_text("two")
    assert (git_commit() or "").endswith("-dirty")


def test_outside_of_git_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where git is not installed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert git_commit() is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit() is None


def test_json_is_indented_and_ends_its_last_line(tmp_path: Path) -> None:
    """It lies in wheels and repositories, where people read it in a diff."""
    write_json(tmp_path / "data.json", {"a": [1, None]})
    text = (tmp_path / "data.json").read_text(encoding="utf-8")
    assert text == '{\n  "a": [\n    1,\n    null\n  ]\n}\n'
    assert json.loads(text) == {"a": [1, None]}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_json_is_not_written(tmp_path: Path, value: float) -> None:
    """NaN would be read by Python alone; it is a mistake of ours."""
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "data.json", {"a": value})
    assert not (tmp_path / "data.json").exists()
