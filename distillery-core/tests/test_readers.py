"""ArticleReader on JSON lines: each line an article or the reason it is none, in chunks of bounded size."""

from __future__ import annotations

import io
import json
import re
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from article_files import ARTICLE, all_lines, json_line

from distillery.errors import InputFileError
from distillery.io import ArticleReader, Line, readers

BOM = b"\xef\xbb\xbf"
LINE = json.dumps(ARTICLE).encode()

ReadLines = Callable[[bytes], list[Line]]


@pytest.fixture
def read_lines(tmp_path: Path) -> ReadLines:
    """A function that reads a file of these bytes."""

    def read(content: bytes) -> list[Line]:
        path = tmp_path / "articles.jsonl"
        path.write_bytes(content)
        return all_lines(path)

    return read


# JSON lines: what is read


def test_lines_are_read_in_order_with_their_numbers(read_lines: ReadLines) -> None:
    lines = read_lines(json_line(id=7) + json_line(id="b", extra=[1]))

    assert [(line.number, line.id, line.error) for line in lines] == [(1, 7, None), (2, "b", None)]
    assert lines[0].data == ARTICLE | {"id": 7}


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        pytest.param(LINE, [1], id="no line end"),
        pytest.param(BOM + LINE + b"\n", [1], id="byte-order mark"),
        pytest.param(LINE + b"\r\n", [1], id="CRLF"),
        pytest.param(b"\n \t\r\n" + LINE + b"\n\n\n", [3], id="blank lines are counted but not read"),
        pytest.param(BOM + b"\r\n" + LINE + b"\r\n", [2], id="byte-order mark on a blank line"),
        pytest.param(b"  " + LINE + b"  \n", [1], id="space around"),
        pytest.param(b"\n\n", [], id="blank lines only"),
        pytest.param(b"", [], id="empty"),
        pytest.param(BOM, [], id="byte-order mark only"),
    ],
)
def test_harmless_variants(read_lines: ReadLines, content: bytes, numbers: list[int]) -> None:
    lines = read_lines(content)

    assert [line.number for line in lines] == numbers
    assert all(line.data == ARTICLE and line.error is None for line in lines)


def test_files_joined_by_cat_keep_their_byte_order_marks(read_lines: ReadLines) -> None:
    lines = read_lines(BOM + json_line(id=1) + BOM + json_line(id=2))

    assert [line.error for line in lines] == [None, None]


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x7f", "\r"])
def test_only_line_feeds_end_lines(read_lines: ReadLines, character: str) -> None:
    lines = read_lines(
        json.dumps(ARTICLE | {"title": f"a{character}b"}, ensure_ascii=character == "\r").encode() + b"\n"
    )

    assert [line.data for line in lines] == [ARTICLE | {"title": f"a{character}b"}]


# JSON lines: what is wrong


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b"{", "not JSON: .*", id="cut off"),
        pytest.param(b"hello", "not JSON: .*", id="text"),
        pytest.param(b'{"title": "a\tb"}', "not JSON: Invalid control character.*", id="raw control character"),
        pytest.param(LINE + b" " + LINE, "not JSON: Extra data.*", id="two objects"),
        pytest.param(b"[" * 100_000, "not JSON: .*", id="deep nesting, cut off"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "not JSON: .*", id="deep nesting"),
        pytest.param(b'{"a": ' * 50_000 + b"1" + b"}" * 50_000, "not JSON: .*", id="deep objects"),
        pytest.param(b'{"id": ' + b"9" * 5000 + b"}", "not JSON: .*", id="number of 5000 digits"),
        pytest.param(b'{"title": "\xff"}', "not UTF-8: invalid start byte at byte 11", id="not UTF-8"),
        pytest.param(b'{"title": "caf\xe9"}', "not UTF-8: .* at byte 14", id="Latin-1"),
        pytest.param(b'"title"', "not a JSON object, but str", id="string"),
        pytest.param(b"[]", "not a JSON object, but list", id="list"),
        pytest.param(b"null", "not a JSON object, but NoneType", id="null"),
        pytest.param(b"NaN", "not a JSON object, but float", id="NaN"),
        pytest.param(b"true", "not a JSON object, but bool", id="true"),
    ],
)
def test_unreadable_line_says_why_and_the_next_is_read(read_lines: ReadLines, content: bytes, error: str) -> None:
    bad, good = read_lines(content + b"\n" + LINE)

    assert (bad.number, bad.id, bad.data) == (1, None, None)
    assert re.fullmatch(error, bad.error or "")
    assert (good.number, good.data, good.error) == (2, ARTICLE, None)


def test_nesting_that_json_can_hold_is_no_error(read_lines: ReadLines) -> None:
    (line,) = read_lines(b'{"title": "a", "content": "b", "deep": ' + b"[" * 200 + b"]" * 200 + b"}")

    assert line.error is None


# Ids


@pytest.mark.parametrize(
    "identifier",
    [0, -1, 10**30, "", " ", "7", "é", "日本語", "🎉", "a\u0000b", "\ud800", "\udfff\ud800", "x" * 100_000],
    ids=lambda value: repr(value)[:20],
)
def test_usable_ids_are_kept_as_they_are(read_lines: ReadLines, identifier: str | int) -> None:
    first, second = read_lines(json_line(id=identifier) * 2)

    assert (first.id, first.error) == (identifier, None)
    assert type(first.id) is type(identifier)
    assert second.error == f"Duplicate id {identifier!r}, first seen on line 1."


