"""FilterBaseScorer on articles that are bad or blocked, and where the student fails on one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from scorer_cases import BLOCKED, GOOD, UNREADABLE, CountingBackend

from distillery.config import ADAPTER_FILE
from distillery.errors import (
    ArticleError,
    ScoringError,
)
from distillery.scoring.scorer import FilterBaseScorer
from distillery.students.backends.contract import Backend, Ids

Articles = list[dict[str, Any]]
Copy = Callable[[Path], Path]
Restate = Callable[..., Path]


class _MarkedBackend(CountingBackend):
    """Treats the rows that hold one token, the word "music", differently."""

    def __init__(self, token: int) -> None:
        self._token = token

    def marked(self, input_ids: Ids) -> NDArray[np.bool_]:
        return np.asarray((input_ids == self._token).any(axis=1))


class _NotFiniteBackend(_MarkedBackend):
    value = float("nan")

    def run(self, input_ids: Ids, attention_mask: Ids) -> NDArray[np.float32]:
        scores = super().run(input_ids, attention_mask)
        scores[self.marked(input_ids), 1] = self.value
        return scores


class _FailingBackend(_MarkedBackend):
    def run(self, input_ids: Ids, attention_mask: Ids) -> NDArray[np.float32]:
        if self.marked(input_ids).any():
            raise MemoryError("too long for this machine")
        return super().run(input_ids, attention_mask)


@pytest.fixture
def music(bert_scorer: FilterBaseScorer) -> int:
    return bert_scorer.student.tokenizer.encode(["music"])[0][1]


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


def test_blocked_article_gives_exactly_the_legacy_values(bert_scorer: FilterBaseScorer) -> None:
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
    """Clamping alone would make a perfect 10 of it."""
    backend = _NotFiniteBackend(music)
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
    scores = with_backend(_FailingBackend(music)).score([GOOD, {**GOOD, "title": "Village music"}, GOOD])

    assert [score.error for score in scores] == [
        None,
        "the student failed: MemoryError: too long for this machine",
        None,
    ]
    assert scores[0].scores == scores[2].scores is not None


@pytest.mark.parametrize("backend", [_NotFiniteBackend, _FailingBackend])
def test_score_article_raises_where_there_is_no_score(
    with_backend: Callable[[Backend], FilterBaseScorer], music: int, backend: type[_MarkedBackend]
) -> None:
    with pytest.raises(ScoringError, match=r"tiny-filter 1.2.3: the student"):
        with_backend(backend(music)).score_article({**GOOD, "title": "Village music"})


def test_an_interruption_is_not_an_articles_error(with_backend: Callable[[Backend], FilterBaseScorer]) -> None:
    class Interrupted(CountingBackend):
        def run(self, *_: Ids) -> NDArray[np.float32]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_backend(Interrupted()).score([GOOD])
