"""The errors of Google's client, told apart by their type, status and stated details."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
from .statuses import hard_stop

if TYPE_CHECKING:
    from google.genai.errors import APIError

_KEY_REASONS = {"API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "SERVICE_DISABLED", "BILLING_DISABLED"}
_BILLING_STATUS = "FAILED_PRECONDITION"
_DAILY = "PerDay"


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn what Google's client raises into a CallError."""
    import httpx2
    from google.genai.errors import APIError

    try:
        yield
    except APIError as error:
        raise _status_failure(error) from error
    except httpx2.TimeoutException as error:
        raise CallTimeoutError("no answer in time") from error
    except (httpx2.TransportError, OSError) as error:
        raise ConnectionLostError(f"the connection failed: {type(error).__name__} {error}") from error
    except ValueError as error:
        raise UnavailableError(f"the endpoint answers with something else than a completion: {error}") from error


def _status_failure(error: APIError) -> CallError:
    status, says = error.code, str(error.message)
    if stop := hard_stop(status, says):
        return stop
    if error.status == _BILLING_STATUS or _KEY_REASONS & {detail.get("reason") for detail in _details(error)}:
        return HardStopError(f"The provider refuses the key or its account: {says}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        if _is_daily(error):
            return HardStopError(f"The quota of the day is exhausted: {says}")
        return RateLimitedError(says, _retry_delay(error))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return UnavailableError(f"HTTP {status}: {says}", _retry_delay(error))
    return RejectedError(f"HTTP {status}: {says}")


def _details(error: APIError) -> Iterator[dict[str, Any]]:
    """Yield the typed details of google.rpc.Status."""
    body: Any = error.details
    stated = body.get("error", body) if isinstance(body, dict) else {}
    for detail in (stated.get("details") if isinstance(stated, dict) else None) or []:
        if isinstance(detail, dict):
            yield detail


def _is_daily(error: APIError) -> bool:
    violations = [violation for detail in _details(error) for violation in detail.get("violations") or []]
    return any(_DAILY in str(violation.get("quotaId")) for violation in violations)


def _retry_delay(error: APIError) -> float | None:
    """Return the pause that google.rpc.RetryInfo or the header asks for, in seconds."""
    for detail in _details(error):
        with suppress(KeyError, ValueError):
            return float(str(detail["retryDelay"]).removesuffix("s"))
    headers = getattr(error.response, "headers", None)
    return retry_after(headers) if headers is not None else None
