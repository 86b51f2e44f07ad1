"""Stopping: one reason, known to everything that waits."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass


class StoppedError(Exception):
    """The run was stopped while something waited its turn."""


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why no further call is made: a short stable kind and what to do about it."""

    kind: str
    message: str


class Stop:
    """Is set once, by whoever finds that no further call may be made; calls in flight are finished."""

    def __init__(self) -> None:
        """Nothing is stopped yet."""
        self._event = asyncio.Event()
        self.reason: StopReason | None = None

    def set(self, kind: str, message: str) -> None:
        """Stop; the first reason stays."""
        if self.reason is None:
            self.reason = StopReason(kind, message)
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
