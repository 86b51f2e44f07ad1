"""Programs that tests start, signal and kill; what the tests of all packages share."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Seconds that any program may take; more than ten times what the slowest takes on a quiet machine.
DEADLINE = 1800


def run(*command: object, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run a program to its end and return its exit status and output; options are `subprocess.run`'s."""
    if not options.keys() & {"stdout", "stderr"}:
        options["capture_output"] = True
    check = options.pop("check", False)
    return subprocess.run([str(part) for part in command], timeout=DEADLINE, check=check, **options)


@contextmanager
def started(*command: object, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a program that ends at SIGINT and SIGTERM; kill it if it still runs at the end.

    Options are those of `subprocess.Popen`; without any, the output is dropped.
    """
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with signals_not_ignored():
        process = subprocess.Popen([str(part) for part in command], **(options or quiet))
    with process:
        try:
            yield process
        finally:
            process.kill()


def end_of(process: subprocess.Popen[Any]) -> tuple[Any, Any]:
    """Wait for the end of a program and return what it wrote to its pipes."""
    return process.communicate(timeout=DEADLINE)


def kill(process: subprocess.Popen[Any]) -> None:
    """Kill a program as kill -9 does, and wait until it is gone."""
    process.kill()
    process.wait(DEADLINE)


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[Any]) -> None:
    """Wait until a condition holds; fail when the program ends before that, or after the deadline."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert process.poll() is None, f"The program ended with status {process.returncode} before the test expected it"
        assert time.monotonic() < deadline, f"The program did not get this far in {DEADLINE} seconds"
        time.sleep(0.01)


@contextmanager
def signals_not_ignored() -> Iterator[None]:
    """Let programs started meanwhile end at SIGINT and SIGTERM.

    Programs inherit which signals are ignored: nohup and a shell's background jobs ignore SIGINT.
    Only the main thread can change that.
    """
    assert threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    ignored = [number for number, handler in before.items() if handler is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
