"""FilterPanel: scores as each filter alone, encodes once what filters share, and no filter harms another."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_filters import SHORT, UNREADABLE, Recorded, distance, write_panel_filters

import distillery
from distillery.errors import (
    ArticleError,
    DistilleryError,
)
from distillery.scoring.article import Article
from distillery.scoring.panel import FilterPanel
from distillery.scoring.score import Score
from distillery.scoring.scorer import FilterBaseScorer
from distillery.students.backends.contract import Outputs
from distillery.students.tokens import HeadTailTokenizer

Articles = list[dict[str, Any]]
Install = Callable[..., None]


@pytest.fixture(scope="module")
def folders(
    bert_base: Path, write_adapter: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """Three filters on one encoder, whose rules differ, and one with its own adapter on the same base."""
    return write_panel_filters(tmp_path_factory.mktemp("panel"), bert_base, write_adapter)


@pytest.fixture(scope="module")
def panel(folders: list[Path]) -> FilterPanel:
    return distillery.load_filters(folders, backend="torch")


@pytest.fixture
def recorded(folders: list[Path]) -> tuple[FilterPanel, dict[str, Recorded]]:
    """A panel whose backends count, one for those that share an encoder."""
    panel = distillery.load_filters(folders, backend="torch")
    backends = {"shared": Recorded(panel.scorers[0].student.backend), "own": Recorded(panel.scorers[3].student.backend)}
    for scorer in panel:
        scorer.student.backend = backends["own" if scorer.config.name == "own" else "shared"]
    return panel, backends


@given(seed=st.integers(0, 10**6), n=st.integers(0, 24))
def test_a_panel_scores_as_each_filter_alone_in_any_order_and_number(
    panel: FilterPanel, articles: Articles, seed: int, n: int
) -> None:
    batch = random.Random(seed).sample([*articles, UNREADABLE, SHORT], n)

    results = panel.score(batch)

    assert [list(result) for result in results] == [["one", "two", "three", "own"]] * n
    for scorer in panel:
        for result, alone in zip(results, scorer.score(batch), strict=True):
            assert distance(result[scorer.config.name], alone) < 1e-5


def test_the_filters_differ_in_what_they_set_aside(panel: FilterPanel, articles: Articles) -> None:
    results = panel.score(articles)

    passed = [sum(result[name].passed_prefilter for result in results) for name in ("one", "two", "three")]
    assert passed[0] > passed[1] > passed[2] > 0


def test_one_article_gives_one_result(panel: FilterPanel, articles: Articles) -> None:
    alone = panel.score(articles[0])

    assert list(alone) == panel.names
    assert alone == panel.score(Article.from_dict(articles[0])) == panel.score([articles[0]])[0]
    assert {name: score.to_dict() for name, score in alone.items()}["one"]["provenance"]["filter"] == "one"


def test_no_articles_give_no_results(panel: FilterPanel) -> None:
    assert panel.score([]) == panel.score_batch(iter(())) == []


def test_a_panel_is_its_scorers(panel: FilterPanel) -> None:
    assert list(panel) == panel.scorers
    assert len(panel) == 4
    assert panel.faults == {}


def test_an_article_alone_that_cannot_be_read_is_refused(panel: FilterPanel) -> None:
    with pytest.raises(ArticleError, match="'content' is missing"):
        panel.score(UNREADABLE)


@pytest.mark.parametrize("text", ["A village clinic", b"A village clinic"])
def test_text_is_no_article(panel: FilterPanel, text: Any) -> None:
    with pytest.raises(DistilleryError, match="many of them, not a"):
        panel.score(text)


def test_the_encoder_encodes_once_what_any_of_its_filters_needs(
    recorded: tuple[FilterPanel, dict[str, Recorded]], articles: Articles
) -> None:
    panel, backends = recorded

    results = panel.score([*articles, SHORT, UNREADABLE])

    expected = [sum(result[name].tier is not None for result in results) for name in ("one", "own")]
    assert [backends["shared"].n_read, backends["own"].n_read] == expected == [len(articles)] * 2


def test_tokens_are_made_once(
    recorded: tuple[FilterPanel, dict[str, Recorded]], articles: Articles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For all four: the filter with an adapter of its own has the tokenizer of the shared encoder."""
    encode = HeadTailTokenizer.encode
    encoded: list[str] = []

    def noted(self: HeadTailTokenizer, texts: Iterable[str]) -> list[list[int]]:
        encoded.extend(texts)
        return encode(self, list(texts))

    monkeypatch.setattr(HeadTailTokenizer, "encode", noted)

    recorded[0].score(articles)

    assert sorted(encoded) == sorted(Article.from_dict(article).text for article in articles)


