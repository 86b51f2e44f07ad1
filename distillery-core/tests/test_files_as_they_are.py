"""Files as people have them: compressed, in other encodings and formats, in folders, through pipes; read or refused."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import pickle
import re
import sys
import threading
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from processes import DEADLINE
from pyarrow import feather, parquet

from distillery.errors import ArticleError, InputFileError
from distillery.io import ArticleReader, Line, read_records

ROWS: list[dict[str, Any]] = [
    {"id": "a", "title": "Village \u201cclinic\u201d", "content": "shared water,\nand more"},
    {"id": "b", "title": "court; hearing", "content": 'a "river" bank'},
    {"id": "c", "title": "café | 日本", "content": "tab\tbed"},
]
FOUND = 'Found: id, headline, body. Map the names: --column title=headline --column content=body, or columns={"title"'


def as_lines(rows: Sequence[dict[str, Any]] = ROWS) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_csv(rows: Sequence[dict[str, Any]] = ROWS, **options: Any) -> str:
    table = io.StringIO()
    writer = csv.DictWriter(table, list(rows[0]), **options)
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue()


def as_parquet(rows: Sequence[dict[str, Any]] = ROWS) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(list(rows)), sink)
    return sink.getvalue()


def as_arrow(rows: Sequence[dict[str, Any]] = ROWS, *, stream: bool = False) -> bytes:
    sink, table = io.BytesIO(), pa.Table.from_pylist(list(rows))
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def as_feather(rows: Sequence[dict[str, Any]] = ROWS) -> bytes:
    sink = io.BytesIO()
    feather.write_feather(pa.Table.from_pylist(list(rows)), sink, compression="zstd")
    return sink.getvalue()


def with_codec(codec: str, content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(content)
    return bytes(sink.getvalue())


def all_lines(path: Path | list[Path], **options: Any) -> list[Line]:
    return [line for chunk in ArticleReader(path, **options).chunks() for line in chunk.lines]


# What is read: name, content


FORMATS: dict[str, tuple[str, bytes]] = {
    "JSON lines": ("a.jsonl", as_lines()),
    "no suffix": ("articles", as_lines()),
    "gzip": ("a.jsonl.gz", gzip.compress(as_lines())),
    "gzip in two members": ("a.jsonl.gz", gzip.compress(as_lines()[:50]) + gzip.compress(as_lines()[50:])),
    "gzip without its suffix": ("a.jsonl", gzip.compress(as_lines())),
    "zstd": ("a.jsonl.zst", with_codec("zstd", as_lines())),
    "lz4": ("a.jsonl.lz4", with_codec("lz4", as_lines())),
    "bzip2": ("a.jsonl.bz2", bz2.compress(as_lines())),
    "xz": ("a.jsonl.xz", lzma.compress(as_lines())),
    "suffix without gzip": ("a.jsonl.gz", as_lines()),
    "UTF-8 with mark": ("a.jsonl", b"\xef\xbb\xbf" + as_lines()),
    "UTF-16": ("a.jsonl", as_lines().decode().encode("utf-16")),
    "UTF-16 without mark": ("a.jsonl", as_lines().decode().encode("utf-16-le")),
    "UTF-16, big end first": ("a.jsonl", as_lines().decode().encode("utf-16-be")),
    "UTF-32": ("a.jsonl", as_lines().decode().encode("utf-32")),
    "UTF-16 in gzip": ("a.jsonl.gz", gzip.compress(as_lines().decode().encode("utf-16"))),
    "list": ("a.json", json.dumps(ROWS).encode()),
    "list over lines": ("a.json", json.dumps(ROWS, indent=1).encode()),
    "list, an object a line": ("a.json", ("[\n" + ",\n".join(json.dumps(row) for row in ROWS) + "\n]\n").encode()),
    "list in UTF-16": ("a.json", json.dumps(ROWS, indent=1, ensure_ascii=False).encode("utf-16")),
    "list in gzip": ("a.json.gz", gzip.compress(json.dumps(ROWS).encode())),
    "list with mark": ("a.json", b"\xef\xbb\xbf" + json.dumps(ROWS).encode()),
    "objects over lines": ("a.json", "\n".join(json.dumps(row, indent=2) for row in ROWS).encode()),
    "CSV": ("a.csv", as_csv().encode()),
    "CSV with mark": ("a.csv", as_csv().encode("utf-8-sig")),
    "CSV with semicolons": ("a.csv", as_csv(delimiter=";").encode()),
    "CSV of Excel": ("a.csv", ("sep=;\r\n" + as_csv(delimiter=";")).encode("utf-8-sig")),
    "CSV, all quoted": ("a.csv", as_csv(quoting=csv.QUOTE_ALL, lineterminator="\n").encode()),
    "CSV without its suffix": ("articles", as_csv().encode()),
    "CSV in gzip": ("a.csv.gz", gzip.compress(as_csv().encode())),
    "TSV": ("a.tsv", as_csv(delimiter="\t").encode()),
    "TSV in UTF-16": ("a.txt", as_csv(delimiter="\t").encode("utf-16")),
    "Parquet": ("a.parquet", as_parquet()),
    "Parquet without its suffix": ("a.jsonl", as_parquet()),
    "Parquet in gzip": ("a.parquet.gz", gzip.compress(as_parquet())),
    "Arrow file": ("a.arrow", as_arrow()),
    "Arrow stream": ("a.arrows", as_arrow(stream=True)),
    "Feather": ("a.feather", as_feather()),
}


@pytest.fixture(params=FORMATS.values(), ids=list(FORMATS))
def any_format(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file of ROWS in each format in turn."""
    name, content = request.param
    path: Path = tmp_path / name
    path.write_bytes(content)
    return path


