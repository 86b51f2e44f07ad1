"""Talking to a provider about batches, over connections that fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from ..failures import CallError, RetryableError, UnavailableError
from ..providers import BatchClient, BatchState, Request
from .stop import Stop
from .waiting import WaitAsAsked

SUBMISSIONS = 5
# Looks at a batch that may fail in a row before it is left to a later run.
LOOKS_IN_VAIN = 20


async def hand_over(client: BatchClient, token: str, requests: Mapping[str, Request], stop: Stop) -> str:
    """Submit a batch and return its reference; what seemed to fail but arrived is not submitted again.

    Raises StoppedError if stopped before the next attempt, CallError if none goes well.
    """
    is_first = True
    async for attempt in AsyncRetrying(
        stop=stop_after_attempt(SUBMISSIONS),
        wait=WaitAsAsked(),
        retry=retry_if_exception_type(RetryableError),
        sleep=stop.sleep,
        reraise=True,
    ):
        with attempt:
            found = None if is_first else await _find(client, token)
            is_first = False
            return found or await client.submit(token, requests)
    raise AssertionError("tenacity returns or raises")


async def _find(client: BatchClient, token: str) -> str | None:
    """Look for a batch that may have arrived; while that cannot be told, it must not be taken for absent."""
    try:
        return await client.find(token)
    except CallError as error:
        raise UnavailableError(f"whether the batch arrived cannot be told: {error}") from error


async def wait_for_end(
    client: BatchClient, reference: str, names: Sequence[str], stop: Stop, poll_seconds: float
) -> BatchState:
    """Return a batch once it is over; raise StoppedError if stopped, CallError if it cannot be looked at."""
    n_failed = 0
    while True:
        try:
            state = await client.poll(reference, names)
            n_failed = 0
        except RetryableError:
            n_failed += 1
            if n_failed == LOOKS_IN_VAIN:
                raise
        else:
            if state.is_over:
                return state
        await stop.sleep(poll_seconds)
