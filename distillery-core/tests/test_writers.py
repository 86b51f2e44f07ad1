"""Result files: whole or not at all, where they may stand, and in little memory."""

from __future__ import annotations

import errno
import gc
import os
import resource
import stat
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import names_in
from result_files import FORMATS, SOURCES, a_filter, a_line, json_records, parquet_rows, write

from distillery.errors import InputFileError, OutputFileError
from distillery.io import ArticleReader, Chunk
from distillery.results import open_results
from distillery.scoring.score import Score


def write_and_fail(path: Path, scores: list[Score], failure: BaseException) -> None:
    """Write a line for each score, then raise."""
    with open_results(path, SOURCES) as results:
        for score in scores:
            results.start([a_filter("tiny-filter")])
            results.write(Chunk([a_line("a")]), [[score]])
        raise failure


# Whole or not at all


@pytest.mark.parametrize("name", FORMATS)
def test_file_appears_when_it_is_whole(tmp_path: Path, scored: Score, name: str) -> None:
    path = tmp_path / name
    with open_results(path, SOURCES) as results:
        results.start([a_filter("tiny-filter")])
        for _ in range(3):
            results.write(Chunk([a_line("a")]), [[scored]])
            assert not path.exists()

    assert names_in(tmp_path) == [name]
    assert len(json_records(path) if path.suffix == ".jsonl" else parquet_rows(path)) == 3


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "failure",
    [RuntimeError("a filter"), KeyboardInterrupt(), SystemExit(143), InputFileError("the reader"), MemoryError()],
    ids=lambda failure: type(failure).__name__,
)
@pytest.mark.parametrize("started", [True, False], ids=["after a chunk", "before the first chunk"])
def test_failure_leaves_the_previous_file_and_nothing_else(
    tmp_path: Path, scored: Score, name: str, failure: BaseException, *, started: bool
) -> None:
    path = tmp_path / name
    path.write_text("previous")

    with pytest.raises(type(failure)) as raised:
        write_and_fail(path, [scored] if started else [], failure)

    assert raised.value is failure
    assert names_in(tmp_path) == [name]
    assert path.read_text() == "previous"


