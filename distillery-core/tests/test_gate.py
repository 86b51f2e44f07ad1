"""FilterGate: a gate's highest tier is set aside, and an article is encoded once where both share an encoder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import JSON, OK, USAGE, json_records, run, score
from tiny_encoder import random_head, write_encoder, write_sharing_filter, write_whole_filter

import distillery
from distillery.errors import FilterNotFoundError
from distillery.scoring.article import Article
from distillery.scoring.gate import FilterGate
from distillery.scoring.score import Score
from distillery.scoring.scorer import FilterBaseScorer
from distillery.students.backends.contract import Backend, Ids, Outputs

Articles = list[dict[str, Any]]
Install = Callable[..., None]

COMMERCE = "commerce"
HEAD = random_head(2, spread=0.2)


class Counted:
    """A real backend that counts what it reads, and fails on texts with one token."""

    def __init__(self, backend: Backend, fails_on: int = -1) -> None:
        """Start at zero."""
        self._backend = backend
        self._fails_on = fails_on
        self.name = backend.name
        self.batching = backend.batching
        self.n_read = 0

    def run(self, input_ids: Ids, attention_mask: Ids) -> Outputs:
        """Run the real one."""
        self.n_read += len(input_ids)
        if (input_ids == self._fails_on).any():
            raise MemoryError("too long for this machine")
        return self._backend.run(input_ids, attention_mask)


@pytest.fixture(scope="module")
def adapter(bert_base: Path, write_adapter: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(bert_base, tmp_path_factory.mktemp("adapter"))


@pytest.fixture(scope="module")
def encoder(bert_base: Path, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"), bert_base, adapter)


@pytest.fixture(scope="module")
def filter_folder(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sharing_filter(tmp_path_factory.mktemp("filter"), encoder, random_head(1))


@pytest.fixture(scope="module")
def facts(encoder: Path, articles: Articles, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a commerce filter's config says: its highest tier begins in the widest gap amid the articles' scores."""
    folder = write_sharing_filter(tmp_path_factory.mktemp("probe"), encoder, HEAD, gatekeepers=[])
    averages = sorted(score.weighted_average or 0.0 for score in load(folder).score(articles))
    _, low, high = max((high - low, low, high) for low, high in pairwise(averages[5:-5]))
    tiers = [
        {"name": "certain", "at_least": (low + high) / 2, "description": "An offer."},
        {"name": "unlikely", "at_least": 0.0, "description": "No offer."},
    ]
    return {"name": COMMERCE, "tiers": tiers, "gatekeepers": []}


