"""Bad input to ``distillery score``: one clear error each, the rest scored, nothing half written."""

from __future__ import annotations

import errno
import json
import os
import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from distillery.article import Article
from distillery.cli import cli
from distillery.io import reading
from distillery.prefilter import words_of
from distillery.scorer import FilterBaseScorer

OK, FAILED, USAGE = 0, 1, 2
NAME = "tiny-filter"
TITLE = "village clinic"
CONTENT = "verified study of shared water in the village"


@dataclass(frozen=True)
class Bad:
    """A line that holds no sound article, and what must be said of it, by the file's reader or by the filter."""

    kind: str
    line: bytes
    says: str
    unreadable: bool = False


def article(**fields: Any) -> dict[str, Any]:
    return {"title": TITLE, "content": CONTENT} | fields


def as_line(data: Any) -> bytes:
    return json.dumps(data).encode()


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
    bad_article("title is NaN", "'title' must be text, not float (nan)", title=float("nan")),
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
    Bad("repeated id", as_line(article(id="good 0")), "the id 'good 0' stands already on line 1", unreadable=True),
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


def score(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    """Run ``distillery score`` in this process; an exception that is no clear error fails the test."""
    command = ["score", "--backend", "torch", *map(str, arguments)]
    return CliRunner().invoke(cli, command, input=stdin, catch_exceptions=False)


def json_records(content: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.split("\n") if line]


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def good_file(tmp_path: Path) -> Path:
    path = tmp_path / "good.jsonl"
    path.write_bytes(b"".join(as_line(article(id=n)) + b"\n" for n in range(6)))
    return path


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
        judged = record["results"][NAME]
        assert judged["error"].startswith(bad.says)
        assert judged["prefilter_reason"] == f"Invalid article: {judged['error']}"
        assert (judged["passed_prefilter"], judged["scores"], judged["tier"]) == (False, None, None)


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
    assert summary["failures"][0] == "line 2: 'title' is missing; an article needs a title and a content"


def test_mixed_file_as_parquet_says_the_same(mixed: Path, mixed_results: Mixed, bert_filter: Path) -> None:
    output = mixed.with_name("scored.parquet")

    result = score(mixed, "--filter", bert_filter, "-o", output, "--quiet")

    rows = parquet.read_table(output).to_pylist()
    assert (result.exit_code, result.stdout, result.stderr) == (FAILED, "", "")
    for record, row in zip(mixed_results[1], rows, strict=True):
        judged = record["results"].get(NAME, {})
        assert row["error"] == record.get("error")
        assert row["tiny_filter_error"] == judged.get("error")
        assert row["tiny_filter_weighted_average"] == judged.get("weighted_average")
        assert row["tiny_filter_tier"] == judged.get("tier")


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
        "the id 'a' stands already on line 1",
        None,
    ]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param([1, 2], "int", id="integer"),
        pytest.param([1.5, float("nan")], "float", id="float"),
        pytest.param([True, False], "bool", id="bool"),
        pytest.param([b"x", b"y"], "bytes", id="binary"),
        pytest.param([["x"], ["y"]], "list", id="list"),
    ],
)
def test_column_of_a_wrong_type_is_an_error_on_each_row(
    tmp_path: Path, bert_filter: Path, content: list[Any], kind: str
) -> None:
    result, records = score_rows(tmp_path, bert_filter, title=[TITLE, TITLE], content=content)

    assert result.exit_code == FAILED
    assert all((error_of(record) or "").startswith(f"'content' must be text, not {kind}") for record in records)
    assert len(records) == 2


def test_text_of_parquet_that_is_not_utf8_is_an_error_on_its_row(tmp_path: Path, bert_filter: Path) -> None:
    content = pa.array([b"caf\xe9 " + CONTENT.encode(), CONTENT.encode()], pa.binary()).view(pa.string())

    result, records = score_rows(tmp_path, bert_filter, title=[TITLE, TITLE], content=content)

    assert result.exit_code == FAILED
    assert "not UTF-8" in (error_of(records[0]) or "")
    assert error_of(records[1]) is None


# Large and hostile texts