def test_every_format_gives_the_same_articles(any_format: Path) -> None:
    reader = ArticleReader(any_format)

    for _ in range(2):  # a file can be read again
        lines = [line for chunk in reader.chunks() for line in chunk.lines]
        assert [line.error for line in lines] == [None] * 3
        assert [line.data for line in lines] == ROWS
    assert not reader.is_empty


def test_progress_reaches_the_size_on_disk(any_format: Path) -> None:
    reader = ArticleReader(any_format)

    done = sum(chunk.size for chunk in reader.chunks())

    assert reader.total == any_format.stat().st_size
    assert 0 <= done <= reader.total


def test_every_format_is_read_from_standard_input(any_format: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(any_format.read_bytes())))
    reader = ArticleReader(Path("-"))

    assert [line.data for chunk in reader.chunks() for line in chunk.lines] == ROWS
    assert reader.total is None
    with pytest.raises(InputFileError, match="standard input can be read only once"):
        list(reader.chunks())


def test_every_format_gives_its_records(any_format: Path) -> None:
    assert list(read_records(any_format)) == ROWS


def test_a_named_pipe_is_opened_once(any_format: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(any_format.read_bytes(),))
    writer.start()

    lines = all_lines(pipe)

    writer.join(DEADLINE)
    assert not writer.is_alive()
    assert [line.data for line in lines] == ROWS


# What is refused, at once and in one line


def zipped(name: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(name, as_lines())
    return sink.getvalue()


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "ZIP": ("a.zip", zipped("a.jsonl"), "is a ZIP archive. Unpack it first."),
    "Excel": ("a.xlsx", zipped("xl/workbook.xml"), "is an Excel workbook. Save it as CSV"),
    "Excel under another name": ("a.csv", zipped("xl/workbook.xml"), "is an Excel workbook. Save it as CSV"),
    "old Excel": ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "is an old Excel or Word file"),
    "PDF": ("a.pdf", b"%PDF-1.7\n", "is a PDF. Convert it to JSON lines, CSV or Parquet first."),
    "SQLite": ("a.db", b"SQLite format 3\x00" + bytes(100), "is a SQLite database"),
    "pickle": ("a.pkl", pickle.dumps(ROWS), "is a Python pickle, which is never loaded"),
    "tar": ("a.tar", b"a.jsonl".ljust(257, b"\0") + b"ustar\0", "is a tar archive"),
    "ORC": ("a.orc", b"ORC\x01" + bytes(100), "is ORC"),
    "HTML": ("a.html", b"<!doctype html>\n<p>Hello, world", "is HTML or XML"),
    "RSS": ("feed.xml", b'<?xml version="1.0"?>\n<rss><item>a, b</item></rss>', "is HTML or XML"),
    "zero bytes": ("a.jsonl", bytes(1000), "is not text"),
    "prose": ("a.txt", b"Hello world\nThis is no table", "'title' and 'content' are not found"),
    "YAML": ("a.yaml", b"- title: a\n  content: b\n", "is neither JSON lines nor CSV nor Parquet: it begins with"),
    "JSON under the name of Parquet": ("a.parquet", as_lines(), "cannot be read as Parquet"),
    "Parquet cut off": ("a.parquet", as_parquet()[:-10], "cannot be read as Parquet"),
    "Arrow cut off": ("a.arrow", as_arrow()[:-10], "cannot be read as Arrow"),
    "gzip cut off": ("a.jsonl.gz", gzip.compress(as_lines())[:-10], "is damaged or cut off: its gzip data"),
    "zstd cut off": ("a.jsonl.zst", with_codec("zstd", as_lines())[:-10], "is damaged or cut off: its zstd data"),
    "xz cut off": ("a.jsonl.xz", lzma.compress(as_lines())[:-10], "is damaged or cut off: its xz data"),
    "list cut off": (
        "a.json",
        json.dumps(ROWS).encode()[:-1],
        "is not sound JSON from line 1 on: the list is not closed",
    ),
    "list without a comma": ("a.json", b"[\n{}\n{}]", "is not sound JSON from line 3 on: a comma or ] is missing"),
    "list in an object": ("a.json", json.dumps({"items": ROWS}).encode(), r"is one JSON object with a list 'items'"),
    "list in an object over lines": ("a.json", json.dumps({"items": ROWS}, indent=1).encode(), r"a list 'items'"),
    "Latin-1 CSV": ("a.csv", b"title,content\n" + b"caf\xe9,b\n" * 3, "is not UTF-8 .*iconv -f WINDOWS-1252"),
    "Latin-1 JSON lines": ("a.jsonl", b'{"title": "caf\xe9", "content": "b"}\n' * 3, "is not UTF-8 .*iconv"),
    "CSV without a header": (
        "a.csv",
        b"1,Clinic,Shared water\n2,Court,River\n",
        "are not found. Found: 1, Clinic, Shared",
    ),
    "a column twice": ("a.csv", b"title,content,title\na,b,c\n", "has several columns named title"),
    "a quote not closed": ("a.csv", b'title,content\na,"b\n' + b"c,d\n" * 17_000_000, "Is a quote not closed?"),
}


