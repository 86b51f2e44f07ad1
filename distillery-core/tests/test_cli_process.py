"""``distillery`` as a process of its own: pipes, signals, exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import processes
import pytest
from commands import FAILED, JSON, OK, SCRIPT, USAGE, distillery, json_records, names_in


def test_process_scores_a_pipe(bert_filter: Path, articles_file: Path) -> None:
    """Results alone on stdout, the summary alone on stderr."""
    with articles_file.open("ab") as file:
        file.write(b"\xff\n")

    done = distillery(
        *("score", "-", "--filter", bert_filter, "--backend", "torch", *JSON), input=articles_file.read_bytes()
    )

    records, summary = json_records(done.stdout.decode()), json.loads(done.stderr)
    assert done.returncode == FAILED
    assert len(records) == summary["articles"] == 26
    assert records[-1] == {"id": None, "line": 26, "error": "not UTF-8: invalid start byte at byte 0", "results": {}}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--version"], OK), (["info", "./nope"], USAGE), (["score", "absent.jsonl"], USAGE), (["nope"], USAGE)],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_process_has_the_exit_status(tmp_path: Path, arguments: list[str], status: int) -> None:
    done = distillery(*arguments, cwd=tmp_path)

    assert done.returncode == status
    assert b"Traceback" not in done.stderr
    assert bool(done.stderr) == bool(status)


def test_process_whose_reader_leaves_ends_quietly(tmp_path: Path, bert_filter: Path) -> None:
    """As in ``distillery score ... | head -n 1``."""
    path = tmp_path / "articles.jsonl"
    article = {"title": "clinic", "content": "shared water in the village"}
    path.write_text("".join(json.dumps({"id": n} | article) + "\n" for n in range(600)))
    command = [SCRIPT, "score", path, "--filter", bert_filter, "--backend", "torch", "--quiet"]

    with processes.started(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        process.wait(processes.DEADLINE)

    assert json.loads(first)["id"] == 0
    assert errors == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_process_that_cannot_write_its_output_says_so(bert_filter: Path, articles_file: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = distillery(
            *("score", articles_file, "--filter", bert_filter, "--backend", "torch", "--quiet"),
            stdout=full,
            stderr=subprocess.PIPE,
        )

    assert done.returncode == USAGE
    assert done.stderr.startswith(b"error: standard output cannot be written: No space left on device")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_process_that_is_stopped_leaves_the_previous_file(
    tmp_path: Path, bert_filter: Path, articles_file: Path, number: signal.Signals
) -> None:
    """SIGTERM is how a container or a service is stopped."""
    output = tmp_path / "scored.jsonl"
    output.write_text("previous")
    script = (
        "import time, distillery.loading, distillery.cli\n"
        "distillery.loading._load = lambda *_, **__: (print('loading', flush=True), time.sleep(10_000))\n"
        "distillery.cli.main()\n"
    )
    command = [sys.executable, "-c", script, "score", articles_file, "--filter", bert_filter, "-o", output]

    with processes.started(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"loading\n"
        assert len(names_in(tmp_path)) == 3
        process.send_signal(number)
        _, errors = processes.end_of(process)

    assert process.returncode == 128 + number
    assert b"Traceback" not in errors
    assert f"Stopped: {output} is unchanged.".encode() in errors
    assert names_in(tmp_path) == ["articles.jsonl", "scored.jsonl"]
    assert output.read_text() == "previous"


@pytest.mark.parametrize(("level", "status"), [("debug", OK), ("WARNING", OK), ("loud", USAGE)])
def test_process_takes_a_log_level(level: str, status: int) -> None:
    done = distillery("--version", env=os.environ | {"DISTILLERY_LOG": level})

    assert done.returncode == status
    assert (b"DISTILLERY_LOG=loud" in done.stderr) == (status == USAGE)
    assert b"Traceback" not in done.stderr
