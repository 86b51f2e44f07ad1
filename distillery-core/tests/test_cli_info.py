"""``distillery info``: what a filter measures, and how well."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import FAILED, JSON, OK, USAGE, run

CopyOf = Callable[[Path], Path]
Install = Callable[..., None]


def test_info_for_people(bert_filter: Path) -> None:
    result = run("info", bert_filter)

    assert (result.exit_code, result.stderr) == (OK, "")
    assert result.stdout.startswith("tiny-filter 1.2.3: Shared water and a village clinic, verified.\n")
    told = ("reach", "0.50", "How many people.", "high", "7.00", "compact (default)", "acme/tiny", "16+8")
    assert [text for text in told if text not in result.stdout] == []
    assert "While proof is below 3, the average is at most 3: Nothing is verified." in result.stdout
    assert "This filter carries no evaluation." in result.stdout


def test_info_as_json(bert_filter: Path) -> None:
    data = json.loads(run("info", bert_filter, *JSON).stdout)

    assert list(data) == ["config", "evaluation", "folder"]
    assert data["config"]["name"] == "tiny-filter"
    assert [dimension["weight"] for dimension in data["config"]["dimensions"]] == [0.5, 0.3, 0.2]
    assert (data["evaluation"], data["folder"]) == (None, str(bert_filter))


def test_info_by_name_and_by_project_folder(
    tmp_path: Path, install: Install, bert_filter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project" / "src" / "distillery_filter_tiny_filter"
    shutil.copytree(bert_filter, project)
    install(bert_filter)
    monkeypatch.chdir(tmp_path / "project")

    folders = [
        json.loads(run("info", name, *JSON).stdout)["folder"]
        for name in ("Tiny_Filter", str(tmp_path / "project"), ".")
    ]

    assert folders[:2] == [str(bert_filter), str(project)]
    assert Path(folders[2]).resolve() == project


def test_info_shows_the_evaluation(bert_filter: Path, copy_of: CopyOf) -> None:
    folder = copy_of(bert_filter)
    figure = {"value": 0.5, "low": 0.4, "high": 0.6}
    unknown = {"value": None, "low": None, "high": None}
    models = {"compact": {"weighted_average_mae": figure, "spearman": unknown}}
    (folder / "evaluation.json").write_text(json.dumps({"n_articles": 250, "models": models}))

    result = run("info", folder)

    assert "On 250 held-out articles" in result.stdout
    assert "0.500 (0.400 to 0.600)" in result.stdout
    assert json.loads(run("info", folder, *JSON).stdout)["evaluation"]["n_articles"] == 250


@pytest.mark.parametrize("content", ["{", "{}"], ids=["cut off", "of another shape"])
def test_info_of_a_broken_evaluation_is_a_clear_error(bert_filter: Path, copy_of: CopyOf, content: str) -> None:
    folder = copy_of(bert_filter)
    (folder / "evaluation.json").write_text(content)

    result = run("info", folder)

    assert result.exit_code == FAILED
    assert "evaluation.json" in result.stderr


@pytest.mark.parametrize(
    ("name", "message"), [("nope", "No filter 'nope' is installed."), ("./nope", "No filter stands at nope")]
)
def test_info_of_no_filter(install: Install, name: str, message: str) -> None:
    result = run("info", name)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert result.stderr.startswith(f"error: {message}")


def test_info_of_a_broken_config_names_every_fault(bert_filter: Path, copy_of: CopyOf) -> None:
    folder = copy_of(bert_filter)
    (folder / "config.yaml").write_text("name: tiny\ncolour: blue\n")

    result = run("info", folder)

    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert "config.yaml has " in result.stderr
    assert all(f"  {key}: " in result.stderr for key in ("version", "dimensions", "colour"))
