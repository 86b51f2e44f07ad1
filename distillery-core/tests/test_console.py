"""Consoles of other encodings, and tables on narrow ones: replaced characters, never a crash, nothing cut silently."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from subprocess import CompletedProcess

import processes
import pytest
from commands import OK, USAGE

from distillery.cli.output import print_table

TITLE = "\N{SEEDLING} \u0141\u00f3d\u017a \u2013 \u201cnew\u201d clinic \u65e5\u672c"


def distillery(encoding: str, *arguments: str | Path) -> CompletedProcess[bytes]:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "80"}
    return processes.run(sys.executable, "-m", "distillery", *arguments, env=environment)


@pytest.fixture
def titled_file(tmp_path: Path) -> Path:
    """One article whose title few consoles can show."""
    path = tmp_path / "titled.jsonl"
    path.write_text(json.dumps({"id": TITLE, "title": TITLE, "content": "shared water in the village"}) + "\n")
    return path


SHOWN = {
    "ascii": '? ?odz - "new" clinic ??',
    "cp1252": "? ?\u00f3dz \u2013 \u201cnew\u201d clinic ??",
    "utf-8": TITLE,
}


@pytest.mark.parametrize("encoding", SHOWN)
def test_every_console_shows_the_summary(tmp_path: Path, bert_filter: Path, titled_file: Path, encoding: str) -> None:
    """What it lacks is replaced: a letter by the one without its accent, others by a question mark."""
    output = tmp_path / "scored.jsonl"

    done = distillery(encoding, "score", titled_file, "--filter", bert_filter, "--backend", "torch", "-o", output)

    assert (done.returncode, done.stderr) == (OK, b"")
    assert SHOWN[encoding] in done.stdout.decode(encoding)
    assert json.loads(output.read_text())["id"] == TITLE


@pytest.mark.parametrize("encoding", SHOWN)
@pytest.mark.parametrize(
    ("arguments", "message"), [(("info", f"./{TITLE}"), "error: "), ((TITLE,), "Error: No such command")]
)
def test_every_console_shows_errors(encoding: str, arguments: tuple[str, ...], message: str) -> None:
    """Ours, and those of click."""
    done = distillery(encoding, *arguments)

    assert done.returncode == USAGE
    assert message in done.stderr.decode(encoding)
    assert b"Traceback" not in done.stderr


def test_json_loses_nothing_on_any_console(tmp_path: Path, bert_filter: Path, titled_file: Path) -> None:
    arguments = ("score", titled_file, "--filter", bert_filter, "--backend", "torch", "--format", "json")

    done = distillery("cp1252", *arguments, "-o", tmp_path / f"{TITLE}.jsonl")

    assert json.loads(done.stdout.decode("cp1252"))["output"].endswith(f"{TITLE}.jsonl")


# Tables


def test_a_table_fits_eighty_columns_in_parts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    headers = ["model", *(f"dimension_{n}" for n in range(12))]

    print_table(headers, [("student", *(n + 0.125 for n in range(12)))], title="figures")

    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    shown = " ".join(lines)
    assert all(header in shown for header in headers)
    assert all(f"{n + 0.125:.2f}" in shown for n in range(12))
    assert shown.count("student") > 1


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_a_text_wraps_whole_and_a_cut_one_ends_in_an_ellipsis(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = " ".join(f"word{n}" for n in range(40))

    print_table(["a", "text"], [("x", text)])
    wrapped = capsys.readouterr().out
    print_table(["a", "text"], [("x", text)], cut=["text"])
    cut = capsys.readouterr().out

    assert all(f"word{n}" in wrapped.split() for n in range(40))
    assert cut.splitlines()[3].rstrip().endswith("\N{HORIZONTAL ELLIPSIS}")


def test_a_short_text_is_not_cut(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    print_table(["average", "article"], [(1.0, "x" * 60)], cut=["article"])

    assert "x" * 60 in capsys.readouterr().out
