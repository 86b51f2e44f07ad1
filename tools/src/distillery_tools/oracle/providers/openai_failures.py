"""The errors of OpenAI's protocol, told apart by status, code and parameter."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from ..failures import (
    CallError,
    CallTimeoutError,
    ConnectionLostError,
    HardStopError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from .retry_after import retry_after
from .statuses import hard_stop

if TYPE_CHECKING:
    from openai import APIConnectionError, APIStatusError

_PASSING_STATUSES = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT}
_BALANCE_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance"}
_ARTICLE_CODES = {"context_length_exceeded", "content_filter", "content_policy_violation", "invalid_prompt"}
_MODEL_CODES = {"model_not_found", "invalid_api_key"}
# Parameters that are the same in every call: if one is refused, every call will be.
_COMMON_PARAMETERS = {"temperature", "model", "reasoning_effort", "max_tokens", "max_completion_tokens"}


@dataclass(frozen=True, slots=True)
class Fault:
    """An HTTP error as OpenAI's protocol states it."""

    status: int
    message: str
    code: str | None = None
    type: str | None = None
    param: str | None = None
    retry_after: float | None = None

    @classmethod
    def of_body(cls, status: int, body: Any) -> Self:
        """Read the error that stands in a reply's body."""
        stated = body.get("error") if isinstance(body, dict) else None
        if not isinstance(stated, dict):
            return cls(status, str(stated or "no reason stated"))
        code = stated.get("code")
        return cls(
            status,
            str(stated.get("message") or "no reason stated"),
            None if code is None else str(code),
            stated.get("type"),
            stated.get("param"),
        )

    @property
    def may_be_of_structure(self) -> bool:
        """Whether the form that was asked for may be what is refused, which only another try can show."""
        is_refusal = self.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
        return is_refusal and self.code not in _ARTICLE_CODES | _MODEL_CODES and self.param not in _COMMON_PARAMETERS

    @property
    def failure(self) -> CallError:
        """What it means for the run."""
        if {self.code, self.type} & _BALANCE_CODES:
            return HardStopError(f"The balance is exhausted: {self.message}")
        if stop := hard_stop(self.status, self.message):
            return stop
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimitedError(self.message, self.retry_after)
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.status in _PASSING_STATUSES:
            return UnavailableError(f"HTTP {self.status}: {self.message}", self.retry_after)
        if self.code in _MODEL_CODES or self.param in _COMMON_PARAMETERS:
            what = self.param or self.code
            return HardStopError(f"The provider refuses {what}, which every call has; change it: {self.message}")
        return RejectedError(f"HTTP {self.status}: {self.message}")


def fault_of(error: APIStatusError) -> Fault:
    """Return what an error of the client states."""
    stated = error.body.get("message") if isinstance(error.body, dict) else None
    return Fault(
        error.status_code,
        str(stated or error.message),
        error.code,
        error.type,
        error.param,
        retry_after(error.response.headers),
    )


def connection_failure(error: APIConnectionError) -> CallError:
    """Return what a failed connection means for the run."""
    from openai import APITimeoutError

    if isinstance(error, APITimeoutError):
        return CallTimeoutError("no answer in time")
    return ConnectionLostError(f"{error} {error.__cause__ or ''}".strip())
