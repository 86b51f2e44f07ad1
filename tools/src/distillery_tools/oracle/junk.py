"""Junk."""

from __future__ import annotations


def junk_reason(title: str, text: str) -> str | None:
    """Return why a text is no article, or None."""
    return None
