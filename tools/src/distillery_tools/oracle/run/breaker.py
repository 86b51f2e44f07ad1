"""CircuitBreaker: what holds for every call should not cost every article its attempts."""

from __future__ import annotations

from ..failures import (
    CallError,
    CallTimeoutError,
    ConnectionLostError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    UnavailableError,
)
from .stop import Stop

FAILURES_IN_A_ROW = 200
REJECTIONS_IN_A_ROW = 50
LONGEST_PAUSE = 600.0

_NO_ARTICLES_FAULT = (UnavailableError, CallTimeoutError, ConnectionLostError, RateLimitedError)


class CircuitBreaker:
    """Watches calls, and stops the run when 200 in a row fail, or 50 are rejected, without any answer between."""

    def __init__(
        self, stop: Stop, most_failures: int = FAILURES_IN_A_ROW, most_rejections: int = REJECTIONS_IN_A_ROW
    ) -> None:
        """Start healthy."""
        self._stop = stop
        self._most_failures = most_failures
        self._most_rejections = most_rejections
        self._failures = 0
        self._rejections = 0

    def answered(self) -> None:
        """Note that the provider answers."""
        self._failures = self._rejections = 0

    def failed(self, error: CallError) -> None:
        """Note a failure, and stop when it is one too many or when the provider asks for a long pause."""
        if isinstance(error, RetryableError) and (error.retry_after or 0) > LONGEST_PAUSE:
            self._stop.set("provider", f"The provider asks for a pause of {error.retry_after:.0f} s: {error}")
        self._failures += isinstance(error, _NO_ARTICLES_FAULT)
        self._rejections += isinstance(error, RejectedError)
        if self._failures >= self._most_failures:
            self._stop.set("provider", f"The last {self._failures} calls all failed, at last with: {error}")
        if self._rejections >= self._most_rejections:
            self._stop.set("provider", f"The last {self._rejections} articles were all rejected, at last with: {error}")
