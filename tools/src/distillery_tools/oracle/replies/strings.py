"""Strings of JSON, and of what models write for them."""

from __future__ import annotations

import re
from collections.abc import Callable

from .gaps import CLOSING, colon_follows

_PLAIN = {opening: re.compile(rf"[^\\{closing}]*+") for opening, closing in CLOSING.items()}
_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_LOW_SURROGATE = re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_HIGH_SURROGATES = range(0xD800, 0xDC00)

MayEnd = Callable[[str, int], bool]


class Ended(Exception):  # noqa: N818  no error: the text is over
    """The text ended inside the object."""


class Broken(Exception):  # noqa: N818  no error: another brace may start an object
    """What is at ``position`` is not allowed in JSON, and has no single reading."""

    def __init__(self, position: int, reason: str) -> None:
        """Take the place in the text and what is wrong there."""
        super().__init__(reason)
        self.position = position
        self.reason = reason


def read_string(text: str, at: int, may_end: MayEnd, *, inner_quotes: bool = False) -> tuple[str, int]:
    """Return the string whose opening quote is at a place, and where it ends.

    A quote ends the string if what follows ``may_end`` it. With ``inner_quotes`` any other one belongs to the
    text, unless a colon follows: then it could as well end a key. Without, it is a fault. Control characters
    stand for themselves, as does a backslash that starts no escape. Raises Ended or Broken.
    """
    plain, pieces, at = _PLAIN[text[at]], [], at + 1
    while True:
        match = plain.match(text, at)
        if match is None or match.end() == len(text):
            raise Ended
        pieces.append(match[0])
        at = match.end()
        if text[at] == "\\":
            piece, at = _escape(text, at)
        elif may_end(text, at + 1):
            return "".join(pieces), at + 1
        elif inner_quotes and not colon_follows(text, at + 1):
            piece, at = text[at], at + 1
        else:
            raise Broken(at, "a quote ends a string where none can end")
        pieces.append(piece)


def _escape(text: str, at: int) -> tuple[str, int]:
    """Return what the backslash at a place and its followers stand for, and where they end."""
    if match := _UNICODE.match(text, at):
        return _character(text, int(match[1], 16), match.end())
    if text[at + 1 : at + 2] in _ESCAPES:
        return _ESCAPES[text[at + 1]], at + 2
    return "\\", at + 1


def _character(text: str, code: int, at: int) -> tuple[str, int]:
    """Join a pair of surrogates; one alone stays as it is, as `json.loads` leaves it."""
    if code in _HIGH_SURROGATES and (low := _LOW_SURROGATE.match(text, at)):
        return chr(0x10000 + ((code - 0xD800) << 10) + int(low[1], 16) - 0xDC00), low.end()
    return chr(code), at
