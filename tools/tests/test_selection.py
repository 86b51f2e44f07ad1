"""The parts of the selection, each by itself."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import WORDS, Trained
from numpy.typing import NDArray

from distillery import Article, ConfigError, FilterBaseScorer, InputFileError, load_filter
from distillery.toolkit import AVERAGE, Calibration, HalfWidths
from distillery_tools.cli.select_options import strategy_shares
from distillery_tools.data.near_duplicates import near_duplicates
from distillery_tools.selection.filter_signals import ScoreSignal, embedding_function
from distillery_tools.selection.keywords import KeywordSignal, read_phrases
from distillery_tools.selection.pool import Pool
from distillery_tools.selection.seen_texts import SeenTexts
from distillery_tools.selection.similarity import SimilaritySignal
from distillery_tools.selection.strategies import STRATEGIES, default_shares, quotas


def article(text: str, title: str = "Report") -> Article:
    return Article(title, text)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=5), st.integers(1, 5000))
def test_quotas_add_up_and_none_is_off_by_one(weights: list[float], number: int) -> None:
    shares = {name: weight / sum(weights) for name, weight in zip(STRATEGIES, weights, strict=False)}

    found = quotas(shares, number)

    assert sum(found.values()) == number
    assert all(abs(found[name] - share * number) < 1 + 1e-6 for name, share in shares.items())


@pytest.mark.parametrize("available", [[], ["high"], ["high", "uncertain", "keywords"], list(STRATEGIES)])
def test_a_third_is_random_whatever_else_there_is(available: list[str]) -> None:
    shares = default_shares(available)

    assert sum(shares.values()) == pytest.approx(1)
    assert set(shares) == {"random", *available}
    assert shares["random"] == (0.3 if available else 1.0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("random", "is not a list of shares"),
        ("random=x", "is not a list of shares"),
        ("random=0.5,best=0.5", "unknown: best; the names are random, high, uncertain, similar, keywords"),
        ("random=0.5,high=0.4", "the shares add up to 0.9"),
        ("random=1.2,high=-0.2", "must be 0 or more"),
        ("random=nan", "the shares add up to nan"),
        ("random=0.5,random=0.5", "gives a name twice"),
        ("random=0.05,high=0.95", "random must be 0.1 or more"),
        ("high=1", "random must be 0.1 or more"),
    ],
)
def test_shares_that_cannot_be_meant(value: str, message: str) -> None:
    with pytest.raises(click.BadParameter, match=message):
        strategy_shares(None, None, value)


def test_a_pool_is_read_in_order_and_by_place(tmp_path: Path) -> None:
    path = tmp_path / "pool.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": 1}\n\n  \nnot json\n[1]\n{"id": "\xc3\xa9"}\r\n\xff\n{"id": 3}')

    pool = Pool(path)
    lines = list(pool.lines())

    assert [line.record for line in lines] == [{"id": 1}, None, None, {"id": "é"}, None, {"id": 3}]
    assert [pool.record_at(line.offset) for line in lines if line.record] == [{"id": 1}, {"id": "é"}, {"id": 3}]
    assert sum(line.size for line in lines) == path.stat().st_size - len(b"\n  \n")
    pool.close()


def test_a_pool_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="No such file"):
        Pool(tmp_path / "absent.jsonl")


def varied(chance: random.Random, words: list[str]) -> str:
    """Return a text with some words changed, cut off or added."""
    kept = list(words)
    for _ in range(chance.choice([0, 1, 3, 10, 40])):
        kept[chance.randrange(len(kept))] = chance.choice(["green", "red", "blue"])
    return " ".join(kept[: chance.choice([len(kept), len(kept), len(kept) // 2])] + ["end"] * chance.choice([0, 5]))


@given(st.integers(0))
def test_near_duplicates_are_those_of_the_data_commands(seed: int) -> None:
    chance = random.Random(seed)
    words = [f"{chance.choice(WORDS)}{chance.randint(0, 40)}" for _ in range(chance.choice([3, 40, 200, 600]))]
    first, second = varied(chance, words), varied(chance, words)
    seen = SeenTexts()
    seen.add("quite another text about the river and the road", "other")
    seen.add(first, "first")

    assert (seen.near(second) == "first") == bool(near_duplicates([first, second]))


def test_keywords_are_whole_words_and_each_counts_once() -> None:
    signal = KeywordSignal(["wind farm*", "turbine", "turbine", "Café"])
    texts = ["Wind farms and a wind-farm", "a windfarm", "the turbine by the CAFE and the wind farm"]

    values = signal.values([article(text) for text in texts])["keywords"]

    np.testing.assert_array_equal(values, [1, np.nan, 3])


def test_phrases_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "phrases.txt"
    path.write_text("# wind\nwind farm*\n\n turbine  # any\n", encoding="utf-8")

    assert read_phrases(path) == ["wind farm*", "turbine"]
    path.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(InputFileError, match="contains no phrase"):
        read_phrases(path)
    with pytest.raises(InputFileError, match="cannot be read"):
        read_phrases(tmp_path / "absent.txt")
    with pytest.raises(ConfigError, match="names no word"):
        KeywordSignal(["..."])


def test_similarity_is_the_cosine_to_the_mean_direction() -> None:
    vectors = {"a": [1, 0], "b": [0, 2], "c": [3, 3], "d": [-1, -1], "e": [5, 0.5], "f": [1, -0.1]}

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([vectors[text.rpartition("\n")[2]] for text in texts], dtype=np.float32)

    signal = SimilaritySignal(embed, [article("a"), article("b")])

    values = signal.values([article(name) for name in "cdef"])["similar"]
    assert values[:3:2] == pytest.approx([1, 5.5 / np.sqrt(2 * 25.25)])
    assert np.isnan(values[[1, 3]]).all(), "less like the examples than nine in ten of them"


def scorer_with(folder: Path, half_width: float | None) -> FilterBaseScorer:
    """Return the trained filter, its intervals as wide as expected, or without any."""
    scorer = load_filter(folder)
    scorer.calibration = None
    if half_width is not None:
        widths = HalfWidths(np.empty(0), np.array([half_width]))
        names = scorer.config.dimension_names
        scorer.calibration = Calibration({}, dict.fromkeys([*names, AVERAGE], widths), names, "test")
    return scorer


@pytest.mark.parametrize("half_width", [None, 0.5, 2.0])
def test_the_filters_score_and_how_near_it_is_to_another_tier(trained: Trained, half_width: float | None) -> None:
    scorer = scorer_with(trained.folder, half_width)
    texts = [f"{'trees together measured ' * n} river road house day year" for n in range(12)]
    articles = [article(text) for text in [*texts, "buy now a house in the city on the road to the river"]]
    scores = scorer.score_batch(articles)

    values = ScoreSignal(scorer).values(articles)

    wide = half_width or 1.0
    assert scores[-1].prefilter_reason == "advert"
    assert np.isnan([values["high"][-1], values["uncertain"][-1]]).all()
    for score, high, doubt in zip(scores[:-1], values["high"], values["uncertain"], strict=False):
        average = score.weighted_average
        assert average is not None
        distance = min(abs(average - 4), abs(average - 7))
        assert high == pytest.approx(average if average + wide >= 4 else np.nan, nan_ok=True)
        assert doubt == pytest.approx(-distance / wide if distance <= wide else np.nan, nan_ok=True)
    assert len({bool(np.isnan(high)) for high in values["high"]}) == 2, "the examples hold both kinds"


def test_an_untrained_filter_is_embedded_by_its_base(garden: Path) -> None:
    from distillery import FilterConfig

    embed = embedding_function(FilterConfig.load(garden), garden, None)

    vectors = embed(["trees and flowers", "the city road"])
    assert vectors.shape[0] == 2
    assert np.isfinite(vectors).all()
