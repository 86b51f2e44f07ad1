"""``distillery compare`` with labels: errors of both versions, and tiers that were right before and are wrong now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from compare_cases import USAGE, Scores, compare, moved, report_of, write_articles
from invented import DIMENSIONS, NAME, Trained

from distillery import FilterConfig
from distillery_tools.comparison.against_labels import AgainstLabels
from distillery_tools.comparison.articles import ComparedArticles
from distillery_tools.comparison.labels import OracleScores
from distillery_tools.comparison.pairs import Pairs
from distillery_tools.comparison.report import comparison_report
from distillery_tools.comparison.scored_file import ScoredFile


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """The oracle agrees with version 1.2.0; a5 is a training article."""
    path = tmp_path / "labels.jsonl"
    splits = dict.fromkeys(range(6), "test") | {5: "train"}
    lines = [
        {"id": f"a{n}", "split": splits[n], "scores": dict.fromkeys(DIMENSIONS, n), "second_opinion": None}
        for n in range(6)
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def joined(old: Path, new: Path, articles: Path, labels: Path, config: FilterConfig) -> tuple[Pairs, AgainstLabels]:
    """Return two files of scores, and the labels beside them."""
    read = ComparedArticles.read(articles)
    pairs = Pairs(ScoredFile.read(old).side(NAME, read), ScoredFile.read(new).side(NAME, read), read)
    return pairs, AgainstLabels(pairs, OracleScores.read(labels, read, DIMENSIONS), config)


def against(old: Path, new: Path, articles: Path, labels: Path, config: FilterConfig) -> dict[str, Any]:
    """Return what two files of scores are against labels."""
    return joined(old, new, articles, labels, config)[1].report()


def test_negative_and_positive_flips(old: Path, few: Path, labels: Path, config: FilterConfig, tmp_path: Path) -> None:
    scores = Scores("1.3.0")
    scores.move(2, 4.0)  # low in truth
    scores.lose(4, passed_prefilter=False, prefilter_reason="advert")  # medium in truth

    new = scores.write(tmp_path / "new.jsonl")
    found = against(old, new, few, labels, config)

    assert found["n_articles"] == 5
    assert found["n_training_articles_left_out"] == 1
    negative = {"id": "a2", "old": "low", "new": "medium", "oracle": "low"}
    assert found["negative_flips"]["articles"] == [
        negative,
        {"id": "a4", "old": "medium", "new": "low", "oracle": "medium"},
    ]
    share = found["negative_flips"]["share"]
    assert share["value"] == pytest.approx(0.4)
    assert 0 <= share["low"] <= 0.4 <= share["high"] <= 1
    back = against(new, old, few, labels, config)
    assert [one["id"] for one in back["positive_flips"]["articles"]] == ["a2", "a4"]
    assert back["negative_flips"]["articles"] == []


def test_errors_of_both(old: Path, few: Path, labels: Path, config: FilterConfig, tmp_path: Path) -> None:
    scores = Scores("1.3.0")
    scores.move(4, 5.0)

    found = against(old, scores.write(tmp_path / "new.jsonl"), few, labels, config)["errors"]

    # The gatekeeper caps both, the oracle's averages of 0 and 1 as well, where `tested` is below 1.5.
    assert found["green"]["old"]["value"] == 0
    assert found["green"]["new"]["value"] == found["green"]["difference"]["value"] == pytest.approx(1 / 5)
    assert found["weighted_average"]["difference"]["value"] == pytest.approx(1 / 5)


@pytest.mark.parametrize(("n", "oracle", "required"), [(60, 1, "minor"), (60, 0, "major"), (6, 1, "major")])
def test_labels_tell_a_repair_from_another_scale(
    config: FilterConfig, tmp_path: Path, n: int, oracle: int, required: str
) -> None:
    """Every score rises by 1: towards the labels of enough articles, away from them, towards those of a few."""
    old, new = Scores(n=n), Scores("1.3.0", n)
    for number in range(n):
        new.move(number, number % 6 + 1.0)
    lines = [{"id": f"a{k}", "split": "test", "scores": dict.fromkeys(DIMENSIONS, k % 6 + oracle)} for k in range(n)]
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    files = old.write(tmp_path / "old.jsonl"), new.write(tmp_path / "new.jsonl")

    pairs, labelled = joined(*files, write_articles(tmp_path / "articles.jsonl", n), labels, config)

    assert comparison_report(pairs, labelled, 0)["verdict"]["required"] == required


def test_real_students_on_a_split(trained: Trained, data_folder: Path, tmp_path: Path) -> None:
    new = moved(trained, tmp_path, 0.05, version="1.3.0")

    report = report_of(trained.folder, new, data_folder / "articles.jsonl", "--data", data_folder, "--split", "test")

    assert report["n_articles"] == report["labels"]["n_articles"] == 12
    assert set(report["labels"]["errors"]) == {*DIMENSIONS, "weighted_average"}


def test_labels_of_scores_need_the_filter(old: Path, few: Path, labels: Path) -> None:
    done = compare(old, old, few, "--labels", labels)

    assert done.exit_code == USAGE
    assert "the weights and tiers of garden are needed" in done.stderr


def test_faulty_labels_are_refused(trained: Trained, few: Path, labels: Path) -> None:
    labels.write_text(labels.read_text().replace('"green": 3', '"green": 33'))

    done = compare(trained.folder, trained.folder, few, "--labels", labels)

    assert done.exit_code == USAGE
    assert "a3: scores: not a number from 0 to 10" in done.stderr


def test_training_articles_alone_measure_nothing(trained: Trained, few: Path, labels: Path) -> None:
    labels.write_text(labels.read_text().replace('"test"', '"train"'))

    done = compare(trained.folder, trained.folder, few, "--labels", labels)

    assert done.exit_code == USAGE
    assert "training articles left out" in done.stderr


def test_a_split_needs_labels(old: Path, few: Path) -> None:
    done = compare(old, old, few, "--split", "test")

    assert done.exit_code == USAGE
    assert "--data FOLDER" in done.stderr
