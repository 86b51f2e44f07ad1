"""Times as records state them."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(seconds: float) -> str:
    """Return a time since the epoch as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
