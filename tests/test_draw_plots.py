"""scripts/draw_plots.py draws every plot from the records, and those in the repository show today's records."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import script_files
from wheels import ROOT

from distillery_tools.drawing import PLOTS_FOLDER, save_svg
from distillery_tools.evaluation.overview_plot import draw_overview
from distillery_tools.evaluation.quality_plot import QUALITY_PLOT, draw_quality
from distillery_tools.training.plot import LEARNING_CURVES_PLOT, draw_history

SCRIPT = ROOT / "scripts" / "draw_plots.py"
EVALUATIONS = sorted(ROOT.glob("filters/*/src/*/evaluation.json"))
RECORDS = sorted(ROOT.glob("encoders/*/src/*/adapter/training.json"))
FILTER = Path("filters", "garden")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module."""
    return script_files.loaded(SCRIPT)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of a filter and an encoder with the records of real ones; the filter has no probabilities."""
    evaluation = read(EVALUATIONS[0])
    evaluation["student"] |= {
        "confidence": None,
        "precision_recall": [{"threshold": 4.0, "precision": 0.5, "recall": 1.0}],
    }
    write(tmp_path / FILTER / "src" / "distillery_filter_garden" / "evaluation.json", json.dumps(evaluation))
    write(tmp_path / FILTER / "README.md", "<!-- evaluation -->\n<!-- /evaluation -->\n")
    write(tmp_path / "README.md", "<!-- filters -->\n<!-- /filters -->\n")
    record = RECORDS[0].read_text(encoding="utf-8")
    write(tmp_path / "encoders" / "soil" / "src" / "soil" / "adapter" / "training.json", record)
    return tmp_path


def read(path: Path) -> dict[str, Any]:
    """Return a JSON file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def write(path: Path, text: str) -> None:
    """Write a file, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def texts(picture: Path) -> list[str]:
    """Return what is written in a picture, numbers and names."""
    return re.findall(r"<text [^>]*>([^<]*)</text>", picture.read_text(encoding="utf-8"))


def test_it_draws_what_there_are_records_of(script: ModuleType, root: Path) -> None:
    """Card, row, learning curves, overview; a second time, nothing changes."""
    assert script.main(root) == 0
    pictures = {path: path.read_bytes() for path in root.rglob("*.svg")}
    assert {path.relative_to(root) for path in pictures} == {
        FILTER / QUALITY_PLOT,
        Path("encoders", "soil", LEARNING_CURVES_PLOT),
        Path("docs", "explanation", "quality.svg"),
    }
    assert f"]({QUALITY_PLOT})" in (root / FILTER / "README.md").read_text(encoding="utf-8")
    assert "| [" in (root / "README.md").read_text(encoding="utf-8")

    assert script.main(root) == 0
    assert {path: path.read_bytes() for path in root.rglob("*.svg")} == pictures


def test_a_filter_measured_before_there_were_curves_is_named(
    script: ModuleType, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to do; the other pictures are drawn."""
    (path,) = root.glob("filters/*/src/*/evaluation.json")
    evaluation = read(path)
    del evaluation["student"]["precision_recall"]
    path.write_text(json.dumps(evaluation), encoding="utf-8")

    assert script.main(root) == script.NOT_MEASURED

    name = evaluation["filter"]
    assert f"Measure it: distillery evaluate filters/{name} --data DATA --save" in capsys.readouterr().err
    assert not (root / FILTER / PLOTS_FOLDER).exists()
    assert (root / "docs" / "explanation" / "quality.svg").is_file()


@pytest.mark.parametrize("path", EVALUATIONS, ids=lambda path: path.parents[2].name)
def test_a_card_shows_todays_evaluation(path: Path, tmp_path: Path) -> None:
    """The numbers in its picture are those of evaluation.json; if not: python scripts/draw_plots.py."""
    report, picture = read(path), path.parents[2] / QUALITY_PLOT
    expected = draw_quality(report) if "precision_recall" in report["student"] else None
    assert picture.exists() == (expected is not None)
    if expected:
        assert texts(picture) == texts(save_svg(expected, tmp_path / "expected.svg"))


def test_the_overview_shows_todays_evaluations(tmp_path: Path) -> None:
    """Of all filters that are measured; if not: python scripts/draw_plots.py."""
    expected = save_svg(draw_overview([read(path) for path in EVALUATIONS]), tmp_path / "expected.svg")
    assert texts(ROOT / "docs" / "explanation" / "quality.svg") == texts(expected)


def test_readme_and_overview_show_every_filter() -> None:
    """If not: measure those that are missing, then run python scripts/draw_plots.py."""
    names = sorted(path.parent.name for path in ROOT.glob("filters/*/pyproject.toml"))
    rows = re.findall(r"^\| \[([\w-]+)\]\(filters/", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(path.parents[2].name for path in EVALUATIONS) == names


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.parents[3].name)
def test_an_encoders_learning_curves_are_those_of_its_record(path: Path, tmp_path: Path) -> None:
    """If not: python scripts/draw_plots.py."""
    expected = save_svg(draw_history(read(path)["history"]), tmp_path / "expected.svg")
    assert texts(path.parents[3] / LEARNING_CURVES_PLOT) == texts(expected)
