"""ArticleReader on Parquet files: each row an article or the reason it is none, in chunks of bounded size."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from article_files import TEXTS, all_lines
from pyarrow import parquet

from distillery.errors import InputFileError
from distillery.io import ArticleReader, readers

NOT_UTF8 = pa.array([b"caf\xe9", b"river bank"], pa.binary()).view(pa.string())

WriteParquet = Callable[..., Path]


@pytest.fixture
def write_parquet(tmp_path: Path) -> WriteParquet:
    """A function that writes columns as a Parquet file."""

    def write(columns: dict[str, Any], **options: Any) -> Path:
        path = tmp_path / "articles.parquet"
        parquet.write_table(pa.table(columns), path, **options)
        return path

    return write


def test_rows_are_read_in_order(write_parquet: WriteParquet) -> None:
    lines = all_lines(write_parquet(TEXTS | {"id": ["a", "b"]}))

    assert [(line.number, line.id, line.error) for line in lines] == [(1, "a", None), (2, "b", None)]
    assert lines[1].data == {"id": "b", "title": "court", "content": "river bank"}


def test_rows_are_read_across_row_groups(write_parquet: WriteParquet) -> None:
    columns = {"id": list(range(700)), "title": ["a"] * 700, "content": ["b"] * 700}

    lines = all_lines(write_parquet(columns, row_group_size=150))

    assert [(line.number, line.id) for line in lines] == [(n + 1, n) for n in range(700)]


def test_unknown_columns_are_not_read(write_parquet: WriteParquet) -> None:
    (line, _) = all_lines(write_parquet(TEXTS | {"embedding": [[1.0], [2.0]], "url": ["u", None]}))

    assert line.data == {"title": "clinic", "content": "shared water", "url": "u"}


def test_text_stands_in_for_content(write_parquet: WriteParquet) -> None:
    lines = all_lines(write_parquet({"title": ["a"], "text": ["b"]}))

    assert [line.data for line in lines] == [{"title": "a", "text": "b"}]


def test_suffix_may_be_in_capitals(write_parquet: WriteParquet) -> None:
    path = write_parquet(TEXTS)

    assert len(all_lines(path.rename(path.with_suffix(".PARQUET")))) == 2


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(pa.array(["x", "y"]).dictionary_encode(), id="dictionary"),
        pytest.param(pa.array(["x", "y"], pa.large_string()), id="large string"),
        pytest.param(pa.array(["x", "y"], pa.string_view()), id="string view"),
    ],
)
def test_every_type_of_text_column_is_read(write_parquet: WriteParquet, content: pa.Array) -> None:
    lines = all_lines(write_parquet(TEXTS | {"content": content}))

    assert [line.data["content"] for line in lines if line.data] == ["x", "y"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param([1, 2], "int64", id="integer"),
        pytest.param([1.5, None], "double", id="float"),
        pytest.param([True, False], "bool", id="bool"),
        pytest.param(pa.array([None, None]), "holds no values", id="null"),
        pytest.param([["x"], []], "list", id="list"),
        pytest.param([{"a": "x"}, None], "struct", id="struct"),
        pytest.param([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * 2, "timestamp", id="timestamp"),
    ],
)
def test_a_column_of_a_wrong_type_is_refused_at_once(write_parquet: WriteParquet, content: Any, kind: str) -> None:
    path = write_parquet(TEXTS | {"content": content})

    with pytest.raises(InputFileError, match=f"articles.parquet: the column 'content' .*{kind}"):
        ArticleReader(path)


@pytest.mark.parametrize("field", ["title", "content", "url"])
def test_row_that_is_not_utf8_says_so_and_the_next_is_read(write_parquet: WriteParquet, field: str) -> None:
    bad, good = all_lines(write_parquet(TEXTS | {field: NOT_UTF8}))

    assert (bad.number, good.number, good.error) == (1, 2, None)
    assert "not UTF-8" in (bad.error or "")


@pytest.mark.parametrize(
    "dates",
    [
        pytest.param(pa.array([1, 0], pa.timestamp("ns")), id="finer than a microsecond"),
        pytest.param(pa.array([10**18, 0], pa.timestamp("us")), id="year 33658"),
        pytest.param(pa.array([-(10**18), 0], pa.timestamp("us")), id="before year 1"),
    ],
)
def test_date_that_python_cannot_hold_spoils_no_other_row(write_parquet: WriteParquet, dates: pa.Array) -> None:
    lines = all_lines(write_parquet(TEXTS | {"published_date": dates}))

    assert [line.number for line in lines] == [1, 2]
    assert lines[1].error is None


def test_repeated_ids_of_rows_name_the_first_row(write_parquet: WriteParquet) -> None:
    lines = all_lines(write_parquet(TEXTS | {"id": [5, 5]}))

    assert [line.error for line in lines] == [None, "Duplicate id 5, first seen in row 1."]


@pytest.mark.parametrize("column", ["content", "text"])
def test_chunks_of_long_rows_are_bounded_in_bytes(
    write_parquet: WriteParquet, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    bound, length = 2**20, 100_000
    monkeypatch.setattr(readers, "CHUNK_BYTES", bound)
    path = write_parquet({"title": ["a"] * 50, column: ["x" * length] * 50})

    chunks = list(ArticleReader(path).chunks())

    assert [line.number for chunk in chunks for line in chunk.lines] == list(range(1, 51))
    assert all(sum(len(article[column]) for article in chunk.articles) < bound + 2 * length for chunk in chunks)


def test_memory_does_not_grow_with_a_row_group(write_parquet: WriteParquet) -> None:
    """One row group of 32 MB in small pages, as a writer that never flushes leaves it."""
    contents = [f"{n:08x}" * 4096 for n in range(1000)]
    path = write_parquet(
        {"title": ["a"] * 1000, "content": contents},
        row_group_size=1000,
        write_batch_size=16,
        compression="none",
        use_dictionary=False,
    )
    before, most = pa.total_allocated_bytes(), 0

    for chunk in ArticleReader(path).chunks():
        most = max(most, pa.total_allocated_bytes() - before)
        assert chunk.lines

    assert most < path.stat().st_size / 3


def test_total_of_parquet_is_in_bytes_on_disk(write_parquet: WriteParquet) -> None:
    path = write_parquet(TEXTS | {"id": [1, 1]})
    reader = ArticleReader(path)

    assert reader.total == path.stat().st_size == sum(chunk.size for chunk in reader.chunks())


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"hello", id="text"),
        pytest.param(lambda content: content[: len(content) // 2], id="cut off"),
        pytest.param(lambda content: _zeroed(content, len(content) - 8 - _footer_size(content)), id="broken footer"),
        pytest.param(lambda content: _zeroed(content, len(content) // 3), id="broken page"),
        pytest.param(lambda content: content[:-8] + b"\xff\xff\xff\x7fPAR1", id="footer longer than the file"),
    ],
)
def test_corrupt_parquet_is_refused_by_name(write_parquet: WriteParquet, damage: Callable[[bytes], bytes]) -> None:
    texts = [f"{n * 7919}" for n in range(3000)]
    path = write_parquet({"title": texts, "content": texts}, use_dictionary=False)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(InputFileError, match=f"^{re.escape(str(path))} cannot be read as Parquet"):
        all_lines(path)


def _footer_size(content: bytes) -> int:
    return int.from_bytes(content[-8:-4], "little")


def _zeroed(content: bytes, start: int, length: int = 1000) -> bytes:
    length = min(length, len(content) - 8 - start)
    return content[:start] + bytes(length) + content[start + length :]


@pytest.mark.parametrize("columns", [["content"], ["title"], ["Title", "Content"], ["id"]])
def test_parquet_without_the_columns_is_refused(write_parquet: WriteParquet, columns: list[str]) -> None:
    path = write_parquet({column: ["a"] for column in columns})

    with pytest.raises(InputFileError, match=f"not found. Found: {', '.join(columns)}. Map the names: --column"):
        ArticleReader(path)


def test_parquet_without_rows_has_no_chunks(write_parquet: WriteParquet) -> None:
    path = write_parquet({"title": pa.array([], pa.string()), "content": pa.array([], pa.string())})

    assert list(ArticleReader(path).chunks()) == []
