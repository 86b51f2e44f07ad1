"""Result files: whole or not at all, and the same facts as JSON lines and as Parquet."""

from __future__ import annotations

import errno
import gc
import io
import json
import os
import resource
import stat
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from distillery.errors import InputFileError, OutputFileError
from distillery.io import ArticleReader, Chunk, Line, open_results
from distillery.score import Provenance, Score
from distillery.scorer import FilterBaseScorer

SOURCE = Path("articles.jsonl")
FORMATS = ("scored.jsonl", "scored.parquet")
DIMENSIONS = ["reach", "proof", "lasting"]


@pytest.fixture
def scored(provenance: Provenance) -> Score:
    return Score(
        provenance,
        passed_prefilter=True,
        scores={"reach": 0.1 + 0.2, "proof": 10.0, "lasting": 1e-300},
        weighted_average=4.123456789,
        tier="medium",
        tier_description="Found in one village.",
        gatekeeper_applied=True,
        raw_scores={"reach": -1.5, "proof": 12.0, "lasting": 0.0},
    )


@pytest.fixture
def blocked(provenance: Provenance) -> Score:
    return Score.blocked(provenance, "corporate_finance")


@pytest.fixture
def invalid(provenance: Provenance) -> Score:
    return Score.invalid(provenance, "'title' is missing")


def a_filter(name: str, dimensions: list[str] | None = None) -> Any:
    """Stand in for a scorer, as far as writers look at it."""
    return SimpleNamespace(config=SimpleNamespace(name=name), DIMENSION_NAMES=dimensions or DIMENSIONS)


def a_line(identifier: Any = None, *, number: int = 1, error: str | None = None) -> Line:
    return Line(number, {"id": identifier, "title": "a", "content": "b"}, error)


def write(path: Path, lines: list[Line], *scores: list[Score], filters: tuple[str, ...] = ("tiny-filter",)) -> None:
    with open_results(path, SOURCE) as results:
        results.start([a_filter(name) for name in filters])
        results.write(Chunk(lines), scores)


def write_and_fail(path: Path, scores: list[Score], failure: BaseException) -> None:
    """Write a line for each score, then raise."""
    with open_results(path, SOURCE) as results:
        for score in scores:
            results.start([a_filter("tiny-filter")])
            results.write(Chunk([a_line("a")]), [[score]])
        raise failure


def json_records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def parquet_rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return rows


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Whole or not at all


@pytest.mark.parametrize("name", FORMATS)
def test_file_appears_when_it_is_whole(tmp_path: Path, scored: Score, name: str) -> None:
    path = tmp_path / name
    with open_results(path, SOURCE) as results:
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
    with open_results(path, SOURCE) as first, open_results(path, SOURCE) as second:
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
    """A pipe stands for every special file: to replace /dev/null would be worse."""
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

    with pytest.raises(OutputFileError, match=reason), open_results(path, SOURCE):
        pytest.fail("the work began")

    assert {entry: entry.stat().st_mode for entry in tmp_path.iterdir()} == before


def test_target_in_a_folder_that_takes_no_files_is_refused() -> None:
    message = r"^/proc/scored.jsonl cannot be written: "
    with pytest.raises(OutputFileError, match=message), open_results(Path("/proc/scored.jsonl"), SOURCE):
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

    with pytest.raises(OutputFileError, match="is the file of articles"), open_results(tmp_path / name, source):
        pytest.fail("the work began")

    assert source.read_text() == "articles"


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

    with open_results(None, SOURCE) as results:
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
        "error": text,
        "investment_risk_passed_prefilter": flag,
        "investment_risk_prefilter_reason": text,
        "investment_risk_weighted_average": number,
        "investment_risk_tier": text,
        "investment_risk_gatekeeper_applied": flag,
        "investment_risk_score_reach": number,
        "investment_risk_score_proof": number,
        "investment_risk_score_lasting": number,
        "investment_risk_error": text,
        "investment_risk_version": text,
    }


def test_parquet_row_has_the_numbers_of_the_score(tmp_path: Path, scored: Score) -> None:
    path = tmp_path / "scored.parquet"

    write(path, [a_line(7, number=3)], [scored])

    assert parquet_rows(path) == [
        {
            "id": "7",
            "line": 3,
            "error": None,
            "tiny_filter_passed_prefilter": True,
            "tiny_filter_prefilter_reason": None,
            "tiny_filter_weighted_average": 4.123456789,
            "tiny_filter_tier": "medium",
            "tiny_filter_gatekeeper_applied": True,
            "tiny_filter_score_reach": 0.1 + 0.2,
            "tiny_filter_score_proof": 10.0,
            "tiny_filter_score_lasting": 1e-300,
            "tiny_filter_error": None,
            "tiny_filter_version": "1.2.3",
        }
    ]


def test_parquet_leaves_what_is_not_known_empty(tmp_path: Path, scored: Score, blocked: Score, invalid: Score) -> None:
    path = tmp_path / "scored.parquet"
    lines = [a_line("b"), Line(2, None, "not JSON: no"), a_line(None, number=3), a_line("s", number=4)]

    write(path, lines, [blocked, invalid, scored])

    known = [{name for name, value in row.items() if value is not None} for row in parquet_rows(path)]
    judged = {"line", *(f"tiny_filter_{fact}" for fact in ("passed_prefilter", "gatekeeper_applied", "version"))}
    assert known[0] == judged | {"id", "tiny_filter_prefilter_reason"}
    assert known[1] == {"line", "error"}
    assert known[2] == judged | {"tiny_filter_prefilter_reason", "tiny_filter_error"}
    facts = ("weighted_average", "tier", *(f"score_{name}" for name in DIMENSIONS))
    assert known[3] == judged | {"id", *(f"tiny_filter_{fact}" for fact in facts)}


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
            with open_results(tmp_path / name, articles) as results:
                results.start([a_filter("tiny-filter")])
                for chunk in ArticleReader(articles).chunks():
                    results.write(chunk, [[scored] * len(chunk.articles)])
            peaks[n_lines] = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peaks[10_000] < 1.5 * peaks[1_000]


def test_real_scorer_fits_the_writers(tmp_path: Path, bert_scorer: FilterBaseScorer, articles: list[Any]) -> None:
    """Both formats carry the same numbers."""
    scores = bert_scorer.score_batch(articles)
    lines = [Line(number, article) for number, article in enumerate(articles, start=1)]
    for name in FORMATS:
        with open_results(tmp_path / name, SOURCE) as results:
            results.start([bert_scorer])
            results.write(Chunk(lines), [scores])

    for record, row in zip(json_records(tmp_path / FORMATS[0]), parquet_rows(tmp_path / FORMATS[1]), strict=True):
        result = record["results"]["tiny-filter"]
        assert row["id"] == str(record["id"])
        assert row["tiny_filter_weighted_average"] == result["weighted_average"]
        assert row["tiny_filter_prefilter_reason"] == result["prefilter_reason"]
        assert [row[f"tiny_filter_score_{name}"] for name in DIMENSIONS] == [
            (result["scores"] or {}).get(name) for name in DIMENSIONS
        ]
