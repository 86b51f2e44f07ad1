"""Settling: what came of a call is booked, and the label is on disk before anything counts it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ReplyError
from ..failures import CallError, RejectedError, UnusableReplyError, kind_of
from ..providers import Completion, Usage
from ..replies import parse_reply
from ..store import attempts
from ..store.attempts import LABELLED, Outcome
from ..store.store import Store
from .clock import utc
from .spec import OracleSpec
from .spending import Spending


@dataclass(frozen=True, slots=True)
class BookedCall:
    """A call that is booked: its attempt's number, what it asks about, and what was set aside for it."""

    number: int
    key: str
    text_sha256: str
    estimated_tokens: int
    reserved: float
    started: float

    @property
    def seconds(self) -> float:
        """How long it has taken until now."""
        return round(time.time() - self.started, 3)


class OutcomeRecorder:
    """Books the outcomes of one oracle's calls."""

    def __init__(self, oracle: OracleSpec, store: Store, spending: Spending) -> None:
        """Keep the parts."""
        self._oracle = oracle
        self._store = store
        self._spending = spending

    async def completed(self, call: BookedCall, completion: Completion) -> None:
        """Book a call that was answered, with its label; raise CallError if the answer is no scores."""
        cost = self._cost(call, completion.usage)
        try:
            scores = read_scores(completion, self._oracle.dimensions)
        except CallError as error:
            await self._settle(call, _failed(call, error, cost, completion))
            raise
        outcome = Outcome(LABELLED, call.seconds, cost, completion.usage, reply=completion.text)
        await self._settle(call, outcome, self._label(call, scores, completion, outcome))

    async def failed(self, call: BookedCall, error: CallError) -> None:
        """Book a call that was not answered; one that may be billed all the same counts as estimated."""
        await self._settle(call, _failed(call, error, call.reserved if error.may_be_billed else 0.0))

    def _cost(self, call: BookedCall, usage: Usage | None) -> float | None:
        """Return what a call cost; one of no usage, or of one that cannot be, is taken at the estimate."""
        try:
            return self._spending.cost(usage) if usage else call.reserved
        except ValueError:
            return call.reserved

    async def _settle(self, call: BookedCall, outcome: Outcome, label: dict[str, Any] | None = None) -> None:
        await self._store.run(attempts.settle(call.number, call.key, outcome, label))
        self._spending.settle(call.reserved, outcome.cost, outcome.usage)

    def _label(
        self, call: BookedCall, scores: dict[str, float], completion: Completion, outcome: Outcome
    ) -> dict[str, Any]:
        """Return what the label's record says besides the article's id."""
        return {
            "scores": scores,
            **self._oracle.provenance(),
            "answered_by": completion.model,
            "key": call.key,
            "text_sha256": call.text_sha256,
            "tokens": completion.usage.to_dict() if completion.usage else None,
            "cost": outcome.cost if self._spending.has_prices else None,
            "seconds": outcome.seconds,
            "time": utc(time.time()),
        }


def read_scores(completion: Completion, dimensions: Sequence[str]) -> dict[str, float]:
    """Return the scores of a reply.

    Raises RejectedError if the provider blocked it, UnusableReplyError if it holds no scores; one that was cut
    short at its limit of tokens is truncated, whatever else it looks like.
    """
    if completion.finish == "blocked":
        raise RejectedError(f"the provider blocks the article or its reply: {completion.text:.200}")
    try:
        return parse_reply(completion.text, dimensions)
    except ReplyError as error:
        is_cut = completion.finish == "length"
        kind = attempts.TRUNCATED if is_cut else error.kind
        told = f"cut short at the limit of tokens; {error}" if is_cut else str(error)
        raise UnusableReplyError(told, kind) from error


def _failed(call: BookedCall, error: CallError, cost: float | None, completion: Completion | None = None) -> Outcome:
    usage: Usage | None = completion.usage if completion else None
    reply = completion.text if completion else None
    return Outcome(kind_of(error), call.seconds, cost, usage, reason=str(error), reply=reply)
