"""Ctrl-C and SIGTERM: the first lets the calls in flight end, the second ends them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from .stop import Stop

INTERRUPTED, TERMINATED = "interrupted", "terminated"
STOPPING = "stopping: waiting for the calls in flight, then noting the articles left; once more to end them now"
_KINDS = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}


@contextmanager
def interruptible(stop: Stop) -> Iterator[None]:
    """Turn signals into a stop; outside of a main thread, where there are none, do nothing."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def react(kind: str) -> None:
        if stop.reason is None:
            click.echo(STOPPING, err=True)
            stop.set(kind, "Interrupted.")
        elif task is not None:
            task.cancel()

    before = {number: signal.getsignal(number) for number in _KINDS}
    added: list[signal.Signals] = []
    with suppress(ValueError, RuntimeError, NotImplementedError):
        for number, kind in _KINDS.items():
            loop.add_signal_handler(number, react, kind)
            added.append(number)
    try:
        yield
    finally:
        for number in added:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])
