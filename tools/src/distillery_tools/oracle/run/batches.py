"""Labelling in batches: handed over, waited for and collected, also by a later run."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..failures import CallError, HardStopError, RetryableError, UnavailableError
from ..providers import BatchClient, Completion, Request
from ..store import batches as batch_records
from ..store.batches import OpenBatch
from ..store.store import Store
from .batch_exchange import hand_over, wait_for_end
from .intake import LabelRequest
from .outcomes import BookedCall, OutcomeRecorder
from .progress import Progress
from .runner import in_parallel
from .single import Policy
from .spec import OracleSpec
from .spending import Spending
from .stop import Stop, StoppedError

# Gemini takes 20 MB in one call.
MOST_BYTES = 15_000_000


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """How many requests stand in a batch, and how many seconds lie between looks at it."""

    size: int = 1000
    poll_seconds: float = 30.0


@dataclass
class Round:
    """One pass over the articles: whether anything was handed over, and whether the budget ended it."""

    n_submitted: int = 0
    is_budget_full: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class BatchLabeller:
    """Asks a provider about articles by batches, and settles every request in the store."""

    def __init__(
        self,
        client: BatchClient,
        oracle: OracleSpec,
        schema: Mapping[str, Any],
        store: Store,
        spending: Spending,
        stop: Stop,
        policy: Policy,
        batch_policy: BatchPolicy,
        progress: Progress,
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
        self._recorder = OutcomeRecorder(oracle, store, spending)

    async def collect_earlier(self) -> None:
        """Wait for the batches that earlier runs left, and settle them."""
        left = await self._store.run(batch_records.open_batches(self._oracle.fingerprint))
        for batch in left:
            for call in batch.calls:
                self._spending.adopt(call.reserved)
        await in_parallel(partial(self._guarded, partial(self._resume, batch)) for batch in left)

    async def run_round(self, questions: AsyncIterator[LabelRequest], concurrency: int) -> Round:
        """Hand over questions in batches, so many batches at a time, and settle them all."""
        this = Round()

        async def work() -> None:
            while self._stop.reason is None:
                async with this.turn:
                    chosen, reserved = await self._next(questions, this)
                if not chosen:
                    return
                this.n_submitted += len(chosen)
                await self._guarded(partial(self._submit, chosen, reserved))

        await in_parallel(work for _ in range(concurrency))
        return this

    async def _next(
        self, questions: AsyncIterator[LabelRequest], this: Round
    ) -> tuple[list[LabelRequest], list[float]]:
        """Return questions for one batch, as many as size, bytes and budget hold, with what is reserved for each."""
        chosen: list[LabelRequest] = []
        reserved: list[float] = []
        n_bytes = 0
        while not this.is_budget_full and len(chosen) < self._batch_policy.size and n_bytes < MOST_BYTES:
            question = await anext(questions, None)
            if question is None:
                break
            amount = self._spending.estimate(question.tokens)
            if not self._spending.try_reserve(amount):
                this.is_budget_full = True
                break
            chosen.append(question)
            reserved.append(amount)
            n_bytes += len(question.text.encode())
        return chosen, reserved

    async def _submit(self, chosen: Sequence[LabelRequest], reserved: Sequence[float]) -> None:
        """Note a batch, hand it over, and see it through."""
        noting = batch_records.note(self._oracle.fingerprint, uuid.uuid4().hex, chosen, reserved)
        batch = await self._store.run(noting)
        requests = {
            str(call.number): Request(question.text, self._schema, self._policy.output_limit(question.n_truncated))
            for call, question in zip(batch.calls, chosen, strict=True)
        }
        try:
            reference = await hand_over(self._client, batch.token, requests, self._stop)
        except RetryableError as error:
            raise HardStopError(f"A batch may or may not have arrived; the next run finds out: {error}") from error
        except CallError as error:
            await self._drop(batch)
            raise HardStopError(f"The batch was not taken: {error}") from error
        await self._store.run(batch_records.refer(batch.number, reference))
        await self._see_through(batch, reference)

    async def _resume(self, batch: OpenBatch) -> None:
        """Go on with a batch of an earlier run; one that never arrived is dropped, and asked about afresh."""
        reference = batch.reference or await self._client.find(batch.token)
        if reference is None:
            await self._drop(batch)
            return
        await self._store.run(batch_records.refer(batch.number, reference))
        await self._see_through(batch, reference)

    async def _see_through(self, batch: OpenBatch, reference: str) -> None:
        """Look at a batch until it is over, and settle its calls."""
        state = await wait_for_end(self._client, reference, batch.names, self._stop, self._batch_policy.poll_seconds)
        absent = UnavailableError(state.fault or "the batch ended without this answer")
        settled = [self._settle(call, state.results.get(str(call.number), absent)) for call in batch.calls]
        await asyncio.gather(*settled)
        await self._store.run(batch_records.end(batch.number))
        if state.fault and not state.results:
            raise HardStopError(f"The batch {reference} failed: {state.fault}")

    async def _settle(self, call: BookedCall, result: Completion | CallError) -> None:
        try:
            if isinstance(result, CallError):
                await self._recorder.failed(call, result)
                raise result
            await self._recorder.completed(call, result)
        except HardStopError as error:
            self._stop.set("provider", str(error))
        except CallError:
            self._progress.failed_for_now()
        else:
            self._progress.labelled(0, self._spending.spent)

    async def _drop(self, batch: OpenBatch) -> None:
        await self._store.run(batch_records.drop(batch.number))
        for call in batch.calls:
            self._spending.settle(call.reserved, 0.0)

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do a batch's work; a fault of every call stops the run, and a stop leaves the batch for later."""
        try:
            await work()
        except StoppedError:
            return
        except CallError as error:
            self._stop.set("provider", str(error))
