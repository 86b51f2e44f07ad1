"""Bad articles given to ``distillery score``: one clear error each, and the rest scored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import Result
from commands import CONTENT, FAILED, NAME, OK, TITLE, USAGE, article, as_line, json_records, names_in, score
from pyarrow import parquet

from distillery.scoring.scorer import FilterBaseScorer


@dataclass(frozen=True)
class Bad:
    """A line that holds no sound article, and what must be said of it, by the file's reader or by the filter."""

    kind: str
    line: bytes
    says: str
    unreadable: bool = False


def bad_article(kind: str, says: str, **fields: Any) -> Bad:
    """An article with an id of its own, so that the test finds its result."""
    return Bad(kind, as_line({"id": kind} | article(**fields)), says)


BAD = [
    Bad("missing title", as_line({"id": "missing title", "content": CONTENT}), "'title' is missing"),
    Bad("missing content", as_line({"id": "missing content", "title": TITLE}), "'content' is missing"),
    Bad("empty object", b"{}", "'title' is missing"),
    bad_article("null title", "'title' is missing", title=None),
    bad_article("null content", "'content' is missing", content=None),
    bad_article("empty title", "'title' is empty", title=""),
    bad_article("empty content", "'content' is empty", content=""),
    bad_article("blank content", "'content' is empty", content=" \t\r\n\u00a0\u200b"),
    bad_article("content of control characters", "'content' is empty", content="\x00\x01\x1f\x7f\ufeff"),
    bad_article("content of markup", "'content' is empty", content="<p><br/></p><script>x()</script>"),
    bad_article("title is a number", "'title' must be text, not int (7)", title=7),
    bad_article("title is NaN", "'title' is missing; an article needs a title and a content", title=float("nan")),
    bad_article("content is infinite", "'content' must be text, not float (inf)", content=float("inf")),
    bad_article("content is a bool", "'content' must be text, not bool (True)", content=True),
    bad_article("content is a list", "'content' must be text, not list", content=[CONTENT]),
    bad_article("content is an object", "'content' must be text, not dict", content={"text": CONTENT}),
    bad_article("text is a number", "'text' must be text, not int (1)", content=None, text=1),
    bad_article("url is a number", "'url' must be text or null, not int (5)", url=5),
    Bad("id is a list", as_line(article(id=[1])), "'id' must be text or a whole number, not list"),
    Bad("id is a fraction", as_line(article(id=1.5)), "'id' must be text or a whole number, not float (1.5)"),
    Bad("id is a bool", as_line(article(id=True)), "'id' must be text or a whole number, not bool (True)"),
    Bad("not UTF-8", b'{"title": "caf\xe9"}', "not UTF-8: invalid continuation byte at byte 14", unreadable=True),
    Bad("cut off", b'{"title": "a", "content": ', "not JSON: Expecting value", unreadable=True),
    Bad("raw control character", b'{"title": "a\x01b"}', "not JSON: Invalid control character", unreadable=True),
    Bad("two in a line", b"{}{}", "not JSON: Extra data", unreadable=True),
    Bad("deep nesting", b"[" * 100_000, "not JSON: ", unreadable=True),
    Bad("a list", b"[]", "not a JSON object, but list", unreadable=True),
    Bad("a string", b'"title"', "not a JSON object, but str", unreadable=True),
    Bad("null", b"null", "not a JSON object, but NoneType", unreadable=True),
    Bad("repeated id", as_line(article(id="good 0")), "Duplicate id 'good 0', first seen on line 1.", unreadable=True),
]
# Harmless, though unusual: these are scored like any other.
ODD = [
    article(id="good 0"),
    article(id="null fields", url=None, source=None, source_type=None, description=None, language=None),
    article(id="unknown fields", score=float("nan"), nested=[[[]]], tags=None),
    article(id="control characters", title="\x00vil\x07lage", content=f"\x1b[31m{CONTENT}\x00\u200b"),
    article(id="lone surrogates \ud800", title="\ud800 clinic", content=f"\udfff{CONTENT}"),
    article(id="text for content", content=None, text=CONTENT),
    article(id="日本語 🎉"),
    article(id=10**20),
    article(),
    article(id=None),
]


# One file with everything in it


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bad and odd articles by turns, blank lines between, in Windows' line ends with a byte-order mark."""
    path = tmp_path_factory.mktemp("mixed") / "mixed.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(mixed_lines()))
    return path


def mixed_lines() -> list[bytes]:
    lines = [as_line(ODD[0])]
    for index, bad in enumerate(BAD, start=1):
        lines += [bad.line, as_line(ODD[index]) if index < len(ODD) else b""]
    return lines


@pytest.fixture(scope="module")
def mixed_results(mixed: Path, bert_filter: Path) -> tuple[Result, list[dict[str, Any]]]:
    output = mixed.with_name("scored.jsonl")
    result = score(mixed, "--filter", bert_filter, "-o", output, "--format", "json")
    return result, json_records(output.read_text())


Mixed = tuple[Result, list[dict[str, Any]]]


def test_mixed_file_fails_in_part(mixed_results: Mixed) -> None:
    result, _ = mixed_results

    assert (result.exit_code, result.stderr) == (FAILED, "")


def test_mixed_file_gives_a_record_for_each_line_in_its_order(mixed_results: Mixed) -> None:
    _, records = mixed_results

    assert [record["id"] for record in records] == [usable_id(line) for line in mixed_lines() if line]


