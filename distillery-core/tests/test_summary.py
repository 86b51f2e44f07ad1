"""Summary: what became of the articles, in counts that add up."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from distillery.io import Chunk, Line
from distillery.scoring.score import Provenance, Score
from distillery.scoring.scorer import FilterBaseScorer
from distillery.summary import MAX_EXAMPLES, Summary

TIERS = ("high", "medium", "low")
PROVENANCE = Provenance("tiny-filter", "1.2.3", "1.0.0", "compact", "1" * 64, None, "torch-float32")


def a_filter(name: str = "tiny-filter") -> Any:
    """Stand in for a scorer, as far as a summary looks at it."""
    tiers = [SimpleNamespace(name=tier) for tier in TIERS]
    config = SimpleNamespace(name=name, version="1.2.3", tiers=tiers)
    return SimpleNamespace(config=config, provenance=SimpleNamespace(backend="torch-float32"))


def chunk_of(n_lines: int, *, broken: tuple[int, ...] = (), first: int = 1) -> Chunk:
    """Return lines from the number ``first`` on; those at the positions ``broken`` hold no article."""
    return Chunk(
        [
            Line(first + index, None if index in broken else {}, "not JSON" if index in broken else None)
            for index in range(n_lines)
        ]
    )


def scored(tier: str) -> Score:
    return Score(PROVENANCE, passed_prefilter=True, tier=tier, weighted_average=5.0)


def blocked(reason: str) -> Score:
    return Score.make_blocked(PROVENANCE, reason)


def invalid(error: str) -> Score:
    return Score.make_invalid(PROVENANCE, error)


def failed(error: str) -> Score:
    return Score.make_failed(PROVENANCE, error)


def test_an_empty_run_has_every_tier_at_zero() -> None:
    assert Summary([a_filter()]).to_dict() == {
        "articles": 0,
        "failed": 0,
        "failures": [],
        "filters": {"tiny-filter": {"tiers": {"high": 0, "medium": 0, "low": 0}, "set_aside": {}, "highest": []}},
    }


def test_counts_add_up_over_chunks() -> None:
    summary = Summary([a_filter()])

    summary.add(chunk_of(3, broken=(1,)), [[scored("high"), blocked("corporate_finance")]])
    summary.add(chunk_of(3, first=4), [[scored("low"), scored("high"), invalid("'title' is empty")]])

    data = summary.to_dict()
    assert len(data["filters"]["tiny-filter"].pop("highest")) == 3
    assert data == {
        "articles": 6,
        "failed": 2,
        "failures": ["line 2: not JSON", "line 6: 'title' is empty"],
        "filters": {
            "tiny-filter": {"tiers": {"high": 2, "medium": 0, "low": 1}, "set_aside": {"corporate_finance": 1}}
        },
    }


def test_a_title_cannot_command_the_terminal() -> None:
    """Titles are third-party text: escape sequences and lone surrogates are not printed."""
    summary = Summary([a_filter()])

    summary.add(Chunk([Line(1, {"title": "\x1b[2Jspring\ud800 in <b>Arden</b>"})]), [[scored("high")]])

    ((_, highest),) = summary.highest()
    assert highest == [(5.0, "[2Jspring in Arden")]


def test_an_article_of_any_length_counts_under_one_reason() -> None:
    summary = Summary([a_filter()])

    summary.add(chunk_of(3), [[blocked(f"content_too_short_{length}chars") for length in (0, 18, 299)]])

    assert summary.to_dict()["filters"]["tiny-filter"]["set_aside"] == {"content_too_short_nchars": 3}


def test_an_article_that_fails_is_not_set_aside() -> None:
    summary = Summary([a_filter()])

    summary.add(chunk_of(2), [[invalid("'title' is missing"), failed("out of memory")]])

    assert summary.n_failed == 2
    assert summary.to_dict()["filters"]["tiny-filter"] == {
        "tiers": dict.fromkeys(TIERS, 0),
        "set_aside": {},
        "highest": [],
    }


def test_an_article_that_fails_in_two_filters_failed_once() -> None:
    summary = Summary([a_filter("one"), a_filter("two")])

    summary.add(chunk_of(1), [[invalid("'title' is missing")], [invalid("'title' is missing")]])

    assert (summary.n_lines, summary.n_failed) == (1, 1)
    assert summary.examples_of_failure == ["line 1: 'title' is missing"]


def test_an_article_that_fails_in_one_filter_failed() -> None:
    summary = Summary([a_filter("one"), a_filter("two")])

    summary.add(chunk_of(1), [[scored("high")], [failed("out of memory")]])

    filters = summary.to_dict()["filters"]
    assert summary.n_failed == 1
    assert [sum(filters[name]["tiers"].values()) for name in ("one", "two")] == [1, 0]


def test_examples_of_failure_are_the_first_lines_of_the_file() -> None:
    summary = Summary([a_filter()])
    untitled = invalid("'title' is missing")

    summary.add(chunk_of(4, broken=(1, 3)), [[untitled, untitled]])
    for start in (5, 9):
        summary.add(chunk_of(4, broken=(1, 3), first=start), [[untitled, untitled]])

    assert summary.n_failed == 12
    assert len(summary.examples_of_failure) == MAX_EXAMPLES
    assert [text.partition(":")[0] for text in summary.examples_of_failure] == [f"line {n}" for n in range(1, 6)]


def test_tables_show_tiers_in_their_order_then_reasons_by_number() -> None:
    summary = Summary([a_filter()])
    scores_of_chunk = [
        scored("low"),
        *[blocked("shopping")] * 2,
        blocked("finance"),
        *[scored("high")] * 4,
    ]

    summary.add(chunk_of(8), [scores_of_chunk])

    assert summary.tables() == [
        (
            "tiny-filter 1.2.3 (torch-float32)",
            [
                ("high", 4, "50.0%"),
                ("medium", 0, "0.0%"),
                ("low", 1, "12.5%"),
                ("set aside: shopping", 2, "25.0%"),
                ("set aside: finance", 1, "12.5%"),
            ],
        )
    ]


def test_each_filter_has_its_table() -> None:
    summary = Summary([a_filter("one"), a_filter("two")])

    summary.add(chunk_of(1), [[scored("high")], [scored("low")]])

    assert [title.partition(" ")[0] for title, _ in summary.tables()] == ["one", "two"]


def test_each_filter_must_have_scored_each_article() -> None:
    with pytest.raises(ValueError, match="zip"):
        Summary([a_filter()]).add(chunk_of(2), [[scored("high")]])


def test_real_scorer_gives_counts_for_json(bert_scorer: FilterBaseScorer, articles: list[dict[str, Any]]) -> None:
    summary = Summary([bert_scorer])
    lines = [Line(number, article) for number, article in enumerate(articles, start=1)]

    summary.add(Chunk(lines), [bert_scorer.score_batch(articles)])

    averages = [score.weighted_average or 0.0 for score in bert_scorer.score_batch(articles)]
    data = json.loads(json.dumps(summary.to_dict()))
    highest = data["filters"]["tiny-filter"]["highest"]
    assert [entry["weighted_average"] for entry in highest] == sorted(averages, reverse=True)[:3]
    counts = data["filters"]["tiny-filter"]
    assert list(counts["tiers"]) == list(TIERS)
    assert sum(counts["tiers"].values()) + sum(counts["set_aside"].values()) == data["articles"] == len(articles)