@pytest.mark.parametrize("field", ["title", "content"])
@pytest.mark.parametrize("unit", ["village clinic\n", "a\u0000<b>", "記事 "], ids=["words", "markup", "Japanese"])
def test_ten_megabytes_have_a_finite_score(bert_scorer: FilterBaseScorer, field: str, unit: str) -> None:
    text = unit * (10 * 2**20 // len(unit.encode()))

    (judged,) = bert_scorer.score_batch([article(**{field: text})])

    assert judged.error is None
    assert judged.weighted_average is not None
    assert 0.0 <= judged.weighted_average <= 10.0


def test_ten_megabytes_in_a_file_are_scored_beside_the_rest(tmp_path: Path, bert_filter: Path) -> None:
    path = tmp_path / "articles.jsonl"
    large = article(id="large", content="shared water " * 800_000)
    path.write_bytes(b"\n".join(as_line(data) for data in (article(id=1), large, article(id=2))))

    result = score(path, "--filter", bert_filter, "--quiet")

    assert result.exit_code == OK
    assert [record["id"] for record in json_records(result.stdout)] == [1, "large", 2]


@pytest.mark.parametrize(
    "unit",
    ["<", "<a ", "<!--", "<script>", "</script>", "&", "&#x41;", "\n ", "a\u0301", "\u0301\u0316", "\ud800", "a."],
    ids=ascii,
)
def test_time_is_in_proportion_to_hostile_text(unit: str) -> None:
    """Four times the text takes about four times as long, not sixteen."""
    short, long = (seconds_to_read(unit * (n // len(unit))) for n in (8_000, 32_000))

    assert long < 9 * short + 0.005


def seconds_to_read(text: str) -> float:
    """Return the least processor time that cleaning a text and reading its words took."""
    times = []
    for _ in range(3):
        start = time.thread_time()
        readable = Article.from_dict({"title": "a", "content": f"a {text}"})
        words_of(readable.content)
        times.append(time.thread_time() - start)
    return min(times)


# Used wrongly: status 2, one message, nothing written


Wrong = Callable[[Path], list[str | Path]]


def _file(folder: Path, name: str, content: bytes = b"") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _parquet(folder: Path, **columns: Any) -> Path:
    parquet.write_table(pa.table(columns), folder / "articles.parquet")
    return folder / "articles.parquet"


def _cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-10])
    return path


def _broken_page(folder: Path) -> Path:
    """A Parquet file whose footer and first rows are sound."""
    texts = [f"{CONTENT} {n * 7919}" for n in range(3000)]
    path = folder / "articles.parquet"
    parquet.write_table(pa.table({"title": texts, "content": texts}), path, use_dictionary=False, row_group_size=600)
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(content[:half] + bytes(5000) + content[half + 5000 :])
    return path


INPUTS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "absent.jsonl", "absent.jsonl cannot be read: No such file or directory"),
    "missing parquet": (lambda folder: folder / "absent.parquet", "absent.parquet cannot be read: No such file"),
    "a folder": (lambda folder: folder, "cannot be read: Is a directory"),
    "empty": (lambda folder: _file(folder, "empty.jsonl"), "empty.jsonl holds no articles; nothing was written"),
    "blank lines": (lambda folder: _file(folder, "blank.jsonl", b"\n \r\n\n"), "blank.jsonl holds no articles"),
    "byte-order mark": (lambda folder: _file(folder, "bom.jsonl", b"\xef\xbb\xbf"), "bom.jsonl holds no articles"),
    "empty parquet": (lambda folder: _file(folder, "a.parquet"), "a.parquet cannot be read as Parquet"),
    "not parquet": (lambda folder: _file(folder, "a.parquet", b"{}\n" * 9), "a.parquet cannot be read as Parquet"),
    "cut parquet": (
        lambda folder: _cut(_parquet(folder, title=[TITLE], content=[CONTENT])),
        "articles.parquet cannot be read as Parquet",
    ),
    "broken page": (_broken_page, "articles.parquet cannot be read as Parquet"),
    "no title": (
        lambda folder: _parquet(folder, id=[1], content=[CONTENT]),
        "articles.parquet needs the columns title and content; it has: id, content",
    ),
    "no rows": (
        lambda folder: _parquet(folder, title=pa.array([], pa.string()), content=pa.array([], pa.string())),
        "articles.parquet holds no articles",
    ),
}


@pytest.mark.parametrize("output", ["scored.jsonl", "scored.parquet", None])
@pytest.mark.parametrize("case", INPUTS)
def test_input_that_cannot_be_used(tmp_path: Path, bert_filter: Path, case: str, output: str | None) -> None:
    make, message = INPUTS[case]
    path = make(tmp_path)
    before = names_in(tmp_path)
    target = ("-o", tmp_path / output) if output else ()

    result = score(path, "--filter", bert_filter, "--format", "json", *target)

    assert result.exit_code == USAGE
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert result.stdout == "" or (output is None and case == "broken page")
    assert names_in(tmp_path) == before


@pytest.mark.parametrize("content", [b"", b"\n\n"], ids=["nothing", "blank lines"])
def test_empty_standard_input(bert_filter: Path, content: bytes) -> None:
    result = score("-", "--filter", bert_filter, stdin=content)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert "standard input holds no articles" in result.stderr


OUTPUTS: dict[str, tuple[str, str]] = {
    "a folder": ("folder", "folder is a folder; name a file"),
    "no name": ("", "is a folder; name a file"),
    "in a missing folder": ("absent/scored.jsonl", "the folder {folder}/absent does not exist"),
    "in a file": ("good.jsonl/scored.jsonl", "cannot be written"),
    "the input": ("good.jsonl", "good.jsonl is the file of articles; the results must go elsewhere"),
    "the input by another way": ("folder/../good.jsonl", "is the file of articles"),
    "a link to the input": ("link.jsonl", "is the file of articles"),
    "name too long": ("a" * 300, "cannot be written: File name too long"),
    "not writable": ("/proc/scored.jsonl", "cannot be written"),
}