def usable_id(line: bytes) -> str | int | None:
    try:
        identifier = json.loads(line)["id"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    return identifier if type(identifier) in {str, int} else None


@pytest.mark.parametrize("index", range(len(BAD)), ids=[bad.kind for bad in BAD])
def test_each_bad_line_says_what_is_wrong(mixed_results: Mixed, index: int) -> None:
    bad = BAD[index]
    record = bad_record(mixed_results[1], index)

    if bad.unreadable:
        assert record["error"].startswith(bad.says)
        assert record["line"] == 2 + 2 * index
        assert record["results"] == {}
    else:
        found = record["results"][NAME]
        assert found["error"].startswith(bad.says)
        assert found["prefilter_reason"] == f"Invalid article: {found['error']}"
        assert (found["passed_prefilter"], found["scores"], found["tier"]) == (False, None, None)


def bad_record(records: list[dict[str, Any]], index: int) -> dict[str, Any]:
    """Return the record of a bad line: they stand between the good ones until those run out."""
    return records[1 + index + min(index, len(ODD) - 1)]


def test_the_rest_is_scored_as_if_alone(mixed_results: Mixed, bert_scorer: FilterBaseScorer) -> None:
    _, records = mixed_results
    good = [record for record in records if "error" not in record and not record["results"][NAME]["error"]]
    expected = bert_scorer.score_batch(ODD)

    assert [record["id"] for record in good] == [data.get("id") for data in ODD]
    for record, alone in zip(good, expected, strict=True):
        assert record["results"][NAME]["tier"] == alone.tier is not None
        assert record["results"][NAME]["scores"] == pytest.approx(alone.scores, abs=1e-5)


def test_summary_of_the_mixed_file_adds_up(mixed_results: Mixed) -> None:
    summary = json.loads(mixed_results[0].stdout)
    counts = summary["filters"][NAME]

    assert summary["articles"] == len(BAD) + len(ODD)
    assert summary["failed"] == len(BAD)
    assert sum(counts["tiers"].values()) + sum(counts["set_aside"].values()) == len(ODD)
    assert summary["failures"][0].startswith(
        "line 2: 'title' is missing; an article needs a title and a content. Found:"
    )


def test_mixed_file_as_parquet_says_the_same(mixed: Path, mixed_results: Mixed, bert_filter: Path) -> None:
    output = mixed.with_name("scored.parquet")

    result = score(mixed, "--filter", bert_filter, "-o", output, "--quiet")

    rows = parquet.read_table(output).to_pylist()
    assert (result.exit_code, result.stdout, result.stderr) == (FAILED, "", "")
    for record, row in zip(mixed_results[1], rows, strict=True):
        found = record["results"].get(NAME, {})
        assert row["error"] == record.get("error")
        assert row["tiny_filter_error"] == found.get("error")
        assert row["tiny_filter_weighted_average"] == found.get("weighted_average")
        assert row["tiny_filter_tier"] == found.get("tier")


# Bad rows of Parquet


def score_rows(folder: Path, bert_filter: Path, **columns: Any) -> tuple[Result, list[dict[str, Any]]]:
    path = folder / "articles.parquet"
    parquet.write_table(pa.table(columns), path)
    result = score(path, "--filter", bert_filter, "--quiet", "-o", folder / "scored.jsonl")
    return result, json_records((folder / "scored.jsonl").read_text())


def error_of(record: dict[str, Any]) -> str | None:
    """Return the error of a line, or else of the filter."""
    error: str | None = record["error"] if "error" in record else record["results"][NAME]["error"]
    return error


def test_bad_rows_are_told_and_the_rest_scored(tmp_path: Path, bert_filter: Path) -> None:
    result, records = score_rows(
        tmp_path,
        bert_filter,
        id=["a", "b", "c", None, "a", "f"],
        title=[TITLE, None, "", TITLE, TITLE, "\x00 clinic"],
        content=[CONTENT, CONTENT, CONTENT, CONTENT, CONTENT, f"{CONTENT}\x07"],
        url=[None, None, None, None, None, "https://example.org"],
    )

    assert result.exit_code == FAILED
    assert [record["id"] for record in records] == ["a", "b", "c", None, "a", "f"]
    assert [error_of(record) for record in records] == [
        None,
        "'title' is missing; an article needs a title and a content",
        "'title' is empty",
        None,
        "Duplicate id 'a', first seen in row 1.",
        None,
    ]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param([1, 2], "int64", id="integer"),
        pytest.param([1.5, float("nan")], "double", id="float"),
        pytest.param([True, False], "bool", id="bool"),
        pytest.param([["x"], ["y"]], "list", id="list"),
    ],
)
def test_a_column_of_a_wrong_type_is_refused_once(
    tmp_path: Path, bert_filter: Path, content: list[Any], kind: str
) -> None:
    path = tmp_path / "articles.parquet"
    parquet.write_table(pa.table({"title": [TITLE, TITLE], "content": content}), path)

    result = score(path, "--filter", bert_filter, "-o", tmp_path / "scored.jsonl")

    assert result.exit_code == USAGE
    assert f"the column 'content' is of the type {kind}" in result.stderr
    assert names_in(tmp_path) == ["articles.parquet"]


def test_texts_without_the_mark_of_utf8_are_read(tmp_path: Path, bert_filter: Path) -> None:
    content = pa.array([CONTENT.encode(), CONTENT.encode()], pa.binary())

    result, records = score_rows(tmp_path, bert_filter, title=[TITLE, TITLE], content=content)

    assert result.exit_code == OK
    assert [error_of(record) for record in records] == [None, None]


def test_text_of_parquet_that_is_not_utf8_is_an_error_on_its_row(tmp_path: Path, bert_filter: Path) -> None:
    content = pa.array([b"caf\xe9 " + CONTENT.encode(), CONTENT.encode()], pa.binary()).view(pa.string())

    result, records = score_rows(tmp_path, bert_filter, title=[TITLE, TITLE], content=content)

    assert result.exit_code == FAILED
    assert "not UTF-8" in (error_of(records[0]) or "")
    assert error_of(records[1]) is None
