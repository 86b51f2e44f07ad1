"""How long an endpoint asks to wait, in every form that headers and bodies state it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

MILLISECONDS = "retry-after-ms"
SECONDS_OR_DATE = "retry-after"

# As messages and google.protobuf.Duration write it: 18s, 6.5s, 500ms, 1m2.5s, 2h.
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_TRY_AGAIN = re.compile(r"(?:try again|retry) (?:in|after)\s+((?:[\d.]+(?:ms|[hms]))+)", re.IGNORECASE)
_SECONDS_IN_WORDS = re.compile(r"(?:try again|retry) (?:in|after)\s+(\d+(?:\.\d+)?)\s+seconds?", re.IGNORECASE)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a reply's headers ask to wait, or None if they ask for none.

    ``Retry-After`` is a number of seconds, fractions allowed, or a date in any of the three forms of HTTP (RFC 9110,
    10.2.3 and 5.6.7); ``retry-after-ms`` is in milliseconds.
    """
    if (milliseconds := _number(headers.get(MILLISECONDS))) is not None:
        return milliseconds / 1000
    stated = headers.get(SECONDS_OR_DATE)
    seconds = _number(stated)
    return _until(stated) if seconds is None and stated else seconds


def stated_delay(value: Any) -> float | None:
    """Return the seconds of a delay in a body: a number, ``"18.5s"``, or ``{"seconds": 18, "nanos": 500000000}``."""
    if isinstance(value, dict):
        seconds = _number(value.get("seconds", 0))
        return None if seconds is None else seconds + (_number(value.get("nanos", 0)) or 0.0) / 1e9
    number = _number(value)
    return _duration(value) if number is None and isinstance(value, str) else number


def delay_in_words(message: str) -> float | None:
    """Return the seconds of a message such as ``Please try again in 1m2.5s``."""
    if found := _TRY_AGAIN.search(message):
        return _duration(found[1])
    found = _SECONDS_IN_WORDS.search(message)
    return float(found[1]) if found else None


def _number(value: Any) -> float | None:
    """Return a finite number, not below 0."""
    with suppress(TypeError, ValueError):
        number = float(value)
        return max(0.0, number) if math.isfinite(number) else None
    return None


def _until(date: str) -> float | None:
    with suppress(TypeError, ValueError, IndexError, OverflowError):
        until = parsedate_to_datetime(date)
        aware = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (aware - datetime.now(UTC)).total_seconds())
    return None


def _duration(text: str) -> float | None:
    found = _DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()):
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds + milliseconds / 1000
