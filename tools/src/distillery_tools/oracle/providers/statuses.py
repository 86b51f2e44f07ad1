"""HTTP statuses after which no call can go well, with what to do about each."""

from __future__ import annotations

from http import HTTPStatus

from ..failures import HardStopError

_MEANINGS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "The provider refuses the key; correct it in the environment",
    HTTPStatus.PAYMENT_REQUIRED: "The balance is exhausted; add to it",
    HTTPStatus.FORBIDDEN: "The provider forbids the call; see what the key is allowed to do",
    HTTPStatus.NOT_FOUND: "The provider knows no such model or path; correct --model or --base-url",
}


def hard_stop(status: int, message: str) -> HardStopError | None:
    """Return the failure of a status that holds for every call, None for any other status."""
    meaning = _MEANINGS.get(status)
    return HardStopError(f"{meaning} (HTTP {status}): {message}") if meaning else None
