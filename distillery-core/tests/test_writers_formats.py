"""Result files carry the same facts as JSON lines and as Parquet."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from commands import names_in
from pyarrow import parquet
from result_files import DIMENSIONS, FORMATS, SOURCES, a_filter, a_line, json_records, parquet_rows, write

from distillery.io import Chunk, Line, read_records
from distillery.io.lines import Origin
from distillery.results import open_results
from distillery.scoring.score import STAGE_2, Provenance, Score
from distillery.scoring.scorer import FilterBaseScorer

# JSON lines


def test_json_record_is_id_and_results(tmp_path: Path, scored: Score) -> None:
    path = tmp_path / "scored.jsonl"

    write(path, [a_line("a")], [scored])

    assert json_records(path) == [{"id": "a", "results": {"tiny-filter": scored.to_dict()}}]


def test_json_lines_keep_the_order_and_tell_unreadable_lines(
    tmp_path: Path, scored: Score, blocked: Score, invalid: Score
) -> None:
    path = tmp_path / "scored.jsonl"
    lines = [
        a_line(1),
        Line(2, None, "not JSON: no"),
        a_line(3, number=4),
        a_line(1, number=5, error="again"),
        a_line(None, number=6),
    ]

    write(path, lines, [scored, blocked, invalid])

    assert json_records(path) == [
        {"id": 1, "results": {"tiny-filter": scored.to_dict()}},
        {"id": None, "line": 2, "error": "not JSON: no", "results": {}},
        {"id": 3, "results": {"tiny-filter": blocked.to_dict()}},
        {"id": 1, "line": 5, "error": "again", "results": {}},
        {"id": None, "results": {"tiny-filter": invalid.to_dict()}},
    ]


def test_json_record_holds_every_filter(tmp_path: Path, scored: Score, blocked: Score) -> None:
    path = tmp_path / "scored.jsonl"

    write(path, [a_line("a")], [scored], [blocked], filters=("tiny-filter", "other"))

    (record,) = json_records(path)
    assert record["results"] == {"tiny-filter": scored.to_dict(), "other": blocked.to_dict()}


@pytest.mark.parametrize("identifier", ["é", "日本語", "🎉", "\ud800", "a\nb\u2028c\x00", "", 0, -1, 10**30])
def test_json_ids_come_back_as_they_were(tmp_path: Path, scored: Score, identifier: str | int) -> None:
    path = tmp_path / "scored.jsonl"

    write(path, [a_line(identifier)], [scored])

    content = path.read_bytes()
    assert content.isascii()
    assert content.count(b"\n") == 1
    assert json.loads(content)["id"] == identifier


def test_a_number_that_json_does_not_have_is_never_written(tmp_path: Path, provenance: Provenance) -> None:
    score = Score(provenance, passed_prefilter=True, weighted_average=float("nan"))

    with pytest.raises(ValueError, match="not JSON compliant"):
        write(tmp_path / "scored.jsonl", [a_line("a")], [score])

    assert names_in(tmp_path) == []


def test_standard_output_takes_json_lines_at_once(scored: Score, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(stream))

    with open_results(None, SOURCES) as results:
        results.start([a_filter("tiny-filter")])
        results.write(Chunk([a_line("é")]), [[scored]])

    assert json.loads(stream.getvalue()) == {"id": "é", "results": {"tiny-filter": scored.to_dict()}}


# Parquet


def test_parquet_has_one_column_a_fact(tmp_path: Path, scored: Score) -> None:
    path = tmp_path / "scored.parquet"

    write(path, [a_line("a")], [scored], filters=("investment-risk",))

    text, number, flag = pa.string(), pa.float64(), pa.bool_()
    assert {field.name: field.type for field in parquet.read_schema(path)} == {
        "id": text,
        "line": pa.int64(),
        "file": text,
        "error": text,
        "investment_risk_passed_prefilter": flag,
        "investment_risk_prefilter_reason": text,
        "investment_risk_weighted_average": number,
        "investment_risk_weighted_average_low": number,
        "investment_risk_weighted_average_high": number,
        "investment_risk_tier": text,
        "investment_risk_confidence": number,
        "investment_risk_positive_probability": number,
        "investment_risk_flags": text,
        "investment_risk_probability_high": number,
        "investment_risk_probability_medium": number,
        "investment_risk_gatekeeper_applied": flag,
        "investment_risk_stage_used": text,
        "investment_risk_stage1_estimate": number,
        "investment_risk_score_reach": number,
        "investment_risk_score_reach_low": number,
        "investment_risk_score_reach_high": number,
        "investment_risk_score_proof": number,
        "investment_risk_score_proof_low": number,
        "investment_risk_score_proof_high": number,
        "investment_risk_score_lasting": number,
        "investment_risk_score_lasting_low": number,
        "investment_risk_score_lasting_high": number,
        "investment_risk_error": text,
        "investment_risk_version": text,
        "investment_risk_student": text,
        "investment_risk_weights_sha256": text,
        "investment_risk_backend": text,
        "investment_risk_operating_point": text,
    }


def test_parquet_row_has_the_numbers_of_the_score(tmp_path: Path, scored: Score) -> None:
    path = tmp_path / "scored.parquet"

    intervals = {"reach": (0.0, 1.5), "weighted_average": (3.5, 5.0)}
    probabilities = {"high": 0.1, "medium": 0.75, "low": 1.0}
    score = replace(
        scored,
        stage_used=STAGE_2,
        stage1_estimate=2.25,
        intervals=intervals,
        tier_probabilities=probabilities,
        positive_probability=0.75,
        confidence=0.65,
        flags=("short_text", "unfamiliar_text"),
    )
    write(path, [a_line(7, number=3)], [score])

    assert parquet_rows(path) == [
        {
            "id": "7",
            "line": 3,
            "file": None,
            "error": None,
            "tiny_filter_passed_prefilter": True,
            "tiny_filter_prefilter_reason": None,
            "tiny_filter_weighted_average": 4.123456789,
            "tiny_filter_weighted_average_low": 3.5,
            "tiny_filter_weighted_average_high": 5.0,
            "tiny_filter_tier": "medium",
            "tiny_filter_confidence": 0.65,
            "tiny_filter_positive_probability": 0.75,
            "tiny_filter_flags": "short_text unfamiliar_text",
            "tiny_filter_probability_high": 0.1,
            "tiny_filter_probability_medium": 0.75,
            "tiny_filter_gatekeeper_applied": True,
            "tiny_filter_stage_used": "stage2",
            "tiny_filter_stage1_estimate": 2.25,
            "tiny_filter_score_reach": 0.1 + 0.2,
            "tiny_filter_score_reach_low": 0.0,
            "tiny_filter_score_reach_high": 1.5,
            "tiny_filter_score_proof": 10.0,
            "tiny_filter_score_proof_low": None,
            "tiny_filter_score_proof_high": None,
            "tiny_filter_score_lasting": 1e-300,
            "tiny_filter_score_lasting_low": None,
            "tiny_filter_score_lasting_high": None,
            "tiny_filter_error": None,
            "tiny_filter_version": "1.2.3",
            "tiny_filter_student": scored.provenance.student,
            "tiny_filter_weights_sha256": scored.provenance.weights_sha256,
            "tiny_filter_backend": scored.provenance.backend,
            "tiny_filter_operating_point": None,
        }
    ]


def test_parquet_leaves_what_is_not_known_empty(tmp_path: Path, scored: Score, blocked: Score, invalid: Score) -> None:
    path = tmp_path / "scored.parquet"
    lines = [a_line("b"), Line(2, None, "not JSON: no"), a_line(None, number=3), a_line("s", number=4)]

    write(path, lines, [blocked, invalid, scored])

    known = [{name for name, value in row.items() if value is not None} for row in parquet_rows(path)]
    origin = ("version", "student", "weights_sha256", "backend")
    always = {"line", *(f"tiny_filter_{fact}" for fact in ("passed_prefilter", "gatekeeper_applied", *origin))}
    assert known[0] == always | {"id", "tiny_filter_prefilter_reason"}
    assert known[1] == {"line", "error"}
    assert known[2] == always | {"tiny_filter_prefilter_reason", "tiny_filter_error"}
    facts = ("weighted_average", "tier", *(f"score_{name}" for name in DIMENSIONS))
    assert known[3] == always | {"id", *(f"tiny_filter_{fact}" for fact in facts)}


def test_parquet_has_columns_for_every_filter(tmp_path: Path, scored: Score, blocked: Score) -> None:
    path = tmp_path / "scored.parquet"

    write(path, [a_line("a")], [scored], [blocked], filters=("tiny-filter", "other"))

    (row,) = parquet_rows(path)
    assert (row["tiny_filter_tier"], row["other_tier"]) == ("medium", None)
    assert (row["tiny_filter_prefilter_reason"], row["other_prefilter_reason"]) == (None, "corporate_finance")


@pytest.mark.parametrize(
    ("identifier", "text"),
    [("é", "é"), ("🎉", "🎉"), ("\ud800x", "?x"), ("a\x00b", "a\x00b"), (10**30, str(10**30)), (None, None)],
)
def test_parquet_ids_are_text_that_utf8_can_hold(
    tmp_path: Path, scored: Score, identifier: str | int | None, text: str | None
) -> None:
    path = tmp_path / "scored.parquet"

    write(path, [a_line(identifier)], [scored])

    assert [row["id"] for row in parquet_rows(path)] == [text]


@pytest.mark.parametrize("name", FORMATS)
def test_chunk_of_unreadable_lines_is_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name

    write(path, [Line(1, None, "not UTF-8"), Line(2, None, "not JSON: no")], [])

    records = json_records(path) if path.suffix == ".jsonl" else parquet_rows(path)
    assert [record["line"] for record in records] == [1, 2]


# Both


def test_real_scorer_fits_the_writers(tmp_path: Path, bert_scorer: FilterBaseScorer, articles: list[Any]) -> None:
    """Both formats carry the same numbers."""
    scores = bert_scorer.score_batch(articles)
    lines = [Line(number, article) for number, article in enumerate(articles, start=1)]
    for name in FORMATS:
        with open_results(tmp_path / name, SOURCES) as results:
            results.start([bert_scorer])
            results.write(Chunk(lines), [scores])

    records, rows = json_records(tmp_path / FORMATS[0]), parquet_rows(tmp_path / FORMATS[1])
    assert len(records) == len(articles)
    for record, row in zip(records, rows, strict=True):
        result = record["results"]["tiny-filter"]
        assert row["id"] == str(record["id"])
        assert row["tiny_filter_weighted_average"] == result["weighted_average"]
        assert row["tiny_filter_prefilter_reason"] == result["prefilter_reason"]
        assert [row[f"tiny_filter_score_{name}"] for name in DIMENSIONS] == [
            (result["scores"] or {}).get(name) for name in DIMENSIONS
        ]


# CSV and compressed files


def test_csv_carries_the_columns_and_values_of_parquet(
    tmp_path: Path, scored: Score, blocked: Score, invalid: Score
) -> None:
    lines = [a_line('a,"b"\nc'), a_line(7, number=2), a_line(None, number=3), Line(4, None, "not JSON: no")]
    for name in ("scored.parquet", "scored.csv", "scored.tsv"):
        write(tmp_path / name, lines, [scored, blocked, invalid])

    rows = parquet_rows(tmp_path / "scored.parquet")
    for name, delimiter in (("scored.csv", ","), ("scored.tsv", "\t")):
        with (tmp_path / name).open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file, delimiter=delimiter))
        assert found == [{column: _in_csv(value) for column, value in row.items()} for row in rows]


def _in_csv(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("name", ["scored.jsonl.gz", "scored.jsonl.zst", "scored.ndjson.GZ"])
def test_compressed_json_lines_hold_what_plain_ones_hold(tmp_path: Path, scored: Score, name: str) -> None:
    for target in ("scored.jsonl", name):
        write(tmp_path / target, [a_line(n) for n in range(1000)], [scored] * 1000)

    assert list(read_records(tmp_path / name)) == json_records(tmp_path / "scored.jsonl")
    assert (tmp_path / name).stat().st_size < (tmp_path / "scored.jsonl").stat().st_size / 10


def test_the_file_of_a_line_is_named_where_there_are_several(tmp_path: Path, scored: Score) -> None:
    origin = Origin("b.jsonl")
    lines = [Line(1, {"id": "a"}, origin=origin), Line(2, None, "not JSON: no", origin=origin)]
    for name in FORMATS:
        write(tmp_path / name, lines, [scored])

    assert json_records(tmp_path / FORMATS[0])[1]["file"] == "b.jsonl"
    assert [row["file"] for row in parquet_rows(tmp_path / FORMATS[1])] == ["b.jsonl"] * 2
