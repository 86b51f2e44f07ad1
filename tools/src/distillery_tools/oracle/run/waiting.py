"""How long to wait before the next attempt, and when none is left."""

from __future__ import annotations

from tenacity import RetryCallState
from tenacity.stop import stop_base
from tenacity.wait import wait_base, wait_random_exponential

from ..failures import RetryableError, StructureError

SHORTEST = 0.5
LONGEST = 60.0
# From a JSON schema to JSON, and from JSON to nothing.
MOST_FORGIVEN = 2


class WaitAsAsked(wait_base):
    """Waits a random time below 0.5, 1, 2 ... 60 seconds, and at least as long as the provider asks for."""

    def __init__(self, shortest: float = SHORTEST, longest: float = LONGEST) -> None:
        """Keep the first and the last bound, in seconds."""
        self._backoff = wait_random_exponential(multiplier=shortest, max=longest)

    def __call__(self, retry_state: RetryCallState) -> float:
        """Return the seconds."""
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(error, StructureError):
            return 0.0  # the next call asks for something else, so there is nothing to wait for
        asked = error.retry_after if isinstance(error, RetryableError) else None
        return max(asked or 0.0, self._backoff(retry_state))


class StopAfterCounted(stop_base):
    """Stops after so many attempts that count; two at most may be forgiven."""

    def __init__(self, most: int) -> None:
        """Keep how many may be made."""
        self._most = most
        self._forgiven = 0

    def forgive(self) -> None:
        """Let the attempt that is being made not count."""
        self._forgiven = min(self._forgiven + 1, MOST_FORGIVEN)

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Tell whether there were enough."""
        return retry_state.attempt_number - self._forgiven >= self._most
