"""Retry-After, as HTTP states it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MILLISECONDS = "retry-after-ms"
SECONDS_OR_DATE = "retry-after"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a reply asks to wait (RFC 9110, 10.2.3), or None if it asks for none."""
    with suppress(KeyError, ValueError):
        return max(0.0, float(headers[MILLISECONDS]) / 1000)
    with suppress(KeyError, ValueError):
        return max(0.0, float(headers[SECONDS_OR_DATE]))
    with suppress(KeyError, ValueError):
        until = parsedate_to_datetime(headers[SECONDS_OR_DATE])
        return max(0.0, (until - datetime.now(UTC)).total_seconds())
    return None
