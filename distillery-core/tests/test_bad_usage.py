"""``distillery score`` used wrongly or stopped: status, one message, nothing half written."""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import processes
import pyarrow as pa
import pytest
from click.testing import CliRunner
from commands import CONTENT, FAILED, SCRIPT, TITLE, USAGE, article, as_line, names_in, score
from pyarrow import parquet

from distillery.cli import cli
from distillery.io import files
from distillery.io.parsers import json_lines
from distillery.scoring.panel import FilterPanel


@pytest.fixture
def good_file(tmp_path: Path) -> Path:
    path = tmp_path / "good.jsonl"
    path.write_bytes(b"".join(as_line(article(id=n)) + b"\n" for n in range(6)))
    return path


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
    "a folder": (lambda folder: folder, "is a folder without data files"),
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
        "articles.parquet: 'title' is not found. Found: id, content. Map the names: --column title=NAME",
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


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write anywhere")
def test_output_in_a_folder_without_permission(tmp_path: Path, bert_filter: Path, good_file: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    # Without this capability root has to respect permissions like everybody else.
    respectful = ["setpriv", "--bounding-set", "-dac_override"] if os.geteuid() == 0 else []
    command = [*respectful, SCRIPT, "score", good_file, "--filter", bert_filter, "-o", folder / "scored.jsonl"]

    done = processes.run(*command, text=True)

    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "cannot be written: Permission denied" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--filter", "no-such-filter"], "No filter 'no-such-filter' is installed."),
        (["--filter", "./no-such-folder"], "There is no filter at no-such-folder"),
        (["--filter", "{filter}", "--filter", "no-such-filter"], "No filter 'no-such-filter' is installed."),
        (["--filter", "{filter}", "--student", "huge"], "tiny-filter 1.2.3 has no student 'huge'. It has: compact"),
        (["--filter", "{filter}", "--backend", "abacus"], "Invalid value for '--backend'"),
        (
            ["--filter", "{filter}", "--column", "body"],
            "--column: 'body' is not of the form FIELD=NAME",
        ),
        (["--filter", "{filter}", "--column", "body=content"], "Did you mean content=body?"),
        (["--filter", "{filter}", "--column", "content=body"], "nothing is named 'body'"),
        (["--filter", "{filter}", "--limit", "0"], "Invalid value for '--limit'"),
        (["--filter", "{filter}", "--batch-size", "0"], "Invalid value for '--batch-size'"),
        (["--filter", "{filter}", "-o", "scored.xlsx"], "results are not written as .xlsx; use one of .jsonl"),
        (["--filter", "{filter}", "--format", "xml"], "Invalid value for '--format'"),
        (["--filter"], "Option '--filter' requires an argument"),
        (["--filtre", "{filter}"], "No such option"),
        (["--filter", "{filter}", "second.jsonl"], "second.jsonl cannot be read: No such file"),
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
    assert "Missing argument 'ARTICLES...'" in result.stderr


def test_no_filter_installed(good_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILLERY_FILTERS", "")

    result = score(good_file)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert result.stderr.startswith("error: ")
    assert "installed" in result.stderr


# Failures in the middle


def _fail_on_second_batch(failure: BaseException) -> Callable[..., Any]:
    original, calls = FilterPanel.score_batch, iter((True, False))

    def score_batch(self: FilterPanel, articles: Iterable[Any], **options: Any) -> Any:
        if next(calls):
            return original(self, articles, **options)
        raise failure

    return score_batch


@pytest.mark.parametrize("name", ["scored.jsonl", "scored.parquet"])
@pytest.mark.parametrize(
    "failure", [KeyboardInterrupt(), RuntimeError("no memory")], ids=lambda failure: type(failure).__name__
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
    monkeypatch.setattr(FilterPanel, "score_batch", _fail_on_second_batch(failure))

    result = CliRunner().invoke(
        cli,
        ["score", "--backend", "torch", "--batch-size", "2"]
        + [str(argument) for argument in (good_file, "--filter", bert_filter, "-o", output)],
    )

    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert (f"Stopped: {output} is unchanged." in result.stderr) == isinstance(failure, KeyboardInterrupt)
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
    def failing(stream: Any) -> Any:
        if not isinstance(stream, io.BytesIO):  # the sample was read before
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        yield from json_lines(stream)

    monkeypatch.setattr(files, "json_lines", failing)

    result = score(good_file, "--filter", bert_filter, "-o", tmp_path / "scored.jsonl")

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert f"{good_file} cannot be read: Input/output error" in result.stderr
    assert names_in(tmp_path) == ["good.jsonl"]
