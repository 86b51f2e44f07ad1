"""Single calls: each article is asked about until there are scores, or no attempt is left."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.stop import stop_base
from tenacity.wait import wait_base, wait_random_exponential

from ..errors import (
    CallError,
    CallTimeoutError,
    ConnectionLostError,
    EndpointError,
    HardStopError,
    RateLimitedError,
    RequestFormError,
    RetryableError,
    UnavailableError,
    UnreachableError,
    UnusableReplyError,
)
from ..providers.contract import Completion, Provider, Request
from ..store.attempts import TRUNCATED, BookedCall, LabelRequest
from ..store.store import Store
from .breaker import CircuitBreaker
from .limits import Limits
from .outcomes import OutcomeRecorder, checked, plausible
from .progress import Progress
from .spec import CallPolicy, OracleSpec
from .spending import BudgetReachedError, Spending
from .stop import BUDGET, Stop, StoppedError

# Nobody has looked at the request of a call that ended so.
UNANSWERED = (RateLimitedError, UnreachableError)
SHORTEST_WAIT = 0.5
LONGEST_WAIT = 60.0
# How often in one run the endpoint may fail for an article, and how often it may be limited or not be reached.
LEAST_FAILURES = 5
MOST_UNANSWERED = 50
# More than there are parts of a request to leave out.
MOST_FORMS = 16


class WaitAsAsked(wait_base):
    """Waits a random time below 0.5, 1, 2 ... 60 seconds, and at least as long as the endpoint asks for.

    A call that was limited, or that reached nobody, adds half a second at most: all calls pause for that.
    """

    def __init__(self, *, grows: bool = False) -> None:
        """Start with the shortest bound; where nothing pauses all calls, each wait ``grows``."""
        self._grows = grows
        self._backoff = wait_random_exponential(multiplier=SHORTEST_WAIT, max=LONGEST_WAIT)

    def __call__(self, retry_state: RetryCallState) -> float:
        """Return the seconds."""
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(error, RequestFormError):
            return 0.0  # the next request differs, so there is nothing to wait for
        asked = (error.retry_after if isinstance(error, RetryableError) else None) or 0.0
        if isinstance(error, UNANSWERED) and not self._grows:
            return asked + random.uniform(0, SHORTEST_WAIT)  # noqa: S311  no secret
        return max(asked, self._backoff(retry_state))


class StopWhenUsedUp(stop_base):
    """Stops when no attempt is left, or the endpoint failed too often for one article.

    Calls that are not attempts have bounds of their own. Calls that were limited or reached nobody say nothing about
    an article, so many are allowed: the circuit breaker stops the run if need be.
    """

    def __init__(self, attempts: int, failures: int) -> None:
        """Keep how many attempts, and how many failures of the endpoint, there may be."""
        self._attempts = attempts
        self._failures = max(failures, LEAST_FAILURES)
        self._unanswered = MOST_UNANSWERED
        self._forms = MOST_FORMS

    def note(self, error: CallError, *, counts: bool) -> None:
        """Note what a call ended in."""
        self._attempts -= counts
        is_unanswered = isinstance(error, UNANSWERED)
        self._unanswered -= is_unanswered
        self._failures -= isinstance(error, EndpointError) and not (counts or is_unanswered)
        self._forms -= isinstance(error, RequestFormError)

    def __call__(self, _retry_state: RetryCallState) -> bool:
        """Tell whether there were enough."""
        return min(self._attempts, self._failures, self._unanswered, self._forms) <= 0


class Labeller:
    """Asks a provider about articles within limits and budget, and books every call in the store."""

    def __init__(
        self,
        provider: Provider,
        oracle: OracleSpec,
        schema: Mapping[str, Any],
        store: Store,
        limits: Limits,
        spending: Spending,
        stop: Stop,
        policy: CallPolicy,
        progress: Progress,
        breaker: CircuitBreaker,
        recorder: OutcomeRecorder,
    ) -> None:
        """Keep the parts."""
        self._provider = provider
        self._oracle = oracle
        self._schema = schema
        self._store = store
        self._limits = limits
        self._spending = spending
        self._stop = stop
        self._policy = policy
        self._progress = progress
        self._breaker = breaker
        self._recorder = recorder

    async def label_all(self, requests: AsyncIterator[LabelRequest], concurrency: int) -> None:
        """Label requests, ``concurrency`` at a time, until there are none or the run is stopped.

        Each worker fetches its next request itself, so that no more of them are in memory than are being asked.
        """
        turn = asyncio.Lock()

        async def work() -> None:
            while self._stop.reason is None:
                async with turn:
                    request = await anext(requests, None)
                if request is None:
                    return
                await self.label(request)

        await in_parallel(work for _ in range(concurrency))

    async def label(self, request: LabelRequest) -> None:
        """Make calls until one gives scores or there were enough."""
        try:
            await self._attempts(request)
        except (StoppedError, HardStopError):
            return
        except BudgetReachedError:
            self._stop.set(BUDGET, self._spending.reached)
        except (EndpointError, RequestFormError) as error:
            self._progress.left_by_endpoint(request.size, error)
        except CallError:
            self._progress.failed(request.size)
        else:
            self._progress.labelled(request.size, self._spending.spent)

    async def _attempts(self, request: LabelRequest) -> None:
        n_truncated = request.n_truncated
        enough = StopWhenUsedUp(self._policy.max_attempts - request.n_attempts, self._policy.max_attempts)
        async for attempt in AsyncRetrying(
            stop=enough,
            wait=WaitAsAsked(),
            retry=retry_if_exception_type(RetryableError),
            sleep=self._stop.sleep,
            reraise=True,
        ):
            with attempt:
                try:
                    await self._attempt(request, self._policy.output_limit(n_truncated), enough)
                except UnusableReplyError as error:
                    n_truncated += error.kind == TRUNCATED
                    raise

    async def _attempt(self, request: LabelRequest, limit: int, enough: StopWhenUsedUp) -> None:
        """Make one call: book it before, book its outcome after, and raise what it ended in."""
        call = await self._book(request)
        try:
            completion = await self._complete(Request(request.text, self._schema, limit))
        except CallError as error:
            counts = self._counts(error)
            self._breaker.failed(error)
            enough.note(error, counts=counts)
            await self._recorder.failed(call, error, counts=counts)
            raise
        try:
            await self._recorder.completed(call, completion)
        except UnusableReplyError as error:
            self._breaker.answered()
            enough.note(error, counts=True)
            raise
        except CallError as error:
            self._breaker.failed(error)
            raise
        self._breaker.answered()
        if usage := plausible(completion):
            self._limits.correct(usage.prompt + usage.output - request.tokens)

    def _counts(self, error: CallError) -> bool:
        """Tell whether a failure costs its article an attempt.

        A call that ended without an answer is its article's fault only while the endpoint answers others: an article
        may make a model think without end.
        """
        return error.costs_attempt or (error.may_be_billed and self._breaker.is_closed)

    async def _book(self, request: LabelRequest) -> BookedCall:
        """Wait for the limits and the budget, and book the call; raise if there is to be none."""
        await self._limits.take(request.tokens)
        reserved = self._spending.estimate(request.tokens)
        await self._spending.reserve(reserved)
        if self._stop.reason:
            self._spending.settle(reserved, None)
            raise StoppedError
        return await self._store.book(self._oracle.fingerprint, request, reserved)

    async def _complete(self, request: Request) -> Completion:
        try:
            async with asyncio.timeout(self._policy.timeout):
                return checked(await self._provider.complete(request))
        except CallError:
            raise
        except TimeoutError as error:
            raise CallTimeoutError(f"no answer within {self._policy.timeout:g} s") from error
        except Exception as error:  # a stranger's provider raises anything, and one call must not end them all
            raise failure_of_stranger(error) from error


def failure_of_stranger(error: Exception) -> CallError:
    """Return what an error of a plugin's provider means: Python's own errors say whether there was a connection."""
    said = f"the provider raised {type(error).__name__}: {error}"
    if isinstance(error, ConnectionRefusedError):
        return UnreachableError(said)
    return ConnectionLostError(said) if isinstance(error, ConnectionError) else UnavailableError(said)


async def in_parallel(works: Iterable[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Do all of some work at the same time; the first error ends the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work())
    except ExceptionGroup as several:
        raise several.exceptions[0] from several
