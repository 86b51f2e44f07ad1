"""Golden scores: an installation that agrees with the release has no faults, any other names them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from distillery.errors import DistilleryError
from distillery.golden import GOLDEN_FILE, TOLERANCE, golden_faults, read_golden
from distillery.scoring.scorer import FilterBaseScorer

CopyOf = Callable[[Path], Path]


@pytest.fixture
def scorer(bert_filter: Path, copy_of: CopyOf) -> FilterBaseScorer:
    """A scorer whose folder a test may write into."""
    return FilterBaseScorer.from_folder(copy_of(bert_filter), backend="torch")


def records_of(scorer: FilterBaseScorer, articles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what a release would record of the articles, prefilter or not."""
    return [
        {
            "article": article,
            "scores": {name: round(value, 4) for name, value in (score.scores or {}).items()},
            "weighted_average": score.weighted_average,
            "tier": score.tier,
        }
        for article, score in zip(articles, scorer.score_batch(articles, prefilter=False), strict=True)
    ]


def write_golden(folder: Path, records: list[dict[str, Any]]) -> None:
    """Write records as the tools do, letters as they are."""
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    (folder / GOLDEN_FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def test_a_filter_without_golden_scores_has_no_faults(bert_scorer: FilterBaseScorer) -> None:
    assert read_golden(bert_scorer.filter_dir) == []
    assert golden_faults(bert_scorer) == []


def test_records_come_back_in_their_order(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [{"article": {"id": n, "title": "é", "content": "🎉"}} for n in range(3)]
    write_golden(tmp_path, records)

    assert read_golden(tmp_path) == records


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x7f"], ids=ascii)
def test_only_line_feeds_end_records(tmp_path: Path, character: str) -> None:
    """Articles hold such characters, and JSON leaves them as they are."""
    records: list[dict[str, Any]] = [{"article": {"id": "a", "title": f"a{character}b"}}]
    write_golden(tmp_path, records)

    assert read_golden(tmp_path) == records


def test_blank_lines_are_no_records(tmp_path: Path) -> None:
    (tmp_path / GOLDEN_FILE).write_text('\n{"article": {}}\n\n')

    assert read_golden(tmp_path) == [{"article": {}}]


@pytest.mark.parametrize("content", [b"{", b"\xff"], ids=["not JSON", "not UTF-8"])
def test_a_broken_file_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / GOLDEN_FILE).write_bytes(content)

    with pytest.raises(DistilleryError, match=GOLDEN_FILE):
        read_golden(tmp_path)


def test_the_same_scores_are_no_fault(scorer: FilterBaseScorer, articles: list[dict[str, Any]]) -> None:
    """The golden articles are read whatever the prefilter says of them."""
    short = {"id": "short", "title": "clinic", "content": "water"}
    assert not scorer.score_article(short).passed_prefilter
    write_golden(scorer.filter_dir, records_of(scorer, [*articles, short]))

    assert golden_faults(scorer) == []


@pytest.mark.parametrize(
    ("distance", "n_faults"), [(TOLERANCE - 0.01, 0), (TOLERANCE + 0.01, 1), (-TOLERANCE - 0.01, 1)]
)
def test_a_score_that_is_off_is_a_fault(
    scorer: FilterBaseScorer, articles: list[dict[str, Any]], distance: float, n_faults: int
) -> None:
    records = records_of(scorer, articles[:3])
    found = records[1]["scores"]["proof"]
    records[1]["scores"]["proof"] = found + distance
    write_golden(scorer.filter_dir, records)

    faults = golden_faults(scorer)

    assert len(faults) == n_faults
    assert all(fault.startswith("1: proof is ") and f"scored {found + distance}" in fault for fault in faults)


def test_the_tolerance_may_be_tighter(scorer: FilterBaseScorer, articles: list[dict[str, Any]]) -> None:
    records = records_of(scorer, articles[:2])
    for record in records:
        record["scores"] = {name: value + 0.01 for name, value in record["scores"].items()}
    write_golden(scorer.filter_dir, records)

    assert golden_faults(scorer) == []
    assert len(golden_faults(scorer, tolerance=0.001)) == 6


def test_an_article_without_scores_is_a_fault_of_each_dimension(
    scorer: FilterBaseScorer, articles: list[dict[str, Any]]
) -> None:
    records = records_of(scorer, articles[:1])
    records[0]["article"] = {"id": "empty", "title": "", "content": ""}
    write_golden(scorer.filter_dir, records)

    assert [fault.partition(",")[0] for fault in golden_faults(scorer)] == [
        f"empty: {name} is None" for name in ("reach", "proof", "lasting")
    ]


def test_a_dimension_that_is_no_more_is_a_fault(scorer: FilterBaseScorer, articles: list[dict[str, Any]]) -> None:
    records = records_of(scorer, articles[:1])
    records[0]["scores"]["beauty"] = 5.0
    write_golden(scorer.filter_dir, records)

    assert golden_faults(scorer) == ["0: beauty is None, the release scored 5.0"]


def test_an_article_needs_no_id(scorer: FilterBaseScorer, articles: list[dict[str, Any]]) -> None:
    nameless = {field: value for field, value in articles[0].items() if field != "id"}
    records = records_of(scorer, [nameless])
    records[0]["scores"]["reach"] += 1.0
    write_golden(scorer.filter_dir, records)

    (fault,) = golden_faults(scorer)

    assert "reach is " in fault