@pytest.fixture(scope="module")
def shared_commerce(encoder: Path, facts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A commerce filter on the same encoder."""
    return write_sharing_filter(tmp_path_factory.mktemp("shared"), encoder, HEAD, **facts)


@pytest.fixture(scope="module")
def own_commerce(
    bert_base: Path, adapter: Path, facts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The same commerce filter with an adapter of its own."""
    return write_whole_filter(tmp_path_factory.mktemp("own"), bert_base, adapter, HEAD, **facts)


@pytest.fixture(params=["shared_commerce", "own_commerce"])
def commerce(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(request.param)
    return folder


def load(folder: Path) -> FilterBaseScorer:
    return FilterBaseScorer.from_folder(folder, backend="torch")


def set_aside(scores: list[Score]) -> list[bool]:
    assert {score.prefilter_reason for score in scores} <= {None, COMMERCE}
    return [score.prefilter_reason == COMMERCE for score in scores]


def test_the_highest_tier_is_set_aside_and_the_rest_is_scored(
    install: Install, filter_folder: Path, commerce: Path, articles: Articles
) -> None:
    install(commerce, COMMERCE)
    expected = [score.tier == "certain" for score in load(commerce).score(articles)]
    plain = load(filter_folder).score(articles)

    scores = distillery.load_filter(filter_folder, backend="torch", gates=["commerce"]).score(articles)

    assert 3 < sum(expected) < len(articles) - 3, "a gate that is always open, or never, proves nothing"
    assert set_aside(scores) == expected
    for found, alone in zip(scores, plain, strict=True):
        if found.gate is None:
            assert found == alone
        else:
            assert found == Score.make_gated(alone.provenance, COMMERCE, found.gate)
            assert found.blocked
            assert (found.gate.provenance.filter, found.gate.tier) == (COMMERCE, "certain")
            assert found.to_dict()["gate"]["version"] == found.gate.provenance.version


def test_without_the_gate_nothing_is_set_aside(
    install: Install, filter_folder: Path, commerce: Path, articles: Articles
) -> None:
    install(commerce, COMMERCE)

    scores = distillery.load_filter(filter_folder, backend="torch").score(articles)

    assert set_aside(scores) == [False] * len(articles)


def test_the_prefilter_switch_is_for_rules_and_leaves_the_gate(
    install: Install, filter_folder: Path, commerce: Path, articles: Articles
) -> None:
    install(commerce, COMMERCE)
    scorer = distillery.load_filter(filter_folder, backend="torch", gates=["commerce"])

    scores = scorer.score(articles, prefilter=False)

    assert set_aside(scores) == set_aside(scorer.score(articles))
    assert any(set_aside(scores))


def test_one_article_alone_gets_the_same_result(
    install: Install, filter_folder: Path, commerce: Path, articles: Articles
) -> None:
    install(commerce, COMMERCE)
    scorer = distillery.load_filter(filter_folder, backend="torch", gates=["commerce"])

    alone = [scorer.score_article(article) for article in articles[:8]]

    assert set_aside(alone) == set_aside(scorer.score(articles))[:8]


@pytest.mark.parametrize("kind", ["shared_commerce", "own_commerce"])
def test_an_article_is_read_once_where_both_share_the_encoder(
    filter_folder: Path, articles: Articles, request: pytest.FixtureRequest, kind: str
) -> None:
    """Where they do not, what the gate sets aside is never read by the filter."""
    scorer, gate = load(filter_folder), load(request.getfixturevalue(kind))
    scorer.student.backend = own = Counted(scorer.student.backend)
    gate.student.backend = gates = Counted(gate.student.backend)
    scorer.gates = (FilterGate(gate),)

    n_aside = sum(set_aside(scorer.score(articles)))

    shared = kind == "shared_commerce"
    assert gates.n_read == len(articles)
    assert own.n_read == (0 if shared else len(articles) - n_aside)


def test_an_article_that_the_gate_cannot_read_is_not_set_aside(
    filter_folder: Path, own_commerce: Path, articles: Articles
) -> None:
    """Nor does the gate's trouble cost its score, or another article's judgement."""
    scorer, gate = load(filter_folder), load(own_commerce)
    expected = [score.tier == "certain" for score in gate.score(articles)]
    music = gate.student.tokenizer.encode(["music"])[0][1]
    rows = gate.student.tokenizer.encode([Article.from_dict(article).text for article in articles])
    unreadable = [music in row for row in rows]
    assert any(blocked and bad for blocked, bad in zip(expected, unreadable, strict=True))
    gate.student.backend = Counted(gate.student.backend, fails_on=music)
    scorer.gates = (FilterGate(gate),)

    scores = scorer.score(articles)

    assert [score.error for score in scores] == [None] * len(articles)
    assert set_aside(scores) == [blocked and not bad for blocked, bad in zip(expected, unreadable, strict=True)]


def test_an_article_whose_commerce_score_is_no_number_is_not_set_aside(
    filter_folder: Path, shared_commerce: Path, articles: Articles
) -> None:
    scorer, gate = load(filter_folder), load(shared_commerce)
    assert gate.student.head
    nothing = np.full_like(gate.student.head.weight, np.nan)
    gate.student.head = replace(gate.student.head, weight=nothing)
    scorer.gates = (FilterGate(gate),)

    scores = scorer.score(articles)

    assert set_aside(scores) == [False] * len(articles)
    assert all(score.tier for score in scores)


def test_the_prefilter_and_bad_articles_come_first(
    install: Install, filter_folder: Path, shared_commerce: Path
) -> None:
    install(shared_commerce, COMMERCE)
    scorer = distillery.load_filter(filter_folder, backend="torch", gates=["commerce"])

    blocked, unreadable = scorer.score([{"title": "clinic", "content": "water"}, {"title": "No content"}])

    assert blocked.prefilter_reason == "content_too_short_5chars"
    assert unreadable.error
    assert scorer.score([]) == []


def test_the_commerce_filter_has_no_gate_before_itself(install: Install, commerce: Path) -> None:
    install(commerce, COMMERCE)

    assert distillery.load_filter(COMMERCE, backend="torch", gates=["commerce"]).gates == ()


def test_without_the_commerce_filter_the_remedy_is_told(install: Install, filter_folder: Path) -> None:
    with pytest.raises(FilterNotFoundError) as missing:
        distillery.load_filter(filter_folder, backend="torch", gates=["commerce"])

    assert "No filter 'commerce' is installed." in str(missing.value)
    assert "distillery-filter-" in str(missing.value)


@pytest.fixture
def result_of(
    install: Install, filter_folder: Path, commerce: Path, articles_file: Path, tmp_path: Path
) -> Callable[..., list[dict[str, Any]]]:
    """A function that runs ``distillery score`` with options, the gate installed, and returns the results."""
    install(commerce, COMMERCE)

    def results(*options: str) -> list[dict[str, Any]]:
        path = tmp_path / "scored.jsonl"
        ended = score(articles_file, "--filter", filter_folder, "-o", path, *options)
        assert ended.exit_code == OK, ended.output
        return [record["results"]["tiny-filter"] for record in json_records(path.read_text(encoding="utf-8"))]

    return results


def test_the_command_sets_aside_what_the_scorer_does(
    result_of: Callable[..., list[dict[str, Any]]], commerce: Path, articles: Articles
) -> None:
    expected = [score.tier == "certain" for score in load(commerce).score(articles)]

    found = [result["prefilter_reason"] == COMMERCE for result in result_of("--gate", COMMERCE)]

    assert found == [*expected, False]
    assert not any(result["prefilter_reason"] == COMMERCE for result in result_of())


def test_the_commands_summary_counts_what_is_set_aside(
    install: Install,
    filter_folder: Path,
    shared_commerce: Path,
    articles_file: Path,
    articles: Articles,
    tmp_path: Path,
) -> None:
    install(shared_commerce, COMMERCE)
    n_aside = sum(score.tier == "certain" for score in load(shared_commerce).score(articles))

    ended = score(articles_file, "--filter", filter_folder, "--gate", COMMERCE, "-o", tmp_path / "scored.jsonl", *JSON)

    assert json.loads(ended.stdout)["filters"]["tiny-filter"]["set_aside"][COMMERCE] == n_aside


def test_the_command_without_the_commerce_filter_is_used_wrongly(
    install: Install, filter_folder: Path, articles_file: Path
) -> None:
    result = run("score", "--backend", "torch", articles_file, "--filter", filter_folder, "--gate", COMMERCE)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert "No filter 'commerce' is installed." in result.stderr
