"""Evaluator: every figure for every model, averages as a user would get them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from invented import DIMENSIONS, NAME, Trained, make_data, strict_json
from numpy.typing import NDArray

from distillery import Article, FilterBaseScorer, FilterConfig, Score, ScoringError
from distillery_tools.data.labelled import LabelledData
from distillery_tools.evaluation import evaluator
from distillery_tools.evaluation.evaluator import KERNEL, MEDIAN, PIPELINE, RIDGE, Evaluator
from distillery_tools.measuring.figures import bootstrap
from distillery_tools.measuring.final_scores import student_results
from distillery_tools.measuring.headline import AGREEMENT, retrieval
from distillery_tools.measuring.metrics import mean_absolute_error, spearman

STUDENT = "student compact"
BASELINES = (KERNEL, RIDGE, MEDIAN)
WEIGHTS, GATE, CAP, THRESHOLD = (0.5, 0.3, 0.2), 1.5, 3.0, 4.0

Report = dict[str, Any]


@pytest.fixture(scope="module")
def scorer(trained: Trained) -> FilterBaseScorer:
    """The trained filter."""
    return FilterBaseScorer.from_folder(trained.folder, backend="torch")


@pytest.fixture(scope="module")
def read_data(scorer: FilterBaseScorer, tmp_path_factory: pytest.TempPathFactory) -> LabelledData:
    """Sixty articles, some in Dutch, and twenty of them read twice: the second time half a point is missing."""
    data = make_data(tmp_path_factory.mktemp("evaluated"), 60)
    for article in data.articles:
        article["language"] = "nl" if article["id"].endswith("4") else "en"
    for label in data.labels[:20]:
        label["second_opinion"] = {name: max(score - 0.5, 0) for name, score in label["scores"].items()}
    data.write()
    return LabelledData.load(data.articles_file, data.labels_file, scorer.config)


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
    assert list(report["models"]) == [STUDENT, PIPELINE, *BASELINES]
    names = {*AGREEMENT, *retrieval(THRESHOLD), "gap_closed"}
    for figures in report["models"].values():
        assert set(figures) == names | {"dimension_mae"}
        assert list(figures["dimension_mae"]) == list(DIMENSIONS)
        for figure in [*(figures[name] for name in names), *figures["dimension_mae"].values()]:
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


def test_positives_start_at_the_medium_tier(report: Report, read_data: LabelledData) -> None:
    """Labels go through the gatekeeper before they are counted."""
    scores = read_data.splits["test"].scores
    plain = scores @ np.array(WEIGHTS)
    assert report["positive_from"] == THRESHOLD
    assert report["n_positives"] == int((averages(scores) >= THRESHOLD).sum())
    assert report["n_positives"] < int((plain >= THRESHOLD).sum()), "the gatekeeper must matter here"


def test_figures_of_the_median_are_those_by_hand(report: Report, read_data: LabelledData) -> None:
    """Prediction and label both pass the postfilter."""
    train, test = read_data.splits["train"].scores, read_data.splits["test"].scores
    predicted = np.tile(np.median(train, axis=0), (len(test), 1))
    figures = report["models"][MEDIAN]
    expected = bootstrap(mean_absolute_error, averages(predicted), averages(test))
    assert figures["weighted_average_mae"] == pytest.approx(asdict(expected))
    for column, name in enumerate(DIMENSIONS):
        expected = bootstrap(mean_absolute_error, predicted[:, column], test[:, column])
        assert figures["dimension_mae"][name] == pytest.approx(asdict(expected))


def test_figures_of_the_student_are_those_by_hand(
    report: Report, scorer: FilterBaseScorer, read_data: LabelledData
) -> None:
    """Calibrated as in use, without the prefilter."""
    test = read_data.splits["test"]
    scores = [scorer.score_article(article, prefilter=False) for article in test.articles]
    given = np.array([score.weighted_average for score in scores])
    clamped = np.array([list((score.scores or {}).values()) for score in scores])
    figures = report["models"][STUDENT]
    for name, metric in (("weighted_average_mae", mean_absolute_error), ("spearman", spearman)):
        expected = asdict(bootstrap(metric, given, averages(test.scores)))
        assert figures[name] == pytest.approx(expected, abs=1e-4)
    recall = (given >= THRESHOLD)[averages(test.scores) >= THRESHOLD].mean()
    assert figures["recall"]["value"] == pytest.approx(recall)
    for column, name in enumerate(DIMENSIONS):
        expected = asdict(bootstrap(mean_absolute_error, clamped[:, column], test.scores[:, column]))
        assert figures["dimension_mae"][name] == pytest.approx(expected, abs=1e-4)


def test_what_the_prefilter_sets_aside_counts_as_0(scorer: FilterBaseScorer, read_data: LabelledData) -> None:
    """In the figures of the pipeline alone."""
    test = read_data.splits["test"]
    first, *others = test.articles
    short = replace(test, articles=[replace(first, content="Trees."), *others])
    data = replace(read_data, splits={**read_data.splits, "test": short})
    evaluator = Evaluator(scorer, data, "test")
    report = evaluator.report()
    assert report["prefilter"]["test"]["passed"] < 1
    given = evaluator.predicted.averages.copy()
    passed = [score.passed_prefilter for score in scorer.score_batch(short.articles)]
    assert not passed[0]
    found = asdict(bootstrap(mean_absolute_error, np.where(passed, given, 0.0), averages(test.scores)))
    assert report["models"][PIPELINE]["weighted_average_mae"] == pytest.approx(found)
    alone = asdict(bootstrap(mean_absolute_error, given, averages(test.scores)))
    assert report["models"][STUDENT]["weighted_average_mae"] == pytest.approx(alone)
    assert report["models"][PIPELINE]["gap_closed"] != report["models"][STUDENT]["gap_closed"]


@pytest.mark.parametrize("offset", [-20.0, 20.0])
def test_predictions_beyond_the_scale_count_as_its_ends(
    scorer: FilterBaseScorer, read_data: LabelledData, offset: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ridge regression may predict anything, a user would see 0 or 10."""
    test = read_data.splits["test"].scores
    monkeypatch.setattr(evaluator, "predict_ridge", lambda *_: test + offset)

    figures = Evaluator(scorer, read_data, "test").report()["models"][RIDGE]

    end = 0.0 if offset < 0 else 10.0
    assert figures["dimension_mae"]["green"]["value"] == pytest.approx(np.abs(test[:, 0] - end).mean())
    at_end = averages(np.full_like(test, end))
    assert figures["weighted_average_mae"]["value"] == pytest.approx(np.abs(averages(test) - at_end).mean())


