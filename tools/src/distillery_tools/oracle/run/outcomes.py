"""OutcomeRecorder: the outcome of a call is booked, and a label is on disk before anything counts it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import CallError, RejectedError, ReplyError, UnavailableError, UnusableReplyError
from ..providers.contract import Completion, Usage
from ..replies import parse_reply
from ..store.attempts import LABELLED, TRUNCATED, BookedCall, Outcome, utc
from ..store.store import Store
from .spec import OracleSpec
from .spending import Spending


class OutcomeRecorder:
    """Books the outcomes of one oracle's calls; ``redact`` keeps keys out of what is written.

    ``adapted`` is what the last request that was answered asked for otherwise, since the endpoint refuses it.
    """

    def __init__(
        self, oracle: OracleSpec, store: Store, spending: Spending, redact: Callable[[str], str] = str
    ) -> None:
        """Keep the parts."""
        self._oracle = oracle
        self._store = store
        self._spending = spending
        self._redact = redact
        self.adapted: tuple[str, ...] = ()

    async def completed(self, call: BookedCall, completion: Completion) -> None:
        """Book a call that was answered, with its label; raise CallError if the answer holds no scores."""
        self.adapted = completion.adapted
        usage = plausible(completion)
        cost = self._cost(call, usage)
        reply = self._redact(completion.text if isinstance(completion.text, str) else repr(completion.text))
        try:
            scores = read_scores(completion, self._oracle.dimensions)
        except CallError as error:
            reason = self._redact(str(error))
            outcome = Outcome(error.kind, call.seconds, cost, error.costs_attempt, usage, reason, reply)
            await self._settle(call, outcome)
            raise
        outcome = Outcome(LABELLED, call.seconds, cost, counts=True, usage=usage, reply=reply)
        await self._settle(call, outcome, self._label(call, scores, completion, outcome))

    async def failed(self, call: BookedCall, error: CallError, *, counts: bool) -> None:
        """Book a call that was not answered; one that may be billed all the same counts as estimated."""
        cost = call.reserved if error.may_be_billed else 0.0
        await self._settle(call, Outcome(error.kind, call.seconds, cost, counts, reason=self._redact(str(error))))

    def _cost(self, call: BookedCall, usage: Usage | None) -> float | None:
        """Return what a call cost; without a usage that can be priced the estimate."""
        try:
            cost = self._spending.cost(usage) if usage else call.reserved
        except (ValueError, LookupError):
            return call.reserved
        return call.reserved if cost is not None and not math.isfinite(cost) else cost

    async def _settle(self, call: BookedCall, outcome: Outcome, label: dict[str, Any] | None = None) -> None:
        await self._store.settle(call, outcome, label)
        self._spending.settle(call.reserved, outcome.cost, outcome.usage)

    def _label(
        self, call: BookedCall, scores: dict[str, float], completion: Completion, outcome: Outcome
    ) -> dict[str, Any]:
        """Return what the label's record says besides the article's id."""
        return {
            "scores": scores,
            **self._oracle.provenance(),
            "answered_by": self._redact(str(completion.model)),
            **({"adapted": list(completion.adapted)} if completion.adapted else {}),
            "key": call.key,
            "text_sha256": call.text_sha256,
            "tokens": outcome.usage.to_dict() if outcome.usage else None,
            "cost": outcome.cost if self._spending.has_prices else None,
            "seconds": outcome.seconds,
            "time": utc(time.time()),
        }


def checked(completion: Any) -> Completion:
    """Return what a provider answered; raise UnavailableError if a stranger's provider returns no completion."""
    if not isinstance(completion, Completion):
        raise UnavailableError(f"the provider returned {type(completion).__name__} instead of a Completion")
    return completion


def plausible(completion: Completion) -> Usage | None:
    """Return the usage of an answered call, or None if it cannot be right: then the estimate is booked."""
    usage = completion.usage
    if not isinstance(usage, Usage) or not usage.is_plausible:
        return None
    return None if completion.text and not usage.output + usage.thinking else usage


def read_scores(completion: Completion, dimensions: Sequence[str]) -> dict[str, float]:
    """Return the scores of a reply.

    Raises RejectedError if the provider blocked it, UnusableReplyError if it holds no scores; a reply that was cut
    short at its token limit is truncated, whatever else it looks like.
    """
    if completion.finish == "blocked":
        said = completion.block_reason or str(completion.text) or "no reason stated"
        raise RejectedError(f"the provider blocks the article or its reply: {said:.200}")
    if not isinstance(completion.text, str):
        raise UnusableReplyError(f"the reply is {type(completion.text).__name__} and not text", "malformed")
    try:
        return parse_reply(completion.text, dimensions)
    except ReplyError as error:
        if completion.finish == "length":
            raise UnusableReplyError(f"cut short at the limit of tokens; {error}", TRUNCATED) from error
        if not completion.text.strip():
            raise UnusableReplyError("the reply is empty", "empty") from error
        raise UnusableReplyError(str(error), error.kind) from error
    except RecursionError as error:
        raise UnusableReplyError("the reply is nested too deeply", "malformed") from error
