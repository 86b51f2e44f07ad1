"""FilterBaseScorer: from articles to scores, one bad article never harming another."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from distillery.config import ADAPTER_FILE
from distillery.errors import (
    ArticleError,
    CalibrationError,
    ConfigError,
    DistilleryError,
    FilterVersionError,
    ScoringError,
)
from distillery.scoring.article import Article
from distillery.scoring.score import Score
from distillery.scoring.scorer import FilterBaseScorer
from distillery.students.backends.contract import Backend, Ids
from distillery.students.base_models import sha256_of
from distillery.students.batching import Batching

Articles = list[dict[str, Any]]
Copy = Callable[[Path], Path]
Restate = Callable[..., Path]

GOOD = {"title": "A village clinic", "content": "People found a new clinic open after a year."}
BLOCKED = {"title": "Report", "content": "The share price of a bank after half a year."}
UNREADABLE = {"title": "No content"}


class _Counting:
    """A backend of known arithmetic: each dimension is the number of tokens plus its index."""

    name = "counting"
    batching = Batching()
    n_runs = 0

    def run(self, input_ids: Ids, attention_mask: Ids) -> NDArray[np.float32]:
        assert input_ids.shape == attention_mask.shape
        self.n_runs += 1
        return (attention_mask.sum(axis=1, keepdims=True) / 4 + np.arange(3)).astype(np.float32)


class _Marked(_Counting):
    """Treats the rows that hold one token, the word "music", in a way of its own."""

    def __init__(self, token: int) -> None:
        self._token = token

    def marked(self, input_ids: Ids) -> NDArray[np.bool_]:
        return np.asarray((input_ids == self._token).any(axis=1))


class _NotFinite(_Marked):
    value = float("nan")

    def run(self, input_ids: Ids, attention_mask: Ids) -> NDArray[np.float32]:
        scores = super().run(input_ids, attention_mask)
        scores[self.marked(input_ids), 1] = self.value
        return scores


class _Failing(_Marked):
    def run(self, input_ids: Ids, attention_mask: Ids) -> NDArray[np.float32]:
        if self.marked(input_ids).any():
            raise MemoryError("too long for this machine")
        return super().run(input_ids, attention_mask)


@pytest.fixture
def with_backend(bert_scorer: FilterBaseScorer) -> Callable[[Backend], FilterBaseScorer]:
    """A function that gives the tiny filter's scorer on another backend."""

    def swap(backend: Backend) -> FilterBaseScorer:
        student = replace(bert_scorer.student, backend=backend)
        return FilterBaseScorer(bert_scorer.config, student, filter_dir=bert_scorer.filter_dir)

    return swap


@pytest.fixture
def music(bert_scorer: FilterBaseScorer) -> int:
    return bert_scorer.student.tokenizer.encode(["music"])[0][1]


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

    score = with_backend(_Counting()).score_article(article)

    assert score.raw_scores == {"reach": 3.0, "proof": 4.0, "lasting": 5.0}
    assert score.weighted_average == 3.7
    assert (score.tier, score.tier_description) == ("low", "A promise.")
    assert not score.gatekeeper_applied


def test_nothing_gives_nothing_and_runs_nothing(with_backend: Callable[[Backend], FilterBaseScorer]) -> None:
    backend = _Counting()
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
def test_text_is_no_article(bert_scorer: FilterBaseScorer, articles: Any) -> None:
    with pytest.raises(DistilleryError, match=r"takes an article.* or many of them, not a (str|bytes)"):
        bert_scorer.score(articles)


@pytest.mark.parametrize("article", [GOOD, Article.from_dict(GOOD)])
def test_one_article_is_no_batch(bert_scorer: FilterBaseScorer, article: Any) -> None:
    """Its keys would be taken for articles, and give as many errors."""
    with pytest.raises(DistilleryError):
        bert_scorer.score_batch(article)


def test_bad_articles_get_an_error_and_the_rest_a_score(bert_scorer: FilterBaseScorer) -> None:
    batch: list[Any] = [GOOD, UNREADABLE, None, GOOD, {**GOOD, "title": 7}, "text", BLOCKED, GOOD]

    scores = bert_scorer.score(batch)

    assert [score.error for score in scores] == [
        None,
        "'content' is missing; an article needs a title and a content. Found: title.",
        "an article must be a mapping with title and content, not NoneType",
        None,
        "'title' must be text, not int (7)",
        "an article must be a mapping with title and content, not str ('text')",
        None,
        None,
    ]
    assert [score.tier is not None for score in scores] == [True, False, False, True, False, False, False, True]
    assert scores[1].prefilter_reason == f"Invalid article: {scores[1].error}"


def test_an_article_that_breaks_the_cleaning_harms_only_itself(bert_scorer: FilterBaseScorer) -> None:
    """Python refuses to read a decimal number of more than 4,300 digits, here as a character reference."""
    scores = bert_scorer.score([GOOD, {**GOOD, "content": f"&#{'1' * 5000};"}])

    assert scores[0].tier is not None


@pytest.mark.parametrize("article", [UNREADABLE, None, {**GOOD, "id": 1.5}, [GOOD]])
def test_score_article_raises_on_what_it_cannot_read(bert_scorer: FilterBaseScorer, article: Any) -> None:
    with pytest.raises(ArticleError) as refused:
        bert_scorer.score_article(article)

    assert isinstance(refused.value, ValueError)


