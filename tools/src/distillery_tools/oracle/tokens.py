"""An estimate of tokens that needs no tokenizer."""

from __future__ import annotations

CHARACTERS_PER_TOKEN = 4.0


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return round(len(text) / CHARACTERS_PER_TOKEN)
