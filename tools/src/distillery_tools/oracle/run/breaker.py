"""CircuitBreaker: a fault of the endpoint pauses all calls, then stops the run, and costs no article an attempt."""

from __future__ import annotations

from ..errors import (
    CallError,
    EndpointError,
    HardStopError,
    NoCompletionError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    UnreachableError,
)
from .limits import Limits
from .stop import ENDPOINT, Stop

# Pauses without an answer between them, each twice as long as the one before: about seven seconds.
MOST_PAUSES = 4
# Seconds of pauses for rate limits without an answer between them: of a run that was never answered, and of others.
LIMITED_FROM_THE_START = 60.0
LIMITED = 420.0
FAILURES_IN_A_ROW = 200
REJECTIONS_IN_A_ROW = 50
LONGEST_PAUSE = 600.0

# What a busy endpoint does not do now and then: one is enough to pause.
_PLAIN = (UnreachableError, NoCompletionError)


class CircuitBreaker:
    """Watches the calls of a run, and stops it where the endpoint, and not an article, is at fault."""

    def __init__(self, stop: Stop, limits: Limits, concurrency: int) -> None:
        """Start closed: calls pass."""
        self._stop = stop
        self._limits = limits
        # As many may fail together as are in flight, so one burst of failures is not a reason.
        self._patience = max(3, concurrency)
        self._most_failures = max(FAILURES_IN_A_ROW, 5 * concurrency)
        self._has_answered = False
        self._failures = 0
        self._pauses = 0
        self._limited_seconds = 0.0
        self._rejections = 0

    @property
    def is_closed(self) -> bool:
        """Whether the endpoint has just answered, so that a call without an answer may be its article's fault."""
        return self._has_answered and not self._failures

    def answered(self) -> None:
        """Note that the endpoint answers."""
        self._has_answered = True
        self._failures = self._pauses = self._rejections = 0
        self._limited_seconds = 0.0
        self._limits.answered()

    def failed(self, error: CallError) -> None:
        """Note a failure; pause all calls, or stop the run, where it is the endpoint's."""
        if isinstance(error, HardStopError):
            self._stop.set(ENDPOINT, str(error))
        elif isinstance(error, RejectedError):
            self._rejected(error)
        elif isinstance(error, EndpointError):
            self._endpoint_failed(error)
        if isinstance(error, RetryableError) and error.retry_after is not None:
            self._pause_as_asked(error, error.retry_after)
        elif isinstance(error, RateLimitedError):
            self._note_limited(error, self._limits.pause_longer())

    def _rejected(self, error: RejectedError) -> None:
        self._rejections += 1
        if self._rejections >= REJECTIONS_IN_A_ROW:
            self._stop.set(ENDPOINT, f"The last {self._rejections} articles were all rejected, the last with: {error}")

    def _endpoint_failed(self, error: EndpointError) -> None:
        self._failures += 1
        if self._failures >= self._most_failures:
            self._give_up(error, f"The last {self._failures} calls all failed")
        elif isinstance(error, RateLimitedError):
            return
        elif (isinstance(error, _PLAIN) or self._failures >= self._patience) and self._limits.pause_longer():
            self._pauses += 1
            if self._pauses >= MOST_PAUSES:
                self._give_up(error, f"The last {self._failures} calls failed, with pauses between them")

    def _pause_as_asked(self, error: RetryableError, seconds: float) -> None:
        if seconds > LONGEST_PAUSE:
            self._give_up(error, f"The endpoint asks for a pause of {seconds:.0f} s")
        else:
            lengthened = self._limits.pause(seconds)
            if isinstance(error, RateLimitedError):
                self._note_limited(error, lengthened)

    def _note_limited(self, error: RateLimitedError, seconds: float) -> None:
        """Give up if the endpoint limits calls after such long pauses; else add a pause to them."""
        if self._limited_seconds > (LIMITED if self._has_answered else LIMITED_FROM_THE_START):
            self._give_up(error, f"The endpoint limits every call, also after {self._limited_seconds:.0f} s of pauses")
        self._limited_seconds += seconds

    def _give_up(self, error: CallError, what: str) -> None:
        self._stop.set(ENDPOINT, f"{what}: {error}")