def test_the_gap_closed_runs_from_the_median_to_the_oracles_noise(report: Report, read_data: LabelledData) -> None:
    """The median has closed nothing; the noise is that of all splits."""
    models, oracle = report["models"], report["oracle"]
    assert models[MEDIAN]["gap_closed"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    start, noise = models[MEDIAN]["weighted_average_mae"]["value"], oracle["weighted_average_mae"]["value"]
    for figures in models.values():
        expected = (start - figures["weighted_average_mae"]["value"]) / (start - noise)
        assert figures["gap_closed"]["value"] == pytest.approx(expected)


def test_the_oracle_is_held_against_itself(report: Report, read_data: LabelledData) -> None:
    """On every article of any split that it read twice, its averages after the gatekeeper."""
    splits = read_data.splits.values()
    first, second = (np.concatenate([getattr(s, name) for s in splits]) for name in ("scores", "second_opinions"))
    twice = np.isfinite(second).all(axis=1)
    assert report["oracle"]["n_articles"] == twice.sum() == 20
    expected = np.abs(averages(first[twice]) - averages(second[twice])).mean()
    assert report["oracle"]["weighted_average_mae"]["value"] == pytest.approx(expected)
    expected = np.abs(first[twice] - second[twice])[:, 0].mean()
    assert report["oracle"]["dimension_mae"]["green"]["value"] == pytest.approx(expected)


def test_without_second_opinions_the_noise_is_unknown(scorer: FilterBaseScorer, read_data: LabelledData) -> None:
    """So is the share closed; everything else is measured."""
    splits = {
        name: replace(split, second_opinions=np.full_like(split.scores, np.nan))
        for name, split in read_data.splits.items()
    }
    report = Evaluator(scorer, LabelledData(splits, read_data.sha256), "test").report()
    assert report["oracle"] is None
    assert report["models"][STUDENT]["gap_closed"]["value"] is None
    assert report["models"][STUDENT]["weighted_average_mae"]["value"] is not None


def test_the_student_is_measured_from_all_sides(report: Report, read_data: LabelledData) -> None:
    """By dimension and for the average, by tier and by language."""
    student, headline = report["student"], report["models"][STUDENT]
    assert list(student["dimensions"]) == [*DIMENSIONS, "weighted_average"]
    assert student["dimensions"]["weighted_average"]["mae"] == headline["weighted_average_mae"]
    assert student["dimensions"]["green"]["mae"] == headline["dimension_mae"]["green"]
    assert list(student["tiers"]["thresholds"]) == ["high", "medium"]
    assert student["tiers"]["thresholds"]["medium"]["recall"] == headline["recall"]
    languages = read_data.splits["test"].languages
    assert student["languages"]["en"]["n"] == languages.count("en")
    assert student["languages"]["not English"]["n"] == languages.count("nl") == 6
    assert student["separation"] is None


def test_an_article_without_a_score_stops_the_evaluation(
    scorer: FilterBaseScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named; a figure over fewer articles would be another figure."""
    failed = Score.make_failed(scorer.provenance, "out of memory")
    monkeypatch.setattr(scorer, "score_batch", lambda articles, **_: [failed for _ in articles])
    with pytest.raises(ScoringError, match=r"garden 1\.2\.0 has no score for 1 of 1 articles, such as lane: out of"):
        student_results(scorer, [Article("Trees", "in the lane", id="lane")])


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_any_split_can_be_measured(scorer: FilterBaseScorer, read_data: LabelledData, split: str) -> None:
    """The baselines are always fitted on train."""
    report = Evaluator(scorer, read_data, split).report()
    assert report["split"] == split
    assert report["n_articles"] == len(read_data.splits[split].articles)


def test_the_report_can_be_repeated(report: Report, scorer: FilterBaseScorer, read_data: LabelledData) -> None:
    """Number for number."""
    assert Evaluator(scorer, read_data, "test").report() == report


def test_a_filter_of_one_tier_has_no_threshold_of_its_own(trained_copy: Path, read_data: LabelledData) -> None:
    """Its positives start at the middle of the scale."""
    path = trained_copy / "config.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "name: high" not in line and "name: medium" not in line))
    scorer = FilterBaseScorer.from_folder(trained_copy, backend="torch")
    report = Evaluator(scorer, read_data, "test").report()
    assert report["positive_from"] == 5.0
    assert report["student"]["tiers"]["thresholds"] == {}
    assert report["student"]["tiers"]["confusion"] == {"low": {"low": 12}}
