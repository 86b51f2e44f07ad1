"""Evaluator: every figure for every model, averages as a user would get them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from invented import DIMENSIONS, NAME, Trained, strict_json
from numpy.typing import NDArray

from distillery import FilterBaseScorer, FilterConfig
from distillery.prefilter import Prefilter
from distillery_tools.data.labelled import LabelledData
from distillery_tools.evaluation.evaluator import MEDIAN, RIDGE, Evaluator, figure_of
from distillery_tools.evaluation.metrics import Figure, bootstrap, mean_absolute_error, spearman

STUDENT = "student compact"
HEADLINE = {"weighted_average_mae", "spearman", "recall", "precision", "precision_among_top"}
WEIGHTS, GATE, CAP, THRESHOLD = (0.5, 0.3, 0.2), 1.5, 3.0, 4.0

Report = dict[str, Any]


@pytest.fixture(scope="module")
def scorer(trained: Trained) -> FilterBaseScorer:
    """The trained filter."""
    return FilterBaseScorer.from_folder(trained.folder, backend="torch")


@pytest.fixture(scope="module")
def read_data(scorer: FilterBaseScorer, data_folder: Path) -> LabelledData:
    """The sixty articles."""
    return LabelledData.load(data_folder / "articles.jsonl", data_folder / "labels" / f"{NAME}.jsonl", scorer.config)


@pytest.fixture(scope="module")
def report(scorer: FilterBaseScorer, read_data: LabelledData) -> Report:
    """The report on the test split."""
    return Evaluator(scorer, read_data, "test").report()


def averages(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weighted averages under the gatekeeper, computed here by hand."""
    clamped = scores.clip(0, 10)
    plain = clamped @ np.array(WEIGHTS)
    capped: NDArray[np.float64] = np.where(clamped[:, 2] < GATE, np.minimum(plain, CAP), plain)
    return capped.round(9)


def test_every_model_has_every_figure(report: Report) -> None:
    """Of each dimension too, in the order of the config."""
    assert list(report["models"]) == [STUDENT, RIDGE, MEDIAN]
    for figures in report["models"].values():
        assert set(figures) == HEADLINE | {"dimension_mae"}
        assert list(figures["dimension_mae"]) == list(DIMENSIONS)
        for figure in [*(figures[name] for name in HEADLINE), *figures["dimension_mae"].values()]:
            assert set(figure) == {"value", "low", "high"}
            assert figure["value"] is None or figure["low"] <= figure["high"]


def test_it_is_json_without_nan(report: Report) -> None:
    """The median baseline ranks nothing, which is null."""
    assert strict_json(json.dumps(report, allow_nan=False)) == report
    assert report["models"][MEDIAN]["spearman"] == {"value": None, "low": None, "high": None}


def test_it_says_what_was_measured_on_what(
    report: Report, scorer: FilterBaseScorer, read_data: LabelledData, trained: Trained
) -> None:
    """Filter, weights, calibration, data."""
    assert (report["filter"], report["version"], report["split"]) == (NAME, "1.2.0", "test")
    assert report["n_articles"] == len(read_data.splits["test"].articles) == 12
    assert report["data_sha256"] == read_data.sha256
    assert report["provenance"] == asdict(scorer.provenance)
    assert report["provenance"]["weights_sha256"] == FilterConfig.load(trained.folder).student().weights_sha256


def test_the_threshold_is_the_lowest_tier_above_the_floor(report: Report, read_data: LabelledData) -> None:
    """Labels go through the gatekeeper before they are counted."""
    scores = read_data.splits["test"].scores
    plain = scores @ np.array(WEIGHTS)
    assert report["threshold"] == THRESHOLD
    assert report["n_at_threshold"] == int((averages(scores) >= THRESHOLD).sum())
    assert report["n_at_threshold"] < int((plain >= THRESHOLD).sum()), "the gatekeeper must matter here"


def test_figures_of_the_median_are_those_by_hand(report: Report, read_data: LabelledData) -> None:
    """Prediction and label both pass the postfilter."""
    train, test = read_data.splits["train"].scores, read_data.splits["test"].scores
    predicted = np.tile(np.median(train, axis=0), (len(test), 1))
    figures = report["models"][MEDIAN]
    wanted = bootstrap(mean_absolute_error, averages(predicted), averages(test))
    assert figures["weighted_average_mae"] == pytest.approx(asdict(wanted))
    for column, name in enumerate(DIMENSIONS):
        wanted = bootstrap(mean_absolute_error, predicted[:, column], test[:, column])
        assert figures["dimension_mae"][name] == pytest.approx(asdict(wanted))


