"""Ctrl-C and SIGTERM end a command with their status, whatever it is doing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import processes
import pytest
from commands import SCRIPT

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)

# What `load_filter` does in place of loading; each lasts longer than any test.
BUSY = {
    "in native code": "hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)",
    "in Python": "[None for _ in iter(int, 1)]",
    "in a thread of a pool": "pooled(lambda: hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9))",
    "in Python of a pool": "pooled(lambda: time.sleep(10_000))",
    "deaf to exceptions": "deaf()",
}
SCRIPT_OF = """
import hashlib, sys, time
from concurrent.futures import ThreadPoolExecutor
import distillery.cli, distillery.loading

def pooled(work):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: work(), range(2)))

def deaf():
    while True:
        try:
            time.sleep(0.1)
        except BaseException:
            pass

def load(*_, **__):
    print("loading", flush=True)
    {busy}

distillery.loading.load_filter = distillery.loading.load_filters = load
distillery.cli.main()
"""


@SIGNALS
@pytest.mark.parametrize("busy", BUSY.values(), ids=BUSY)
def test_a_command_ends(bert_filter: Path, articles_file: Path, busy: str, number: signal.Signals) -> None:
    command = [sys.executable, "-c", SCRIPT_OF.format(busy=busy), "score", articles_file, "--filter", bert_filter]

    with processes.started(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"loading\n"
        process.send_signal(number)
        _, errors = processes.end_of(process)

    assert process.returncode == 128 + number
    assert b"Traceback" not in errors


@SIGNALS
def test_a_conversion_ends_and_leaves_nothing(
    tmp_path: Path, bert_filter: Path, articles_file: Path, number: signal.Signals
) -> None:
    command = [SCRIPT, "score", articles_file, "--filter", bert_filter, "--backend", "openvino"]
    environment = os.environ | {"DISTILLERY_CACHE": str(tmp_path / "cache")}

    with processes.started(*command, env=environment) as process:
        processes.wait_until(lambda: any(tmp_path.glob("cache/openvino/.*")), process)
        process.send_signal(number)
        processes.end_of(process)

    assert process.returncode == 128 + number


def test_a_signal_that_the_parent_ignores_stays_ignored(bert_filter: Path, articles_file: Path) -> None:
    """As under nohup and in a shell's background job: Ctrl-C of the terminal is not for it, SIGTERM is."""
    script = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + SCRIPT_OF.format(busy=BUSY["in Python"])
    command = [sys.executable, "-c", script, "score", articles_file, "--filter", bert_filter]

    with processes.started(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        assert process.stdout.readline() == b"loading\n"
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        processes.end_of(process)

    assert process.returncode == 128 + signal.SIGTERM