def test_blocked_article_gives_exactly_the_predecessors_values(bert_scorer: FilterBaseScorer) -> None:
    result = bert_scorer.score_article(BLOCKED).to_dict()

    assert {key: result[key] for key in list(result)[:9]} == {
        "passed_prefilter": False,
        "prefilter_reason": "corporate_finance",
        "scores": None,
        "weighted_average": None,
        "tier": None,
        "tier_description": None,
        "gatekeeper_applied": False,
        "stage_used": None,
        "stage1_estimate": None,
    }
    assert (result["raw_scores"], result["intervals"], result["error"]) == (None, None, None)


def test_every_rule_of_the_prefilter_blocks(bert_scorer: FilterBaseScorer) -> None:
    articles = [{**GOOD, "content": "Too short."}, {**GOOD, "url": "https://github.com/a"}, BLOCKED]

    assert [score.prefilter_reason for score in bert_scorer.score(articles)] == [
        "content_too_short_10chars",
        "excluded_domain_code",
        "corporate_finance",
    ]


def test_prefilter_can_be_skipped(bert_scorer: FilterBaseScorer, bert_filter: Path) -> None:
    without = FilterBaseScorer.from_folder(bert_filter, backend="torch", prefilter=False)

    for score in (
        bert_scorer.score_article(BLOCKED, prefilter=False),
        bert_scorer.score([BLOCKED], prefilter=False)[0],
        without.score_article(BLOCKED),
    ):
        assert score.passed_prefilter
        assert score.tier is not None


def test_an_unreadable_article_stays_one_without_the_prefilter(bert_scorer: FilterBaseScorer) -> None:
    score = bert_scorer.score([UNREADABLE], prefilter=False)[0]

    assert (score.passed_prefilter, score.tier) == (False, None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_an_error_and_no_score(
    with_backend: Callable[[Backend], FilterBaseScorer], music: int, value: float
) -> None:
    """The predecessor made a perfect 10 of it."""
    backend = _NotFinite(music)
    backend.value = value

    scores = with_backend(backend).score([GOOD, {**GOOD, "title": "Village music"}, GOOD])

    assert [score.error for score in scores] == [None, "the student's output is not a finite number for proof", None]
    assert (scores[1].passed_prefilter, scores[1].scores, scores[1].weighted_average) == (True, None, None)
    assert (scores[1].raw_scores, scores[1].tier, scores[1].gatekeeper_applied) == (None, None, False)
    assert scores[0].scores == scores[2].scores is not None


def test_weights_that_are_not_finite_give_errors_and_no_scores(
    bert_filter: Path, copy_of: Copy, restated: Restate, articles: Articles
) -> None:
    folder = copy_of(bert_filter)
    tensors = load_file(folder / "student" / ADAPTER_FILE)
    tensors["base_model.model.classifier.weight"][0] = torch.nan
    save_file(tensors, folder / "student" / ADAPTER_FILE)
    scorer = FilterBaseScorer.from_folder(restated(folder), backend="torch")

    scores = scorer.score(articles)

    assert {score.error for score in scores} == {"the student's output is not a finite number for reach"}
    assert {score.weighted_average for score in scores} == {None}


def test_a_backend_that_fails_on_one_article_loses_only_that_one(
    with_backend: Callable[[Backend], FilterBaseScorer], music: int
) -> None:
    scores = with_backend(_Failing(music)).score([GOOD, {**GOOD, "title": "Village music"}, GOOD])

    assert [score.error for score in scores] == [
        None,
        "the student failed: MemoryError: too long for this machine",
        None,
    ]
    assert scores[0].scores == scores[2].scores is not None


@pytest.mark.parametrize("backend", [_NotFinite, _Failing])
def test_score_article_raises_where_there_is_no_score(
    with_backend: Callable[[Backend], FilterBaseScorer], music: int, backend: type[_Marked]
) -> None:
    with pytest.raises(ScoringError, match=r"tiny-filter 1.2.3: the student"):
        with_backend(backend(music)).score_article({**GOOD, "title": "Village music"})


def test_an_interruption_is_not_an_articles_error(with_backend: Callable[[Backend], FilterBaseScorer]) -> None:
    class Interrupted(_Counting):
        def run(self, *_: Ids) -> NDArray[np.float32]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_backend(Interrupted()).score([GOOD])


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


def test_the_predecessors_constants_are_still_read(bert_scorer: FilterBaseScorer, bert_filter: Path) -> None:
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


def test_a_filter_without_a_gatekeeper_has_none_to_read(bert_filter: Path, copy_of: Copy) -> None:
    folder = copy_of(bert_filter)
    config = folder / "config.yaml"
    kept = config.read_text(encoding="utf-8").partition("gatekeepers:")[0]
    rest = config.read_text(encoding="utf-8").partition("prefilter:")[2]
    config.write_text(f"{kept}prefilter:{rest}", encoding="utf-8")

    scorer = FilterBaseScorer.from_folder(folder, backend="torch")

    assert (scorer.GATEKEEPER_DIMENSION, scorer.GATEKEEPER_MIN, scorer.GATEKEEPER_CAP) == (None, None, None)


def test_a_filter_may_bring_a_scorer_of_its_own(bert_filter: Path) -> None:
    class Mine(FilterBaseScorer):
        folder: ClassVar[Path | None] = bert_filter

    scorer = Mine.from_folder(bert_filter, backend="torch")

    assert isinstance(scorer, Mine)
    assert isinstance(scorer.score(GOOD), Score)
