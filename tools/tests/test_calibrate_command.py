"""``distillery calibrate``: from a trained filter to one with maps and intervals, and nothing else changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from invented import DIMENSIONS, Data, contents, make_data, strict_json

import distillery
from distillery import FilterBaseScorer, FilterConfig
from distillery.golden import golden_faults
from distillery.toolkit import AVERAGE, CALIBRATION_FILE, EVALUATION_FILE, sha256_of
from distillery_tools.cli.calibrate import calibrate_command

NAMES = [*DIMENSIONS, AVERAGE]


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled articles of which a hundred are to validate and as many to test, not to be changed."""
    return make_many(tmp_path_factory.mktemp("many")).folder


def make_many(folder: Path) -> Data:
    """Write articles whose scores lie from 5 to 10: the student learnt another scale, so a map helps."""
    data = make_data(folder, 500, seed=7)
    for label in data.labels:
        label["scores"] = {name: 5 + score / 2 for name, score in label["scores"].items()}
    data.write()
    return data


def calibrate(*arguments: object) -> Result:
    """Run the command on a wide terminal."""
    runner = CliRunner(env={"COLUMNS": "250"})
    return runner.invoke(calibrate_command, [str(argument) for argument in arguments], catch_exceptions=False)


def report_of(done: Result) -> dict[str, Any]:
    """Return the JSON that a command printed."""
    assert done.exit_code == 0, done.output
    report: dict[str, Any] = strict_json(done.stdout)
    return report


def test_the_filter_is_calibrated(trained_copy: Path, many: Path) -> None:
    """Its maps are in use, and every score states its intervals."""
    (trained_copy / EVALUATION_FILE).write_text("{}", encoding="utf-8")

    report = report_of(calibrate(trained_copy, "--data", many, "--format", "json"))

    config = FilterConfig.load(trained_copy)
    path = trained_copy / "compact" / CALIBRATION_FILE
    assert config.student().calibration == f"compact/{CALIBRATION_FILE}"
    assert strict_json(path.read_text(encoding="utf-8")) == report["calibration"]
    assert report["calibration"]["dimensions"]
    scorer = distillery.load_filter(trained_copy, backend="torch")
    assert golden_faults(scorer, tolerance=1e-3) == []
    score = scorer.score_article({"title": "Trees", "content": "Trees and flowers near the school, measured together."})
    assert list(score.intervals or {}) == NAMES
    assert score.provenance.calibration == sha256_of(path)[:12]
    assert not (trained_copy / EVALUATION_FILE).exists(), "it told of the scores before"


def test_the_test_articles_show_the_effect(trained_copy: Path, many: Path) -> None:
    """Error and ranks before and after, coverage and width."""
    report = report_of(calibrate(trained_copy, "--data", many, "--format", "json", "--dry-run"))

    assert (report["filter"], report["version"], report["student"]) == ("garden", "1.2.0", "compact")
    assert report["test"]["n"] == 100
    assert list(report["test"]["effects"]) == NAMES
    for effect in report["test"]["effects"].values():
        assert 0.75 <= effect["coverage"] <= 1
        assert 0 < effect["width"] < 10
        assert set(effect["before"]) == set(effect["after"]) == {"mae", "spearman"}


def test_the_test_articles_choose_nothing(trained_copy: Path, many: Path, tmp_path: Path) -> None:
    """With other labels for them the calibration is the same."""
    other = make_many(tmp_path / "other")
    for label in other.labels:
        if label["split"] == "test":
            label["scores"] = dict.fromkeys(DIMENSIONS, 6)
    other.write()

    first, second = (
        report_of(calibrate(trained_copy, "--data", folder, "--format", "json", "--dry-run"))
        for folder in (many, other.folder)
    )

    assert first["calibration"] == second["calibration"]
    assert first["test"] != second["test"]


def test_a_dry_run_leaves_the_folder_as_it_is(trained_copy: Path, many: Path) -> None:
    """To the byte."""
    before = contents(trained_copy)

    assert calibrate(trained_copy, "--data", many, "--dry-run").exit_code == 0

    assert contents(trained_copy) == before


def test_calibrating_again_gives_the_same_files(trained_copy: Path, many: Path) -> None:
    """The former calibration has no part in it, not even one of other weights."""
    assert calibrate(trained_copy, "--data", many).exit_code == 0
    before = contents(trained_copy)
    path = trained_copy / "compact" / CALIBRATION_FILE
    path.write_text('{"weights_sha256": "0", "dimensions": {}}', encoding="utf-8")

    assert calibrate(trained_copy, "--data", many).exit_code == 0

    assert contents(trained_copy) == before


def test_the_level_may_be_another(trained_copy: Path, many: Path) -> None:
    """Intervals that are to hold less are narrower."""
    narrow, wide = (
        report_of(calibrate(trained_copy, "--data", many, "--format", "json", "--dry-run", "--level", level))
        for level in (0.6, 0.9)
    )

    assert narrow["calibration"]["intervals"]["level"] == 0.6
    for name in NAMES:
        assert narrow["test"]["effects"][name]["width"] < wide["test"]["effects"][name]["width"]


@pytest.mark.parametrize("level", ["0", "1", "90"])
def test_a_level_is_a_share(trained_copy: Path, many: Path, level: str) -> None:
    """Between none and all."""
    done = calibrate(trained_copy, "--data", many, "--level", level)

    assert done.exit_code == 2
    assert "--level" in done.output


def test_the_tables_name_candidates_choices_and_effects(trained_copy: Path, many: Path) -> None:
    """For people: one line for each dimension, and the average at the end."""
    said = calibrate(trained_copy, "--data", many, "--dry-run").output

    for expected in ("monotone_cubic", "isotonic", "affine", "chosen", "coverage", "mean width", *NAMES):
        assert expected in said
    assert "on 100 articles of 'val'" in said
    assert "on 100 articles of 'test'" in said
    assert "intervals of 0.9 from 100 articles" in said


def test_too_few_articles_for_the_level_give_no_intervals(trained_copy: Path, many: Path) -> None:
    """A level of 0.95 needs 122 articles; the command says so, and the filter scores without intervals."""
    done = calibrate(trained_copy, "--data", many, "--level", "0.95")

    assert done.exit_code == 0
    assert "no intervals: 100 articles are too few, a level of 0.95 needs 122." in done.output
    scorer = FilterBaseScorer.from_folder(trained_copy, backend="torch")
    assert scorer.score_article({"title": "Trees", "content": "Trees and flowers near the school."}).intervals is None
