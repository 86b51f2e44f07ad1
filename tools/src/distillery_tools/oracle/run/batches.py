"""Labelling in batches: submitted, waited for and collected, also by a later run."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from distillery import DistilleryError

from ..errors import (
    CallError,
    EndpointError,
    HardStopError,
    NoCompletionError,
    RateLimitedError,
    RequestFormError,
    RetryableError,
    UnavailableError,
    UnreachableError,
)
from ..providers.contract import BatchClient, BatchState, Completion, Request
from ..store.attempts import BookedCall, LabelRequest
from ..store.batches import OpenBatch
from ..store.store import Store
from .outcomes import OutcomeRecorder, checked
from .progress import Progress
from .single import LEAST_FAILURES, WaitAsAsked, failure_of_stranger, in_parallel
from .spec import BatchPolicy, CallPolicy, OracleSpec
from .spending import Spending
from .stop import ENDPOINT, Stop, StoppedError

# Gemini takes 20 MB in one call.
MOST_BYTES = 15_000_000
SUBMISSIONS = 5
# Checks of a batch that may fail in a row before it is left to a later run.
MOST_FAILED_CHECKS = 20
# More than there are parts of a request to leave out.
MOST_FORMS = 16
# After these a batch cannot be with the provider.
_NOT_TAKEN = (UnreachableError, NoCompletionError, RateLimitedError, RequestFormError)
# Batches in a row of which the endpoint answered nothing.
MOST_SILENT_BATCHES = 3


class UncertainSubmissionError(RetryableError):
    """A batch may or may not have arrived; ``may_cost`` if the last that is known of it is a request without answer."""

    kind = "uncertain_submission"

    def __init__(self, message: str, *, may_cost: bool) -> None:
        """Keep whether its money must be taken as spent."""
        super().__init__(message)
        self.may_cost = may_cost


async def submit_once(client: BatchClient, token: str, requests: Mapping[str, Request], stop: Stop) -> str:
    """Submit a batch and return its reference; what seemed to fail but arrived is not submitted again.

    Raises StoppedError if stopped before the next try, UncertainSubmissionError if the batch may have arrived, and
    CallError if it did not.
    """
    may_have_arrived = may_cost = False
    try:
        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(SUBMISSIONS),
            wait=WaitAsAsked(grows=True),
            retry=retry_if_exception_type(RetryableError),
            sleep=stop.sleep,
            reraise=True,
        ):
            with attempt:
                found = await _find(client, token) if may_have_arrived else None
                try:
                    return found or await client.submit(token, requests)
                except RetryableError as error:
                    may_have_arrived = may_have_arrived or not isinstance(error, _NOT_TAKEN)
                    may_cost = may_cost or error.may_be_billed
                    raise
    except RetryableError as error:
        if may_have_arrived:
            raise UncertainSubmissionError(str(error), may_cost=may_cost) from error
        raise
    raise AssertionError("tenacity returns or raises")


async def _find(client: BatchClient, token: str) -> str | None:
    """Look for a batch that may have arrived; while that is not known, it must not be taken for absent."""
    try:
        return await client.find(token)
    except CallError as error:
        raise UnavailableError(f"it is not known whether the batch arrived: {error}") from error


async def wait_for_end(
    client: BatchClient, reference: str, names: Sequence[str], stop: Stop, poll_seconds: float
) -> BatchState:
    """Return a batch once it is over; raise StoppedError if stopped, CallError if it cannot be checked."""
    n_failed = 0
    while True:
        try:
            state = await client.poll(reference, names)
            n_failed = 0
        except RetryableError:
            n_failed += 1
            if n_failed == MOST_FAILED_CHECKS:
                raise
        else:
            if state.is_over:
                return state
        await stop.sleep(poll_seconds)


@dataclass
class Round:
    """One pass over the articles: how many were submitted, and whether the budget ended it."""

    n_submitted: int = 0
    is_budget_full: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class BatchLabeller:
    """Asks a provider about articles by batches, and books the outcome of every request in the store."""

    def __init__(
        self,
        client: BatchClient,
        oracle: OracleSpec,
        schema: Mapping[str, Any],
        store: Store,
        spending: Spending,
        stop: Stop,
        policy: CallPolicy,
        batch_policy: BatchPolicy,
        progress: Progress,
        recorder: OutcomeRecorder,
    ) -> None:
        """Keep the parts."""
        self._client = client
        self._oracle = oracle
        self._schema = schema
        self._store = store
        self._spending = spending
        self._stop = stop
        self._policy = policy
        self._batch_policy = batch_policy
        self._progress = progress
        self._recorder = recorder
        # How often the endpoint failed for an article in this run, and how often it may.
        self._failures: Counter[str] = Counter()
        self._most_failures = max(policy.max_attempts, LEAST_FAILURES)
        self._refused_forms = 0
        self._silent_batches = 0

    async def collect_earlier(self) -> None:
        """Wait for the batches that earlier runs left, and book their outcomes."""
        left = await self._store.open_batches(self._oracle.fingerprint)
        for batch in left:
            for call in batch.calls:
                self._spending.adopt(call.reserved)
        await in_parallel(partial(self._guarded, partial(self._resume, batch)) for batch in left)

    async def run_round(self, requests: AsyncIterator[LabelRequest], concurrency: int) -> Round:
        """Submit requests in batches, ``concurrency`` at a time, and collect them all."""
        this = Round()

        async def work() -> None:
            while self._stop.reason is None:
                async with this.turn:
                    chosen, reserved = await self._next(requests, this)
                if not chosen:
                    return
                this.n_submitted += len(chosen)
                await self._guarded(partial(self._submit, chosen, reserved))

        await in_parallel(work for _ in range(concurrency))
        return this

    async def _next(self, requests: AsyncIterator[LabelRequest], this: Round) -> tuple[list[LabelRequest], list[float]]:
        """Return requests for one batch, as many as size, bytes and budget allow, with what is reserved for each."""
        chosen: list[LabelRequest] = []
        reserved: list[float] = []
        n_bytes = 0
        while not this.is_budget_full and len(chosen) < self._batch_policy.size and n_bytes < MOST_BYTES:
            request = await anext(requests, None)
            if request is None:
                break
            if self._failures[request.key] >= self._most_failures:
                continue
            amount = self._spending.estimate(request.tokens)
            if not self._spending.try_reserve(amount):
                this.is_budget_full = True
                break
            chosen.append(request)
            reserved.append(amount)
            n_bytes += len(request.text.encode("utf-8", "replace"))
        return chosen, reserved

    async def _submit(self, chosen: Sequence[LabelRequest], reserved: Sequence[float]) -> None:
        """Note a batch, submit it, and see it through."""
        batch = await self._store.note_batch(self._oracle.fingerprint, uuid.uuid4().hex, chosen, reserved)
        requests = {
            str(call.number): Request(request.text, self._schema, self._policy.output_limit(request.n_truncated))
            for call, request in zip(batch.calls, chosen, strict=True)
        }
        try:
            reference = await submit_once(self._client, batch.token, requests, self._stop)
        except UncertainSubmissionError as error:
            if not error.may_cost:
                await self._unreserve(batch)
            raise HardStopError(f"A batch may or may not have arrived; the next run finds out: {error}") from error
        except CallError as error:
            await self._drop(batch)
            raise HardStopError(f"The batch was not taken: {error}") from error
        await self._store.refer_batch(batch.number, reference)
        await self._see_through(batch, reference)

    async def _resume(self, batch: OpenBatch) -> None:
        """Go on with a batch of an earlier run; one that never arrived is dropped, and its articles asked about."""
        reference = batch.reference or await self._client.find(batch.token)
        if reference is None:
            await self._drop(batch)
            return
        await self._store.refer_batch(batch.number, reference)
        await self._see_through(batch, reference)

    async def _see_through(self, batch: OpenBatch, reference: str) -> None:
        """Check a batch until it is over, and book the outcomes of its calls."""
        state = await wait_for_end(self._client, reference, batch.names, self._stop, self._batch_policy.poll_seconds)
        absent = UnavailableError(state.fault or "the batch ended without this answer")
        results = [state.results.get(str(call.number), absent) for call in batch.calls]
        await asyncio.gather(*(self._settle(call, result) for call, result in zip(batch.calls, results, strict=True)))
        await self._store.end_batch(batch.number)
        if state.fault and not state.results:
            raise HardStopError(f"The batch {reference} failed: {state.fault}")
        self._check(results)

    def _check(self, results: Sequence[Completion | CallError]) -> None:
        """Raise HardStopError if batch after batch brings nothing."""
        refused = [result for result in results if isinstance(result, RequestFormError)]
        self._refused_forms += bool(refused)
        if self._refused_forms > MOST_FORMS:
            raise HardStopError(f"The endpoint refuses every form of the requests: {refused[0]}")
        failed = [result for result in results if isinstance(result, EndpointError)]
        is_silent = bool(failed) and len(failed) == len(results)
        self._silent_batches = self._silent_batches + 1 if is_silent else 0
        if self._silent_batches >= MOST_SILENT_BATCHES:
            raise HardStopError(f"Nothing in the last {MOST_SILENT_BATCHES} batches was answered: {failed[0]}")

    async def _settle(self, call: BookedCall, result: Completion | CallError) -> None:
        try:
            await self._settled(call, result)
        except HardStopError as error:
            self._stop.set(ENDPOINT, str(error))
        except EndpointError as error:
            self._failures[call.key] += 1
            if self._failures[call.key] == self._most_failures:
                self._progress.left_by_endpoint(0, error)
        except CallError:
            self._progress.failed_for_now()
        else:
            self._progress.labelled(0, self._spending.spent)

    async def _settled(self, call: BookedCall, result: Completion | CallError) -> None:
        """Book what came of a request, and raise what it ended in."""
        try:
            completion = result if isinstance(result, CallError) else checked(result)
        except CallError as error:
            completion = error
        if isinstance(completion, CallError):
            await self._recorder.failed(call, completion, counts=completion.costs_attempt)
            raise completion
        await self._recorder.completed(call, completion)

    async def _unreserve(self, batch: OpenBatch) -> None:
        """Free the money of a batch that the provider answered with a fault; should it be there, it is paid later."""
        await self._store.unreserve_batch(batch.number)
        for call in batch.calls:
            self._spending.settle(call.reserved, 0.0)

    async def _drop(self, batch: OpenBatch) -> None:
        await self._store.drop_batch(batch.number)
        for call in batch.calls:
            self._spending.settle(call.reserved, 0.0)

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do a batch's work; a fault of every call stops the run, and a stop leaves the batch for later."""
        try:
            await self._translated(work)
        except StoppedError:
            return
        except CallError as error:
            self._stop.set(ENDPOINT, str(error))

    async def _translated(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do some work; what a stranger's client raises becomes a CallError."""
        try:
            await work()
        except (DistilleryError, StoppedError):
            raise
        except Exception as error:  # a stranger's client raises anything
            raise failure_of_stranger(error) from error
