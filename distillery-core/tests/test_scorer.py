"""FilterBaseScorer: from articles to scores, one bad article never harming another."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from scorer_cases import BLOCKED, GOOD, UNREADABLE, CountingBackend

from distillery.config import ADAPTER_FILE
from distillery.errors import (
    CalibrationError,
    ConfigError,
    DistilleryError,
    FilterVersionError,
)
from distillery.scoring.article import Article
from distillery.scoring.score import Score
from distillery.scoring.scorer import FilterBaseScorer
from distillery.students.backends.contract import Backend
from distillery.students.base_models import sha256_of

Articles = list[dict[str, Any]]
Copy = Callable[[Path], Path]
Restate = Callable[..., Path]


@pytest.fixture(params=["bert_scorer", "gemma_scorer"])
def scorer(request: pytest.FixtureRequest) -> FilterBaseScorer:
    found: FilterBaseScorer = request.getfixturevalue(request.param)
    return found


def averages(scores: list[Score]) -> NDArray[np.float64]:
    return np.array([score.weighted_average for score in scores], dtype=np.float64)


def test_every_readable_article_is_scored(scorer: FilterBaseScorer, articles: Articles) -> None:
    scores = scorer.score(articles)

    assert len(scores) == len(articles)
    for score in scores:
        assert (score.passed_prefilter, score.prefilter_reason, score.error) == (True, None, None)
        assert score.scores is not None
        assert score.raw_scores is not None
        assert list(score.scores) == list(score.raw_scores) == ["reach", "proof", "lasting"]
        assert score.scores == {name: min(max(value, 0.0), 10.0) for name, value in score.raw_scores.items()}
        assert score.tier in {"high", "medium", "low"}


def test_batch_equals_one_by_one(scorer: FilterBaseScorer, articles: Articles) -> None:
    together = averages(scorer.score_batch(articles))
    alone = averages([scorer.score_article(article) for article in articles])

    assert np.abs(together - alone).max() < 1e-4
    assert len(set(together.round(3))) > 5, "scores that hardly differ prove nothing"


@pytest.mark.parametrize("seed", range(3))
def test_order_does_not_matter_and_is_kept(scorer: FilterBaseScorer, articles: Articles, seed: int) -> None:
    in_order = averages(scorer.score(articles))
    order = random.Random(seed).sample(range(len(articles)), len(articles))

    shuffled = averages(scorer.score([articles[index] for index in order]))

    assert np.abs(shuffled - in_order[order]).max() < 1e-4


def test_the_same_article_scores_the_same_again(scorer: FilterBaseScorer, articles: Articles) -> None:
    assert scorer.score(articles) == scorer.score(articles)


def test_arithmetic_from_raw_scores_to_tier(with_backend: Callable[[Backend], FilterBaseScorer]) -> None:
    """Twelve tokens: 3, 4 and 5."""
    article = {"title": "village", "content": "clinic river solar bank music farm school report of"}

    score = with_backend(CountingBackend()).score_article(article)

    assert score.raw_scores == {"reach": 3.0, "proof": 4.0, "lasting": 5.0}
    assert score.weighted_average == 3.7
    assert (score.tier, score.tier_description) == ("low", "A promise.")
    assert not score.gatekeeper_applied


def test_nothing_gives_nothing_and_runs_nothing(with_backend: Callable[[Backend], FilterBaseScorer]) -> None:
    backend = CountingBackend()
    scorer = with_backend(backend)

    assert scorer.score([]) == scorer.score_batch(iter(())) == []
    scorer.score([BLOCKED, UNREADABLE])

    assert backend.n_runs == 0


def test_any_iterable_of_any_mappings_is_scored(bert_scorer: FilterBaseScorer) -> None:
    def generated() -> Iterator[Article | MappingProxyType[str, str]]:
        yield MappingProxyType(GOOD)
        yield Article.from_dict(GOOD)

    first, second = bert_scorer.score(generated())

    assert first.scores
    assert first.scores == pytest.approx(second.scores, abs=1e-4)


def test_one_article_gives_one_score(bert_scorer: FilterBaseScorer) -> None:
    for article in (GOOD, MappingProxyType(GOOD), Article.from_dict(GOOD)):
        assert isinstance(bert_scorer.score(article), Score)
        assert isinstance(bert_scorer.score([article]), list)


@pytest.mark.parametrize("articles", ["A village clinic", b"A village clinic"])
def test_text_is_not_an_article(bert_scorer: FilterBaseScorer, articles: Any) -> None:
    with pytest.raises(DistilleryError, match=r"takes an article.* or many of them, not a (str|bytes)"):
        bert_scorer.score(articles)


@pytest.mark.parametrize("article", [GOOD, Article.from_dict(GOOD)])
def test_one_article_is_not_a_batch(bert_scorer: FilterBaseScorer, article: Any) -> None:
    """Its keys would be taken for articles, and give as many errors."""
    with pytest.raises(DistilleryError):
        bert_scorer.score_batch(article)


def test_result_is_plain_json(bert_scorer: FilterBaseScorer) -> None:
    results = [score.to_dict() for score in bert_scorer.score([GOOD, BLOCKED, UNREADABLE])]

    assert len(results) == 3
    assert json.loads(json.dumps(results, allow_nan=False)) == results


def test_provenance_says_what_made_the_score(bert_scorer: FilterBaseScorer, bert_filter: Path) -> None:
    scores = bert_scorer.score([GOOD, BLOCKED, UNREADABLE])

    assert len(scores) == 3
    for score in scores:
        assert score.to_dict()["provenance"] == {
            "filter": "tiny-filter",
            "version": "1.2.3",
            "core_version": version("distillery-core"),
            "student": "compact",
            "weights_sha256": sha256_of(bert_filter / "student" / ADAPTER_FILE),
            "calibration": None,
            "backend": "torch-float32",
            "encoder": None,
            "probe_sha256": None,
            "embedder": None,
            "operating_point": None,
        }


def test_calibration_is_applied_before_the_clamp(
    bert_filter: Path, copy_of: Copy, restated: Restate, articles: Articles
) -> None:
    folder = restated(copy_of(bert_filter), calibration="calibration.json")
    x, y = [-5.0, 0.0, 5.0, 20.0], [1.0, 3.0, 6.0, 12.0]
    content = json.dumps({"filter_name": "tiny_filter", "dimensions": {"reach": {"x": x, "y": y}}})
    (folder / "calibration.json").write_text(content, encoding="utf-8")
    scorer = FilterBaseScorer.from_folder(folder, backend="torch")

    scores = scorer.score(articles)

    assert len(scores) == len(articles)
    for score in scores:
        assert score.scores is not None
        assert score.raw_scores is not None
        assert score.scores["reach"] == min(float(np.interp(score.raw_scores["reach"], x, y)), 10.0)
        assert score.scores["proof"] == min(max(score.raw_scores["proof"], 0.0), 10.0)
        assert score.provenance.calibration == sha256_of(folder / "calibration.json")[:12]


def test_a_calibration_that_the_config_names_must_be_there(bert_filter: Path, copy_of: Copy, restated: Restate) -> None:
    folder = restated(copy_of(bert_filter), calibration="calibration.json")

    with pytest.raises(CalibrationError, match=r"calibration.json cannot be read"):
        FilterBaseScorer.from_folder(folder, backend="torch")


def test_a_filter_for_another_core_is_refused(bert_filter: Path, copy_of: Copy) -> None:
    folder = copy_of(bert_filter)
    config = folder / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace(">=1.0,<2", ">=7,<8"), encoding="utf-8")

    with pytest.raises(FilterVersionError, match=r"tiny-filter 1.2.3 needs distillery-core >=7,<8 but"):
        FilterBaseScorer.from_folder(folder)


def test_a_folder_without_a_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config.yaml does not exist"):
        FilterBaseScorer.from_folder(tmp_path)


def test_the_legacy_constants_are_still_read(bert_scorer: FilterBaseScorer, bert_filter: Path) -> None:
    assert bert_scorer.FILTER_NAME == "tiny-filter"
    assert bert_scorer.FILTER_VERSION == "1.2.3"
    assert bert_scorer.DIMENSION_NAMES == ["reach", "proof", "lasting"]
    assert bert_scorer.DIMENSION_WEIGHTS == {"reach": 0.5, "proof": 0.3, "lasting": 0.2}
    assert bert_scorer.TIER_THRESHOLDS == [
        ("high", 7.0, "Verified and shared."),
        ("medium", 4.0, "Found in one village."),
        ("low", 0.0, "A promise."),
    ]
    assert bert_scorer.GATEKEEPER_DIMENSION == "proof"
    assert (bert_scorer.GATEKEEPER_MIN, bert_scorer.GATEKEEPER_CAP) == (3.0, 3.0)
    assert bert_scorer.MAX_TOKEN_LENGTH == 26
    assert bert_scorer.filter_dir == bert_filter


def test_a_filter_without_a_gatekeeper_has_no_gatekeeper_constants(bert_filter: Path, copy_of: Copy) -> None:
    folder = copy_of(bert_filter)
    config = folder / "config.yaml"
    kept = config.read_text(encoding="utf-8").partition("gatekeepers:")[0]
    rest = config.read_text(encoding="utf-8").partition("prefilter:")[2]
    config.write_text(f"{kept}prefilter:{rest}", encoding="utf-8")

    scorer = FilterBaseScorer.from_folder(folder, backend="torch")

    assert (scorer.GATEKEEPER_DIMENSION, scorer.GATEKEEPER_MIN, scorer.GATEKEEPER_CAP) == (None, None, None)


def test_a_filter_may_bring_its_own_scorer(bert_filter: Path) -> None:
    class Mine(FilterBaseScorer):
        folder: ClassVar[Path | None] = bert_filter

    scorer = Mine.from_folder(bert_filter, backend="torch")

    assert isinstance(scorer, Mine)
    assert isinstance(scorer.score(GOOD), Score)
