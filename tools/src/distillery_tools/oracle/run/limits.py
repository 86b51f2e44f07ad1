"""Rate limits: requests and tokens a minute, and the pauses that a provider asks for."""

from __future__ import annotations

import asyncio
import math

from .spec import RateLimits
from .stop import Stop

MINUTE = 60.0
# How far a limit may be used ahead, in seconds: providers count by the second as well as by the minute.
BURST = 1.0
# Pauses in seconds where the endpoint states none: the first, and the longest.
PAUSE = 1.0
LONGEST_PAUSE = 60.0


class TokenBucket:
    """Limits units a minute, in turn: the virtual scheduling form of the leaky bucket (GCRA, ITU-T I.371).

    An amount larger than the bucket passes as well, and those behind it wait the longer.
    """

    def __init__(self, per_minute: float) -> None:
        """Start with a full bucket."""
        self._interval = MINUTE / per_minute
        self._next = -math.inf

    def take(self, amount: float, now: float) -> float:
        """Take an amount and return the seconds to wait before using it."""
        start = max(self._next, now - BURST)
        self._next = start + amount * self._interval
        return max(0.0, start - now)

    def correct(self, amount: float) -> None:
        """Take more, or give back if negative, when the true amount is known."""
        self._next += amount * self._interval


class Limits:
    """What every call waits for before it is made."""

    def __init__(self, rates: RateLimits, stop: Stop) -> None:
        """Make the buckets."""
        self._requests = TokenBucket(rates.requests) if rates.requests else None
        self._tokens = TokenBucket(rates.tokens) if rates.tokens else None
        self.paused_until = 0.0
        self._next_pause = PAUSE
        self._stop = stop

    async def take(self, tokens: float) -> None:
        """Wait until one request of ``tokens`` may be made; raise StoppedError if stopped meanwhile."""
        now = asyncio.get_running_loop().time()
        waits = [self._requests.take(1, now)] if self._requests else []
        waits += [self._tokens.take(tokens, now)] if self._tokens else []
        await self._stop.sleep(max(waits, default=0.0))
        while (left := self.paused_until - asyncio.get_running_loop().time()) > 0:
            await self._stop.sleep(left)

    def correct(self, tokens: float) -> None:
        """Charge the tokens that a call took beyond its estimate, or give them back."""
        if self._tokens:
            self._tokens.correct(tokens)

    def pause(self, seconds: float) -> float:
        """Let no call begin for a while: what an endpoint asks of one call holds for all.

        Returns by how many seconds this lengthens the time without calls.
        """
        before = max(self.paused_until, asyncio.get_running_loop().time())
        self.paused_until = max(before, asyncio.get_running_loop().time() + seconds)
        return self.paused_until - before

    def pause_longer(self) -> float:
        """Pause twice as long as the last time, unless a pause is on; return its seconds, 0 if none began.

        Calls that were made before the pause began fail during it, and do not lengthen it.
        """
        if self.paused_until > asyncio.get_running_loop().time():
            return 0.0
        seconds, self._next_pause = self._next_pause, min(2 * self._next_pause, LONGEST_PAUSE)
        return self.pause(seconds)

    def answered(self) -> None:
        """Note that the endpoint answers: the next pause is a short one again."""
        self._next_pause = PAUSE
