"""Gaps: what may stand between two parts of JSON, and what must follow a quote that ends a string.

Looking ahead is bounded by a window, so that a text full of quotes costs no square of its length.
"""

from __future__ import annotations

import re

WINDOW = 300

# Which quotes end a string, by the one that starts it.
CLOSING = {'"': '"', "'": "'", "“": "”“", "„": "“”"}

# Space, byte-order marks, and comments that models write though JSON has none, be they cut off.
_GAP = r"(?:[\s\ufeff\u200b]|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)|/\Z)*+"


def _key(opening: str, closing: str) -> str:
    """Match a string that a colon follows; what the window cuts off is taken for sound."""
    return rf"[{opening}](?:[^{closing}\\]|\\.)*+(?:\Z|[{closing}]{_GAP}(?::|\Z))"


_KEY = f"(?:{'|'.join(_key(opening, closing) for opening, closing in CLOSING.items())})"
_STARTS_OBJECT = re.compile(rf"{_GAP}(?:\Z|[}}{''.join(CLOSING)}])")
_AFTER_VALUE = re.compile(rf"{_GAP}(?:\Z|\}}|,{_GAP}(?:\Z|\}}|{_KEY}))", re.DOTALL)
# A forgotten comma: plain only where the next line starts with a key.
_COMMA_FORGOTTEN = re.compile(rf"[^\S\n]*\n\s*{_KEY}", re.DOTALL)
_AFTER_ITEM = re.compile(rf"{_GAP}(?:\Z|[,\]])")
_COLON = re.compile(rf"{_GAP}(?::|\Z)")
_COMMA_AND_KEY = re.compile(rf"{_GAP},{_GAP}{_KEY}", re.DOTALL)
_GOES_ON = re.compile(rf"{_GAP}[,}}]")
_CLOSING_QUOTES = {*"".join(CLOSING.values())}
_GAP_ALONE = re.compile(_GAP)


def skip_gap(text: str, at: int) -> int:
    """Return where the next part starts, or the length of the text."""
    match = _GAP_ALONE.match(text, at)
    return match.end() if match else at


def object_may_start(text: str, at: int) -> bool:
    """Tell whether a key or the end is next, as after a brace that does not start a placeholder or formula."""
    return _STARTS_OBJECT.match(text, at, at + WINDOW) is not None


def is_part(text: str, start: int, end: int) -> bool:
    """Tell whether an object is a part of another whose beginning is missing, or that was closed too early."""
    if _COMMA_AND_KEY.match(text, end, end + WINDOW):
        return True
    before = text[max(start - WINDOW, 0) : start].rstrip()
    key_before = before.endswith(":") and before[:-1].rstrip()[-1:] in _CLOSING_QUOTES
    return key_before and _GOES_ON.match(text, end, end + WINDOW) is not None


def colon_follows(text: str, at: int) -> bool:
    """Tell whether a colon is next, as after a key."""
    return _COLON.match(text, at, at + WINDOW) is not None


def value_may_end(text: str, at: int) -> bool:
    """Tell whether what is next may follow a value in an object: its end, or a comma and a key."""
    return any(pattern.match(text, at, at + WINDOW) for pattern in (_AFTER_VALUE, _COMMA_FORGOTTEN))


def item_may_end(text: str, at: int) -> bool:
    """Tell whether what is next may follow an item of a list."""
    return _AFTER_ITEM.match(text, at, at + WINDOW) is not None