def test_figures_of_the_student_are_those_by_hand(
    report: Report, scorer: FilterBaseScorer, read_data: LabelledData
) -> None:
    """Calibrated as in use, without the prefilter."""
    test = read_data.splits["test"]
    scores = [scorer.score_article(article, skip_prefilter=True) for article in test.articles]
    given = np.array([score.weighted_average for score in scores])
    clamped = np.array([list((score.scores or {}).values()) for score in scores])
    figures = report["models"][STUDENT]
    for name, metric in (("weighted_average_mae", mean_absolute_error), ("spearman", spearman)):
        wanted = asdict(bootstrap(metric, given, averages(test.scores)))
        assert figures[name] == pytest.approx(wanted, abs=1e-4)
    recall = (given >= THRESHOLD)[averages(test.scores) >= THRESHOLD].mean()
    assert figures["recall"]["value"] == pytest.approx(recall)
    for column, name in enumerate(DIMENSIONS):
        wanted = asdict(bootstrap(mean_absolute_error, clamped[:, column], test.scores[:, column]))
        assert figures["dimension_mae"][name] == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("offset", [-20.0, 20.0])
def test_predictions_beyond_the_scale_count_as_its_ends(
    scorer: FilterBaseScorer, read_data: LabelledData, offset: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ridge regression may predict anything, a user would see 0 or 10."""
    from distillery_tools.evaluation import evaluator

    test = read_data.splits["test"].scores
    monkeypatch.setattr(evaluator, "predict_ridge", lambda *_: test + offset)

    figures = Evaluator(scorer, read_data, "test").report()["models"][RIDGE]

    end = 0.0 if offset < 0 else 10.0
    assert figures["dimension_mae"]["green"]["value"] == pytest.approx(np.abs(test[:, 0] - end).mean())
    at_end = averages(np.full_like(test, end))
    assert figures["weighted_average_mae"]["value"] == pytest.approx(np.abs(averages(test) - at_end).mean())


def test_the_prefilter_is_measured_beside_the_student(
    report: Report, scorer: FilterBaseScorer, read_data: LabelledData
) -> None:
    """What it lets pass, and what it blocks of the articles that matter."""
    test, rules = read_data.splits["test"], Prefilter(scorer.config.prefilter)
    passed = np.array([rules.check(article).passed for article in test.articles])
    positive = averages(test.scores) >= THRESHOLD
    assert 0 < passed.sum() < len(passed)
    assert report["prefilter"] == {
        "passed": passed.mean(),
        "blocked_at_threshold": int((positive & ~passed).sum()),
        "n_at_threshold": int(positive.sum()),
    }


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_any_split_can_be_measured(scorer: FilterBaseScorer, read_data: LabelledData, split: str) -> None:
    """The baselines are always fitted on train."""
    report = Evaluator(scorer, read_data, split).report()
    assert report["split"] == split
    assert report["n_articles"] == len(read_data.splits[split].articles)


def test_the_report_can_be_repeated(report: Report, scorer: FilterBaseScorer, read_data: LabelledData) -> None:
    """Number for number."""
    assert Evaluator(scorer, read_data, "test").report() == report


def test_a_filter_of_one_tier_counts_every_article(trained_copy: Path, read_data: LabelledData) -> None:
    """Its threshold is the floor."""
    path = trained_copy / "config.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "name: high" not in line and "name: medium" not in line))
    scorer = FilterBaseScorer.from_folder(trained_copy, backend="torch")
    report = Evaluator(scorer, read_data, "test").report()
    assert (report["threshold"], report["n_at_threshold"]) == (0.0, 12)


@pytest.mark.parametrize("figure", [Figure(0.5, 0.25, 0.75), Figure(None, None, None)])
def test_figures_come_back_from_json(figure: Figure) -> None:
    """As they were."""
    assert figure_of(json.loads(json.dumps(asdict(figure)))) == figure