@pytest.mark.parametrize("identifier", [None, 1.5, float("nan"), float("inf"), [1], {"a": 1}, True, False])
def test_unusable_ids_are_left_to_the_scorer(read_lines: ReadLines, identifier: Any) -> None:
    lines = read_lines(json_line(id=identifier) * 2)

    assert [(line.id, line.error) for line in lines] == [(None, None)] * 2


def test_missing_ids_do_not_repeat_each_other(read_lines: ReadLines) -> None:
    lines = read_lines(b'{"title": "a", "content": "b"}\n' * 3)

    assert [(line.id, line.error) for line in lines] == [(None, None)] * 3


def test_repeated_ids_name_the_first_line(read_lines: ReadLines) -> None:
    lines = read_lines(json_line(id="a") + b"\n" + json_line(id="b") + json_line(id="a") + json_line(id="a"))

    assert [line.number for line in lines] == [1, 3, 4, 5]
    assert [line.error for line in lines] == [None, None, *["Duplicate id 'a', first seen on line 1."] * 2]
    assert [line.id for line in lines] == ["a", "b", "a", "a"]


def test_number_and_text_are_one_id(read_lines: ReadLines) -> None:
    """A Parquet file of results could not distinguish them."""
    lines = read_lines(json_line(id=1) + json_line(id="1") + json_line(id="01"))

    assert [line.error for line in lines] == [None, "Duplicate id '1', first seen on line 1.", None]


def test_unreadable_line_takes_no_id(read_lines: ReadLines) -> None:
    lines = read_lines(b'{"id": "a", "title": \n' + json_line(id="a"))

    assert lines[1].error is None


def test_a_file_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_bytes(LINE)
    reader = ArticleReader(path)

    assert [[line.error for chunk in reader.chunks() for line in chunk.lines] for _ in range(2)] == [[None], [None]]


# Chunks


def test_chunk_tells_articles_from_unreadable_lines(tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_bytes(json_line(id=1) + b"{\n" + json_line(id=1) + json_line(id=2))

    (chunk,) = ArticleReader(path).chunks()

    assert [line.number for line in chunk.lines] == [1, 2, 3, 4]
    assert [line.number for line in chunk.readable] == [1, 4]
    assert [article["id"] for article in chunk.articles] == [1, 2]


@pytest.mark.parametrize("n_lines", [0, 1, 511, 512, 513, 1500])
def test_chunks_are_full_but_the_last(tmp_path: Path, n_lines: int) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_bytes(b"".join(json_line(id=n) for n in range(n_lines)))

    chunks = list(ArticleReader(path).chunks())

    assert [line.id for chunk in chunks for line in chunk.lines] == list(range(n_lines))
    assert all(len(chunk.lines) == readers.CHUNK_LINES for chunk in chunks[:-1])
    assert all(chunk.lines for chunk in chunks)


def test_chunks_of_long_lines_are_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound, length = 2**20, 100_000
    monkeypatch.setattr(readers, "CHUNK_BYTES", bound)
    path = tmp_path / "articles.jsonl"
    path.write_bytes(b"".join(json_line(id=n, content="x" * length) for n in range(50)))

    chunks = list(ArticleReader(path).chunks())

    assert [line.id for chunk in chunks for line in chunk.lines] == list(range(50))
    assert all(bound <= chunk.size < bound + 2 * length for chunk in chunks[:-1])


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = {}
    for n_lines in (2_000, 20_000):
        path = tmp_path / f"{n_lines}.jsonl"
        path.write_bytes(b"".join(json_line(id=f"article-{n}", number=n) for n in range(n_lines)))
        peaks[n_lines] = peak_of(path)

    assert peaks[20_000] < 1.5 * peaks[2_000]


def peak_of(path: Path) -> int:
    """Return the most memory that reading a file took, in bytes, as Python counts it."""
    tracemalloc.start()
    try:
        for _ in ArticleReader(path).chunks():
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# Sizes, for progress


def test_total_of_json_lines_is_in_bytes(tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_bytes(json_line(id=1) + b"{broken\n" + json_line(id=1))
    reader = ArticleReader(path)

    assert reader.total == path.stat().st_size == sum(chunk.size for chunk in reader.chunks())


def test_standard_input_has_no_total_and_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BOM + json_line(id=1) + b"\xff\n" + json_line(id=2))))
    reader = ArticleReader(Path("-"))

    (chunk,) = reader.chunks()

    assert reader.total is None
    assert [(line.number, line.id) for line in chunk.lines] == [(1, 1), (2, None), (3, 2)]


# Files that cannot be read


@pytest.mark.parametrize(
    ("name", "reason"),
    [("absent.jsonl", "No such file"), ("a" * 300, "too long"), ("file/articles.jsonl", "")],
)
def test_file_that_cannot_be_opened_is_refused_at_once(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / name

    with pytest.raises(InputFileError, match=f"^{re.escape(str(path))} cannot be read: .*{reason}.*\\.$"):
        ArticleReader(path)
