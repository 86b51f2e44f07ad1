"""The errors of OpenAI's client, told apart by their type, status and code."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from openai import APIConnectionError, APIStatusError

_HARD_STATUSES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "The provider refuses the key",
    HTTPStatus.PAYMENT_REQUIRED: "The balance is exhausted",
    HTTPStatus.FORBIDDEN: "The provider forbids the call",
    HTTPStatus.NOT_FOUND: "The provider knows no such model or path",
}
_BALANCE_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance"}
_ARTICLE_CODES = {"context_length_exceeded", "content_filter", "content_policy_violation", "invalid_prompt"}
_MODEL_CODES = {"model_not_found", "invalid_api_key"}
# Parameters that are the same in every call: if one is refused, every call will be.
_COMMON_PARAMETERS = {"temperature", "model", "reasoning_effort", "max_tokens", "max_completion_tokens"}


def failure_of(error: APIStatusError | APIConnectionError) -> CallError:
    """Return what an error of the client means for the run."""
    from openai import APIConnectionError, APITimeoutError

    if isinstance(error, APITimeoutError):
        return CallTimeoutError("no answer in time")
    if isinstance(error, APIConnectionError):
        return ConnectionLostError(f"{error} {error.__cause__ or ''}".strip())
    return _status_failure(error)


def is_about_structure(error: APIStatusError) -> bool:
    """Tell whether a refusal may be of the form that was asked for, which only another try can show."""
    return error.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY} and not (
        error.code in _ARTICLE_CODES | _MODEL_CODES or error.param in _COMMON_PARAMETERS
    )


def _status_failure(error: APIStatusError) -> CallError:
    status, says = error.status_code, _message(error)
    if {error.code, error.type} & _BALANCE_CODES:
        return HardStopError(f"The balance is exhausted: {says}")
    if status in _HARD_STATUSES:
        return HardStopError(f"{_HARD_STATUSES[status]} (HTTP {status}): {says}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimitedError(says, retry_after(error.response.headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT}:
        return UnavailableError(f"HTTP {status}: {says}", retry_after(error.response.headers))
    if error.code in _MODEL_CODES or error.param in _COMMON_PARAMETERS:
        return HardStopError(f"The provider refuses a parameter of every call ({error.param or error.code}): {says}")
    return RejectedError(f"HTTP {status}: {says}")


def _message(error: APIStatusError) -> str:
    body: Any = error.body
    stated = body.get("message") if isinstance(body, dict) else None
    return str(stated or error.message)
