"""Health: when the provider is down for everybody, no article should lose its attempts to that."""

from __future__ import annotations

from .failures import CallError, CallTimeoutError, ConnectionLostError, RetryableError, UnavailableError
from .stop import Stop

FAILURES_IN_A_ROW = 200
LONGEST_PAUSE = 600.0


class Health:
    """Watches calls, and stops the run when 200 in a row fail for reasons that are no article's."""

    def __init__(self, stop: Stop, most_in_a_row: int = FAILURES_IN_A_ROW) -> None:
        """Start healthy."""
        self._stop = stop
        self._most = most_in_a_row
        self._in_a_row = 0

    def answered(self) -> None:
        """Note that the provider answers."""
        self._in_a_row = 0

    def failed(self, error: CallError) -> None:
        """Note a failure, and stop when it is one too many or when the provider asks for a long pause."""
        if isinstance(error, RetryableError) and (error.retry_after or 0) > LONGEST_PAUSE:
            self._stop.set("provider", f"The provider asks for a pause of {error.retry_after:.0f} s: {error}")
        if not isinstance(error, (UnavailableError, CallTimeoutError, ConnectionLostError)):
            return
        self._in_a_row += 1
        if self._in_a_row >= self._most:
            self._stop.set("provider", f"The last {self._in_a_row} calls all failed, at last with: {error}")