@pytest.mark.parametrize(("name", "content", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_read_is_refused_by_what_it_is(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(InputFileError, match=f"(?s)^{re.escape(str(path))}.*{message}"):
        all_lines(path)


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "a quote not closed"])
def test_the_reader_itself_refuses(tmp_path: Path, name: str) -> None:
    """Before any model is loaded."""
    file, content, _ = REFUSED[name]
    path = tmp_path / file
    path.write_bytes(content)

    with pytest.raises(InputFileError):
        ArticleReader(path)


# Names of fields


RENAMED = [{"id": row["id"], "headline": row["title"], "body": row["content"]} for row in ROWS]
WRITERS: dict[str, tuple[str, Callable[[Sequence[dict[str, Any]]], bytes]]] = {
    "JSON lines": ("a.jsonl", as_lines),
    "list": ("a.json", lambda rows: json.dumps(rows).encode()),
    "CSV": ("a.csv", lambda rows: as_csv(rows).encode()),
    "Parquet": ("a.parquet", as_parquet),
    "Arrow": ("a.arrow", as_arrow),
}


@pytest.fixture(params=WRITERS.values(), ids=list(WRITERS))
def renamed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file with a headline and a body, in each format in turn."""
    name, write = request.param
    path: Path = tmp_path / name
    path.write_bytes(write(RENAMED))
    return path


def test_fields_are_found_under_other_names(renamed: Path) -> None:
    lines = all_lines(renamed, columns={"title": "headline", "content": "body"})

    assert [{name: (line.data or {})[name] for name in ("id", "title", "content")} for line in lines] == ROWS


def test_missing_fields_are_one_error_with_what_was_found_and_what_to_write(renamed: Path) -> None:
    with pytest.raises(InputFileError, match=re.escape(FOUND)):
        ArticleReader(renamed)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"title": "headlin", "content": "body"}, "nothing is named 'headlin'.* Did you mean 'headline'?"),
        ({"title": "headline"}, "'content' is not found.*--column content=body"),
        ({"title": "headline", "content": "body", "url": "link"}, r"nothing is named 'link' \(for the field 'url'\)"),
    ],
)
def test_a_name_that_no_article_has_is_refused(renamed: Path, columns: dict[str, str], message: str) -> None:
    with pytest.raises(InputFileError, match=message):
        ArticleReader(renamed, columns=columns)


def test_a_mapping_the_wrong_way_round_is_refused(renamed: Path) -> None:
    with pytest.raises(ArticleError, match=r"'body' is not a field of an article.*Did you mean content=body\?"):
        ArticleReader(renamed, columns={"body": "content"})


def test_one_article_without_its_fields_is_an_article_to_refuse_not_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(as_lines([{"id": 0}, *ROWS]))

    assert len(all_lines(path)) == 4


# Ids and missing values


@pytest.mark.parametrize(("written", "read"), [("1.0", 1), ("NaN", None), ("null", None), ("7", 7), ('"7"', "7")])
def test_ids_as_pandas_writes_them(tmp_path: Path, written: str, read: Any) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"id": {written}, "title": "a", "content": "b"}}\n')

    (line,) = all_lines(path)
    (record,) = read_records(path)

    assert (line.id, type(line.id)) == (read, type(read))
    assert record["id"] == read


def test_empty_values_of_a_csv_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,title,content,url\n,a,b,\n,c,d,\n")

    assert [line.data for line in all_lines(path)] == [
        {"id": None, "title": "a", "content": "b", "url": None},
        {"id": None, "title": "c", "content": "d", "url": None},
    ]


def test_rows_of_a_csv_that_do_not_fit_say_why_and_the_next_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,title,content\n1,"a\nb",c\n2,a,b,c\n3,a\n\n4,\xff,c\n5,a,c\n')

    lines = all_lines(path)

    assert [line.number for line in lines] == [2, 4, 5, 7, 8]
    assert [line.error for line in lines] == [
        None,
        "4 values for 3 columns; values with the delimiter in them need quotes",
        None,
        "not UTF-8",
        None,
    ]
    assert lines[2].data == {"id": "3", "title": "a"}


def test_items_of_a_list_that_are_no_objects_say_so(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([ROWS[0], 7, ROWS[0]]))

    assert [line.error for line in all_lines(path)] == [
        None,
        "not a JSON object, but int",
        "Duplicate id 'a', first seen in item 1.",
    ]


# Several files


def test_folders_and_patterns_and_files_are_read_in_order(tmp_path: Path) -> None:
    for name, row in zip(("z.jsonl", "folder/2.csv", "folder/deep/1.parquet"), ROWS, strict=True):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            {".csv": as_csv([row]).encode(), ".parquet": as_parquet([row])}.get(path.suffix, as_lines([row]))
        )
    for name in ("folder/notes.md", "folder/.hidden.jsonl", "folder/_SUCCESS"):
        (tmp_path / name).write_text("not read")

    paths = [tmp_path / "folder", tmp_path / "*.jsonl", tmp_path / "z.jsonl"]

    assert [line.id for line in all_lines(paths)] == ["b", "c", "a"]


def test_duplicates_among_files_name_the_file(tmp_path: Path) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.csv"
    first.write_bytes(b"\n" + as_lines(ROWS[:1]))
    second.write_bytes(as_csv(ROWS[:1]).encode())

    lines = all_lines([first, second])

    assert [line.place for line in lines] == [f"line 2 of {first}", f"line 2 of {second}"]
    assert lines[1].error == f"Duplicate id 'a', first seen on line 2 of {first}."


@pytest.mark.parametrize(
    ("name", "message"), [("empty", "is a folder without data files"), ("*.csv", "No file matches .*csv")]
)
def test_a_folder_or_pattern_without_files_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(InputFileError, match=message):
        ArticleReader(tmp_path / name)


def test_a_name_with_the_signs_of_a_pattern_is_a_file_if_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a[1].jsonl"
    path.write_bytes(as_lines())

    assert len(all_lines(path)) == 3


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 99])
def test_no_more_than_the_limit_are_read(any_format: Path, limit: int) -> None:
    assert [line.id for line in all_lines(any_format, limit=limit)] == ["a", "b", "c"][:limit]


# Empty inputs


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b""),
        ("a.jsonl", b" \n\r\n"),
        ("a.jsonl", b"\xef\xbb\xbf"),
        ("a.json", b"[]"),
        ("a.csv", b"title,content\n"),
        ("a.parquet", None),
        ("a.jsonl.gz", gzip.compress(b"")),
    ],
)
def test_an_input_without_articles_is_known_to_be_empty(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is None:
        parquet.write_table(pa.table({"title": pa.array([], pa.string()), "content": pa.array([], pa.string())}), path)
    else:
        path.write_bytes(content)

    assert ArticleReader(path).is_empty
    assert all_lines(path) == []


# Memory


def many_rows(n: int) -> list[dict[str, Any]]:
    return [{"id": str(number), "title": "a", "content": f"{number:06} " * 60} for number in range(n)]


MANY: dict[str, tuple[str, Callable[[list[dict[str, Any]]], bytes]]] = {
    "gzip": ("a.jsonl.gz", lambda rows: gzip.compress(as_lines(rows), compresslevel=1)),
    "zstd": ("a.jsonl.zst", lambda rows: with_codec("zstd", as_lines(rows))),
    "list": ("a.json", lambda rows: json.dumps(rows).encode()),
    "list over lines": ("a.json", lambda rows: json.dumps(rows, indent=1).encode()),
    "CSV": ("a.csv", lambda rows: as_csv(rows).encode()),
    "UTF-16": ("a.jsonl", lambda rows: as_lines(rows).decode().encode("utf-16")),
}


@pytest.mark.parametrize(("name", "write"), MANY.values(), ids=MANY)
def test_memory_does_not_grow_with_the_file(
    tmp_path: Path, name: str, write: Callable[[list[dict[str, Any]]], bytes]
) -> None:
    peaks = []
    for n in (2_000, 20_000):
        path = tmp_path / f"{n}{name}"
        path.write_bytes(write(many_rows(n)))
        tracemalloc.start()
        try:
            assert sum(len(chunk.lines) for chunk in ArticleReader(path).chunks()) == n
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()

    assert peaks[1] < 1.5 * peaks[0]