def test_failure_while_writing_parquet_leaves_no_noise(
    tmp_path: Path, scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unfinished writer must not try to write its footer into the closed file, complaining on stderr."""
    noise: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", noise.append)

    with pytest.raises(InputFileError):
        write_and_fail(tmp_path / "scored.parquet", [scored], InputFileError())
    gc.collect()

    assert noise == []


def test_error_of_another_file_is_not_blamed_on_the_output(tmp_path: Path, scored: Score) -> None:
    """The reader and the filters work inside the ``with``: their OSErrors are not of the result file."""
    failure = OSError(errno.EIO, "the disk of the articles", "articles.jsonl")

    with pytest.raises(OSError, match=r"the disk of the articles") as raised:
        write_and_fail(tmp_path / "scored.jsonl", [scored], failure)

    assert raised.value is failure
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", FORMATS)
def test_full_disk_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scored: Score, name: str) -> None:
    path = tmp_path / name
    path.write_text("previous")
    monkeypatch.setattr(os, "fsync", _no_space)

    with pytest.raises(OutputFileError, match=f"{name} cannot be written: No space left on device"):
        write(path, [a_line("a")], [scored])

    assert names_in(tmp_path) == [name]
    assert path.read_text() == "previous"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("n_lines", "limit"), [(1, 100), (10_000, 20_000)], ids=["at its end", "in the middle"])
def test_file_that_grows_too_large_is_a_clear_error(
    tmp_path: Path, scored: Score, name: str, n_lines: int, limit: int
) -> None:
    lines = [a_line(n) for n in range(n_lines)]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
    try:
        with pytest.raises(OutputFileError, match=f"{name} cannot be written: File too large"):
            write(tmp_path / name, lines, [scored] * len(lines))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert names_in(tmp_path) == []


def _no_space(_: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_a_killed_process_left_behind_is_no_obstacle(tmp_path: Path, scored: Score) -> None:
    """In a container the next process has the same id, so it may not trip over the name."""
    leftover = tmp_path / f".scored.jsonl.{os.getpid()}.partial"
    leftover.write_text("half a line")

    write(tmp_path / "scored.jsonl", [a_line("a")], [scored])

    assert len(json_records(tmp_path / "scored.jsonl")) == 1


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path, scored: Score) -> None:
    path = tmp_path / "scored.jsonl"
    with open_results(path, SOURCES) as first, open_results(path, SOURCES) as second:
        for results, identifier in ((first, "first"), (second, "second")):
            results.start([a_filter("tiny-filter")])
            results.write(Chunk([a_line(identifier)]), [[scored]])

    assert names_in(tmp_path) == ["scored.jsonl"]
    assert [record["id"] for record in json_records(path)] == ["first"]


def test_results_are_as_readable_as_any_new_file(tmp_path: Path, scored: Score) -> None:
    (tmp_path / "other").touch()

    write(tmp_path / "scored.jsonl", [a_line("a")], [scored])

    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("scored.jsonl", "other")]
    assert modes[0] == modes[1]


def test_name_may_be_as_long_as_the_file_system_takes(tmp_path: Path, scored: Score) -> None:
    name = f"{'é' * 124}.jsonl"

    write(tmp_path / name, [a_line("a")], [scored])

    assert names_in(tmp_path) == [name]


# Targets that are refused before any work


def make_folder(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    """A pipe represents every special file; replacing /dev/null would be worse."""
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        pytest.param("out", make_folder, "is a folder; name a file, such as .*out/scored.jsonl", id="folder"),
        pytest.param("pipe", make_pipe, "is not a regular file|is a (pipe|device|special file)", id="pipe"),
        pytest.param(
            "absent/scored.jsonl", None, "cannot be written: the folder .*absent does not exist", id="no folder"
        ),
        pytest.param("file/scored.jsonl", None, "cannot be written: ", id="folder is a file"),
        pytest.param("a" * 300, None, "cannot be written: File name too long", id="name too long"),
    ],
)
def test_target_is_refused(tmp_path: Path, name: str, make: Callable[[Path], None] | None, reason: str) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / name
    if make:
        make(path)
    before = {entry: entry.stat().st_mode for entry in tmp_path.iterdir()}

    with pytest.raises(OutputFileError, match=reason), open_results(path, SOURCES):
        pytest.fail("the work began")

    assert {entry: entry.stat().st_mode for entry in tmp_path.iterdir()} == before


def test_target_in_a_folder_that_takes_no_files_is_refused() -> None:
    message = r"^/proc/scored.jsonl cannot be written: "
    with pytest.raises(OutputFileError, match=message), open_results(Path("/proc/scored.jsonl"), SOURCES):
        pytest.fail("the work began")


@pytest.mark.parametrize(
    "name", ["articles.jsonl", "folder/../articles.jsonl", "symbolic link", "hard link", "link/articles.jsonl"]
)
def test_the_articles_themselves_are_refused(tmp_path: Path, name: str) -> None:
    source = tmp_path / "articles.jsonl"
    source.write_text("articles")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "symbolic link").symlink_to(source)
    (tmp_path / "hard link").hardlink_to(source)

    with pytest.raises(OutputFileError, match="is the file of articles"), open_results(tmp_path / name, [source]):
        pytest.fail("the work began")

    assert source.read_text() == "articles"


@pytest.mark.parametrize("name", ["a.xlsx", "a.json", "a.csv.gz", "a.gz", "a.jsonl.bz2", "a.txt"])
def test_a_suffix_that_is_not_written_is_refused(tmp_path: Path, name: str) -> None:
    with (
        pytest.raises(OutputFileError, match=f"{name}: results are not written as .*use one of .jsonl, "),
        open_results(tmp_path / name, SOURCES),
    ):
        pytest.fail("the work began")

    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("exists", [True, False], ids=["to a file", "to nothing yet"])
def test_a_link_stays_a_link_and_its_target_is_replaced(
    tmp_path: Path, scored: Score, name: str, *, exists: bool
) -> None:
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / f"target-{name}"
    if exists:
        target.write_text("previous")
    link = tmp_path / name
    link.symlink_to(target)

    write(link, [a_line("a")], [scored])

    assert link.is_symlink()
    assert link.resolve() == target
    assert len(json_records(link) if link.suffix == ".jsonl" else parquet_rows(link)) == 1
    assert names_in(tmp_path) == sorted(["folder", f"folder/target-{name}", name])


def test_a_link_into_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scored.jsonl").symlink_to(tmp_path / "absent" / "scored.jsonl")

    with (
        pytest.raises(OutputFileError, match=r"is a link to .*absent/scored.jsonl, whose folder does not exist"),
        open_results(tmp_path / "scored.jsonl", SOURCES),
    ):
        pytest.fail("the work began")


# Memory


@pytest.mark.parametrize("name", FORMATS)
def test_memory_does_not_grow_with_the_results(tmp_path: Path, scored: Score, name: str) -> None:
    articles = tmp_path / "articles.jsonl"
    write(tmp_path / name, [a_line("a")], [scored])  # imports what it needs
    peaks = {}
    for n_lines in (1_000, 10_000):
        articles.write_text("".join(f'{{"id": {n}, "title": "a", "content": "b"}}\n' for n in range(n_lines)))
        tracemalloc.start()
        try:
            with open_results(tmp_path / name, [articles]) as results:
                results.start([a_filter("tiny-filter")])
                for chunk in ArticleReader(articles).chunks():
                    results.write(chunk, [[scored] * len(chunk.articles)])
            peaks[n_lines] = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peaks[10_000] < 1.5 * peaks[1_000]
