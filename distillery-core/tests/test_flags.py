"""Flags: set where an article is out of scope, on every path a score takes, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tiny_encoder import random_head, write_encoder, write_sharing_filter

from distillery import Article, FilterBaseScorer, Score
from distillery.config import SCOPE_FILE
from distillery.errors import AdapterError
from distillery.io.values import language_code
from distillery.scoring.flags import FLAGS, MIN_TOKENS, SHORT_TEXT, UNFAMILIAR_TEXT, UNSEEN_LANGUAGE
from distillery.students.scope import Scope

WIDTH = 32
LONG = "Clean water and a clinic for the village. " * 10


def scope(max_distance: float = 1e9, languages: tuple[str, ...] = ("en", "nl")) -> Scope:
    """Return a scope around 0 whose vectors vary in two directions."""
    return Scope(
        languages=frozenset(languages),
        mean=np.zeros(WIDTH, np.float32),
        directions=np.eye(2, WIDTH, dtype=np.float32),
        variances=np.array([9.0, 4.0], np.float32),
        noise=1.0,
        max_distance=max_distance,
    )


@pytest.fixture(scope="module")
def scorer(
    bert_base: Path, write_adapter: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> FilterBaseScorer:
    """A filter on a shared encoder, without a scope."""
    adapter = write_adapter(bert_base, tmp_path_factory.mktemp("adapter"))
    encoder = write_encoder(tmp_path_factory.mktemp("encoder"), bert_base, adapter)
    folder = write_sharing_filter(tmp_path_factory.mktemp("flagged"), encoder, random_head(1))
    return FilterBaseScorer.from_folder(folder, backend="torch")


def flags(scorer: FilterBaseScorer, known: Scope | None, *articles: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the flags of articles under a scope."""
    found = FilterBaseScorer(
        scorer.config, replace(scorer.student, scope=known), scorer.calibration, filter_dir=scorer.filter_dir
    ).score(articles, prefilter=False)
    assert all(score.error is None for score in found)
    return [score.flags for score in found]


def test_an_ordinary_article_has_no_flags(scorer: FilterBaseScorer) -> None:
    article = {"title": "A clinic", "content": LONG, "language": "en"}

    assert flags(scorer, scope(), article) == flags(scorer, None, article) == [()]


def test_a_language_that_was_not_in_training_is_flagged(scorer: FilterBaseScorer) -> None:
    """One that is not stated is not guessed."""
    stated = ("nl", "EN-gb", "fi", "", None, 7)
    articles = [{"title": "A clinic", "content": LONG, "language": language} for language in stated]

    assert flags(scorer, scope(), *articles) == [(), (), (UNSEEN_LANGUAGE,), (), (), ()]
    assert flags(scorer, scope(languages=()), *articles) == [()] * 6


def test_a_short_text_is_flagged(scorer: FilterBaseScorer) -> None:
    """By its tokens, title and content together, the special ones not counted."""
    tokenizer = scorer.student.tokenizer
    n_words = next(
        n
        for n in range(1, 200)
        if len(tokenizer.encode(["water\n\n" + "clean " * n])[0]) - tokenizer.n_special >= MIN_TOKENS
    )
    enough, short = ({"title": "water", "content": "clean " * n} for n in (n_words, n_words - 1))

    assert flags(scorer, None, enough, short) == [(), (SHORT_TEXT,)]


def test_a_far_vector_is_flagged(scorer: FilterBaseScorer) -> None:
    """Whichever place in the batch it has; several flags keep their order."""
    articles = [{"title": "A clinic", "content": LONG}, {"title": "b", "content": "c", "language": "fi"}]
    vectors = scorer.student.encode([Article.from_dict(article).text for article in articles])
    near, far = scope().distances(vectors).tolist()
    limit = (near + far) / 2

    expected = [(), (UNSEEN_LANGUAGE, SHORT_TEXT, UNFAMILIAR_TEXT)]
    if near > far:
        expected = [(UNFAMILIAR_TEXT,), (UNSEEN_LANGUAGE, SHORT_TEXT)]
    assert flags(scorer, scope(limit), *articles) == expected
    assert flags(scorer, scope(limit), *articles[::-1]) == expected[::-1]
    assert set(FLAGS) == {UNSEEN_LANGUAGE, SHORT_TEXT, UNFAMILIAR_TEXT}


def test_what_was_not_scored_has_no_flags(scorer: FilterBaseScorer) -> None:
    """Neither a blocked article nor one that cannot be read."""
    blocked, invalid = scorer.score([{"title": "a", "content": "b"}, {"title": ""}])

    assert (blocked.blocked, invalid.invalid) == (True, True)
    assert blocked.flags == invalid.flags == ()


def test_flags_that_fail_cost_no_score(scorer: FilterBaseScorer, caplog: pytest.LogCaptureFixture) -> None:
    """A scope of another width, say."""
    broken = replace(scope(), mean=np.zeros(3, np.float32))

    assert flags(scorer, broken, {"title": "A clinic", "content": LONG}) == [()]
    assert "have no flags" in caplog.text


def test_flags_survive_a_file(provenance: Any) -> None:
    score = Score(provenance, passed_prefilter=True, weighted_average=1.0, flags=(SHORT_TEXT, UNFAMILIAR_TEXT))

    assert Score.from_dict(json.loads(json.dumps(score.to_dict()))) == score


def test_distances_are_those_of_mahalanobis() -> None:
    """Of the full covariance, computed here by hand."""
    vectors = np.random.default_rng(0).normal(size=(5, WIDTH)).astype(np.float32)
    covariance = np.diag([9.0, 4.0, *[1.0] * (WIDTH - 2)])

    expected = np.sqrt([vector @ np.linalg.inv(covariance) @ vector / WIDTH for vector in vectors])

    assert scope().distances(vectors) == pytest.approx(expected, rel=1e-6)


def test_a_scope_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / SCOPE_FILE
    tensors: dict[str, np.ndarray] = {
        "mean": np.zeros(3, np.float32),
        "directions": np.eye(1, 3, dtype=np.float32),
        "variances": np.ones(1),
    }
    facts = {"languages": '["en"]', "noise": "1.0", "max_distance": "2.0"}
    save_file(tensors, path, metadata=facts)
    assert Scope.load(path, 3).languages == {"en"}

    with pytest.raises(AdapterError, match="but the vectors have 4 numbers"):
        Scope.load(path, 4)
    save_file(tensors, path, metadata={**facts, "secret": "1"})
    with pytest.raises(AdapterError, match="is not a student's scope"):
        Scope.load(path, 3)
    path.write_bytes(b"no tensors")
    with pytest.raises(AdapterError, match="is not a student's scope"):
        Scope.load(path, 3)


@pytest.mark.parametrize(
    ("tag", "code"), [("en", "en"), ("en-GB", "en"), ("PT_br", "pt"), (" de ", "de"), (None, ""), (3, ""), (b"en", "")]
)
def test_a_language_is_the_first_part_of_its_tag(tag: object, code: str) -> None:
    assert language_code(tag) == code
