"""Stopping: one reason, known to everything that waits, and the signals that give one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import click

INTERRUPTED, TERMINATED, BUDGET, ENDPOINT = "interrupted", "terminated", "budget", "endpoint"
STOPPING = "Stopping after the calls in flight. Press Ctrl-C again to cancel them."
# A signal ends a command within ten seconds; calls in flight have been paid for, so they get most of that.
GRACE_SECONDS = 8.0
_KINDS = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}
# As shells state that a signal ended a process.
EXIT_STATUSES = {kind: 128 + number for number, kind in _KINDS.items()}


class StoppedError(Exception):
    """The run was stopped while something waited its turn."""


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why no further call is made: a short stable kind, and one line that says what to do about it."""

    kind: str
    message: str


class Stop:
    """Is set once, by whoever finds that no further call may be made; calls in flight are finished."""

    def __init__(self, redact: Callable[[str], str] = str) -> None:
        """Start without a reason; what is said of one goes through ``redact``."""
        self._event = asyncio.Event()
        self._redact = redact
        self.reason: StopReason | None = None

    def set(self, kind: str, message: str) -> None:
        """Stop; the first reason stays."""
        if self.reason is None:
            self.reason = StopReason(kind, " ".join(self._redact(message).split()))
        self._event.set()

    def check(self) -> None:
        """Raise StoppedError if stopped."""
        if self.reason is not None:
            raise StoppedError

    async def sleep(self, seconds: float) -> None:
        """Wait; raise StoppedError at once when stopped."""
        if seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._event.wait()
        self.check()


@contextmanager
def interruptible(stop: Stop, grace: float = GRACE_SECONDS) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into a stop: calls in flight may end within ``grace`` seconds, then they are cancelled.

    A second signal cancels them at once. Outside of a main thread, where there are no signals, do nothing.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def cancel() -> None:
        if task is not None:
            task.cancel()

    def react(kind: str) -> None:
        if stop.reason is None:
            click.echo(STOPPING, err=True)
            stop.set(kind, "The run was interrupted.")
            timers.append(loop.call_later(grace, cancel))
        else:
            cancel()

    timers: list[asyncio.TimerHandle] = []
    before = {number: signal.getsignal(number) for number in _KINDS}
    added: list[signal.Signals] = []
    with suppress(ValueError, RuntimeError, NotImplementedError):
        for number, kind in _KINDS.items():
            loop.add_signal_handler(number, react, kind)
            added.append(number)
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        for number in added:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])