@pytest.mark.parametrize("case", OUTPUTS)
def test_output_that_cannot_be_used(tmp_path: Path, bert_filter: Path, good_file: Path, case: str) -> None:
    name, message = OUTPUTS[case]
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.jsonl").symlink_to(good_file)
    before, articles = names_in(tmp_path), good_file.read_bytes()

    result = score(good_file, "--filter", bert_filter, "-o", tmp_path / name)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert result.stderr.startswith("error: ")
    assert message.format(folder=tmp_path) in result.stderr
    assert names_in(tmp_path) == before
    assert good_file.read_bytes() == articles


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_output_in_a_folder_without_permission(tmp_path: Path, bert_filter: Path, good_file: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)

    result = score(good_file, "--filter", bert_filter, "-o", folder / "scored.jsonl")

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert "cannot be written: Permission denied" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--filter", "no-such-filter"], "No filter 'no-such-filter' is installed."),
        (["--filter", "./no-such-folder"], "No filter stands at no-such-folder"),
        (["--filter", "{filter}", "--filter", "no-such-filter"], "No filter 'no-such-filter' is installed."),
        (["--filter", "{filter}", "--student", "huge"], "tiny-filter 1.2.3 has no student 'huge'. It has: compact"),
        (["--filter", "{filter}", "--backend", "abacus"], "Invalid value for '--backend'"),
        (["--filter", "{filter}", "--format", "xml"], "Invalid value for '--format'"),
        (["--filter"], "Option '--filter' requires an argument"),
        (["--filtre", "{filter}"], "No such option"),
        (["--filter", "{filter}", "second.jsonl"], "Got unexpected extra argument (second.jsonl)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_option_that_cannot_be_used(
    tmp_path: Path, bert_filter: Path, good_file: Path, arguments: list[str], message: str
) -> None:
    options = [argument.format(filter=bert_filter) for argument in arguments]

    result = score(good_file, "-o", tmp_path / "scored.jsonl", *options)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert message in result.stderr
    assert names_in(tmp_path) == ["good.jsonl"]


def test_no_articles_named() -> None:
    result = score("--filter", "uplifting")

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert "Missing argument 'ARTICLES'" in result.stderr


def test_no_filter_installed(good_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILLERY_FILTERS", "")

    result = score(good_file)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert result.stderr.startswith("error: ")
    assert "installed" in result.stderr


# Failures in the middle


def _fail_on_second_batch(failure: BaseException) -> Callable[..., Any]:
    original, calls = FilterBaseScorer.score_batch, iter((True, False))

    def score_batch(self: FilterBaseScorer, articles: Iterable[Any], **options: Any) -> Any:
        if next(calls):
            return original(self, articles, **options)
        raise failure

    return score_batch


@pytest.mark.parametrize("name", ["scored.jsonl", "scored.parquet"])
@pytest.mark.parametrize(
    "failure", [KeyboardInterrupt(), RuntimeError("a filter's own code")], ids=lambda failure: type(failure).__name__
)
def test_interrupted_run_leaves_the_previous_results(
    tmp_path: Path,
    bert_filter: Path,
    good_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    failure: BaseException,
) -> None:
    output = tmp_path / name
    output.write_text("previous")
    monkeypatch.setattr(reading, "CHUNK_LINES", 2)
    monkeypatch.setattr(FilterBaseScorer, "score_batch", _fail_on_second_batch(failure))

    result = CliRunner().invoke(
        cli, ["score", "--backend", "torch", *map(str, (good_file, "--filter", bert_filter, "-o", output))]
    )

    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert names_in(tmp_path) == sorted(["good.jsonl", name])
    assert output.read_text() == "previous"


@pytest.mark.parametrize("name", ["scored.jsonl", "scored.parquet"])
def test_reader_that_fails_in_the_middle_leaves_the_previous_results(
    tmp_path: Path, bert_filter: Path, name: str
) -> None:
    path, output = _broken_page(tmp_path), tmp_path / name
    output.write_text("previous")

    result = score(path, "--filter", bert_filter, "-o", output)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert f"{path} cannot be read as Parquet" in result.stderr
    assert name not in result.stderr
    assert names_in(tmp_path) == sorted(["articles.parquet", name])
    assert output.read_text() == "previous"


def test_disk_that_fails_under_the_articles_is_not_blamed_on_the_output(
    tmp_path: Path, bert_filter: Path, good_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Any) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO))
        yield

    monkeypatch.setattr(reading, "_parsed", failing)

    result = score(good_file, "--filter", bert_filter, "-o", tmp_path / "scored.jsonl")

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert f"{good_file} cannot be read: Input/output error" in result.stderr
    assert names_in(tmp_path) == ["good.jsonl"]


def test_hostile_text_is_left_normalised() -> None:
    """What bounds the time of long runs of marks may not change texts that people write."""
    text = "Cafe\u0301 Å Việt Nam हिन्दी שָׁלוֹם مُحَمَّد 각 " + "e\u0301\u0327 " * 20

    assert Article.from_dict({"title": "a", "content": text}).content == unicodedata.normalize("NFC", text).strip()