def test_articles_are_cleaned_once(panel: FilterPanel, articles: Articles, monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned = []
    original = Article.from_dict
    monkeypatch.setattr(Article, "from_dict", lambda data: cleaned.append(data) or original(data))

    panel.score(articles)

    assert cleaned == articles


def test_a_batch_that_fails_costs_only_the_article_at_fault(
    recorded: tuple[FilterPanel, dict[str, Recorded]], articles: Articles
) -> None:
    panel, backends = recorded
    plain = panel.score(articles)
    tokenizer = panel.scorers[0].student.tokenizer
    music = tokenizer.encode(["music"])[0][1]
    rows = tokenizer.encode([Article.from_dict(article).text for article in articles])
    bad = [music in row for row in rows]
    backends["shared"]._fails_on = music

    results = panel.score(articles)

    assert 0 < sum(bad) < len(articles)
    for result, before, failed in zip(results, plain, bad, strict=True):
        for name in ("one", "two", "three"):
            if failed and before[name].passed_prefilter:
                assert result[name].error == "the student failed: MemoryError: too long for this machine"
            else:
                assert distance(result[name], before[name]) < 1e-5
        assert distance(result["own"], before["own"]) < 1e-5


def test_an_article_that_breaks_the_tokenizer_costs_only_itself(
    panel: FilterPanel, articles: Articles, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, encode = panel.score(articles), HeadTailTokenizer.encode

    def encode_no_music(self: HeadTailTokenizer, texts: Iterable[str]) -> list[list[int]]:
        texts = list(texts)
        if any("music" in text for text in texts):
            raise OverflowError("no room")
        return encode(self, texts)

    monkeypatch.setattr(HeadTailTokenizer, "encode", encode_no_music)

    results = panel.score(articles)

    bad = ["music" in Article.from_dict(article).text for article in articles]
    assert 0 < sum(bad) < len(articles)
    for result, before, failed in zip(results, plain, bad, strict=True):
        for name in panel.names:
            if failed and before[name].passed_prefilter:
                assert result[name].error == "the student failed: OverflowError: no room"
            else:
                assert distance(result[name], before[name]) < 1e-5


class Breaks(FilterBaseScorer):
    """A filter whose own code fails."""

    def prefilter_article(self, article: Article) -> Score | None:
        """Fail on some."""
        if "music" in article.text:
            raise ZeroDivisionError("in screen")
        return super().prefilter_article(article)

    def to_scores(self, outputs: Outputs) -> list[Score]:  # noqa: ARG002
        """Fail on all."""
        raise ZeroDivisionError("in to_scores")


class OverridesScore(FilterBaseScorer):
    """A filter that scores a batch in a way of its own."""

    def score_batch(self, articles: Iterable[Any], *, prefilter: bool | None = None) -> list[Score]:
        """Turn reasons into capitals."""
        scores = super().score_batch(articles, prefilter=prefilter)
        return [replace(score, tier=score.tier and score.tier.upper()) for score in scores]


def test_a_filters_own_code_that_fails_costs_only_its_scores(folders: list[Path], articles: Articles) -> None:
    sound, broken = (
        FilterBaseScorer.from_folder(folders[0], backend="torch"),
        Breaks.from_folder(folders[3], backend="torch"),
    )
    expected = sound.score(articles)

    results = FilterPanel([sound, broken]).score(articles)

    assert {result["own"].error for result in results} == {
        "the prefilter failed: ZeroDivisionError: in screen",
        "the filter failed: ZeroDivisionError: in to_scores",
    }
    for result, alone in zip(results, expected, strict=True):
        assert distance(result["one"], alone) < 1e-5


class LosesOne(FilterBaseScorer):
    """A filter that forgets an article where the student's outputs become scores."""

    def to_scores(self, outputs: Outputs) -> list[Score]:
        """Return one score too few."""
        return super().to_scores(outputs)[1:]


class OverridesScoreAndLosesOne(FilterBaseScorer):
    """A filter that forgets an article in a way of its own."""

    def score_batch(self, articles: Iterable[Any], *, prefilter: bool | None = None) -> list[Score]:
        """Return one score too few."""
        return super().score_batch(articles, prefilter=prefilter)[1:]


@pytest.mark.parametrize("kind", [LosesOne, OverridesScoreAndLosesOne])
def test_a_filter_that_loses_an_article_costs_only_its_scores(
    kind: type[FilterBaseScorer], folders: list[Path], articles: Articles
) -> None:
    sound = FilterBaseScorer.from_folder(folders[0], backend="torch")
    expected = sound.score(articles)

    results = FilterPanel([sound, kind.from_folder(folders[3], backend="torch")]).score(articles)

    assert any("the filter failed: ValueError" in (result["own"].error or "") for result in results)
    for result, alone in zip(results, expected, strict=True):
        assert distance(result["one"], alone) < 1e-5


def test_a_filter_that_overrides_score_does_so_in_a_panel(folders: list[Path], articles: Articles) -> None:
    own, plain = (kind.from_folder(folders[3], backend="torch") for kind in (OverridesScore, FilterBaseScorer))
    panel = FilterPanel([FilterBaseScorer.from_folder(folders[0], backend="torch"), own])

    results = panel.score([*articles, UNREADABLE])

    expected = [score.tier and score.tier.upper() for score in plain.score([*articles, UNREADABLE])]
    assert [result["own"].tier for result in results] == expected
    assert [list(result) for result in results] == [["one", "own"]] * len(results)
