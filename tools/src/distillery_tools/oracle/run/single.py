"""Labelling one article: attempts until there are scores, or none is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception_type

from ..failures import (
    CallError,
    CallTimeoutError,
    HardStopError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    StructureError,
    UnavailableError,
    UnusableReplyError,
)
from ..providers import Completion, Provider, Request
from ..store import attempts
from ..store.store import Store
from .breaker import CircuitBreaker
from .intake import LabelRequest
from .limits import Limits
from .outcomes import BookedCall, OutcomeRecorder
from .progress import Progress
from .spec import OracleSpec
from .spending import BudgetReachedError, Spending
from .stop import Stop, StoppedError
from .waiting import StopAfterCounted, WaitAsAsked

MOST_OUTPUT_TOKENS = 65_536


@dataclass(frozen=True, slots=True)
class Policy:
    """How calls are made: attempts for an article over all runs, tokens of a reply, and seconds of a call."""

    max_attempts: int = 5
    max_output_tokens: int = 4096
    timeout: float = 120.0

    def output_limit(self, n_truncated: int) -> int:
        """Return the most tokens that a reply may have: twice as many for each that was cut short."""
        return int(min(self.max_output_tokens * 2**n_truncated, max(MOST_OUTPUT_TOKENS, self.max_output_tokens)))


class Labeller:
    """Asks a provider about articles within limits and budget, and settles every attempt in the store."""

    def __init__(
        self,
        provider: Provider,
        oracle: OracleSpec,
        schema: Mapping[str, Any],
        store: Store,
        limits: Limits,
        spending: Spending,
        stop: Stop,
        policy: Policy,
        progress: Progress,
        breaker: CircuitBreaker,
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
        self._recorder = OutcomeRecorder(oracle, store, spending)
        self._breaker = breaker

    async def label(self, question: LabelRequest) -> None:
        """Make attempts until one gives scores or none is left; a fault of every call stops the run."""
        try:
            await self._attempts(question)
        except StoppedError:
            return
        except BudgetReachedError:
            self._stop.set("budget", self._spending.reached)
        except HardStopError as error:
            self._stop.set("provider", str(error))
        except CallError:
            self._progress.failed(question.size)
        else:
            self._progress.labelled(question.size, self._spending.spent)

    async def _attempts(self, question: LabelRequest) -> None:
        truncated = question.n_truncated
        enough = StopAfterCounted(self._policy.max_attempts - question.n_attempts)
        async for attempt in AsyncRetrying(
            stop=enough,
            wait=WaitAsAsked(),
            retry=retry_if_exception_type(RetryableError),
            sleep=self._stop.sleep,
            reraise=True,
        ):
            with attempt:
                try:
                    await self._attempt(question, self._policy.output_limit(truncated))
                except StructureError:
                    enough.forgive()
                    raise
                except UnusableReplyError as error:
                    truncated += error.reply_kind == attempts.TRUNCATED
                    raise

    async def _attempt(self, question: LabelRequest, limit: int) -> None:
        """Make one call: book it before, settle it after, and raise what it ended in."""
        call = await self._book(question)
        try:
            completion = await self._complete(Request(question.text, self._schema, limit))
        except CallError as error:
            await self._recorder.failed(call, error)
            self._react(error)
            raise
        try:
            await self._recorder.completed(call, completion)
        except RejectedError as error:
            self._react(error)
            raise
        except UnusableReplyError:
            self._answered()
            raise
        self._answered()
        if completion.usage:
            self._limits.correct(completion.usage.prompt + completion.usage.output - question.tokens)

    async def _book(self, question: LabelRequest) -> BookedCall:
        """Wait for the limits and the budget, and book the call; raise if there is to be none."""
        await self._limits.take(question.tokens)
        reserved = self._spending.estimate(question.tokens)
        await self._spending.reserve(reserved)
        if self._stop.reason:
            self._spending.settle(reserved, None)
            raise StoppedError
        booking = attempts.begin(
            self._oracle.fingerprint, question.key, question.text_sha256, question.tokens, reserved
        )
        number = await self._store.run(booking)
        return BookedCall(number, question.key, question.text_sha256, question.tokens, reserved, time.time())

    async def _complete(self, request: Request) -> Completion:
        try:
            async with asyncio.timeout(self._policy.timeout):
                return await self._provider.complete(request)
        except CallError:
            raise
        except TimeoutError as error:
            raise CallTimeoutError(f"no answer within {self._policy.timeout:g} s") from error
        except Exception as error:  # a stranger's provider raises what it likes, and one call must not end them all
            raise UnavailableError(f"the provider raised {type(error).__name__}: {error}") from error

    def _answered(self) -> None:
        self._breaker.answered()
        self._limits.answered()

    def _react(self, error: CallError) -> None:
        """Let a failure have its effect on the calls that follow."""
        if isinstance(error, RateLimitedError) and error.retry_after is None:
            self._limits.pause_longer()
        elif isinstance(error, RetryableError) and error.retry_after:
            self._limits.pause(error.retry_after)
        self._breaker.failed(error)
