"""ObjectReader: reads one object of JSON as `json.loads` would, and what models write for JSON.

Why: docs/decisions/reply-reader.md
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from .gaps import CLOSING, colon_follows, item_may_end, skip_gap, value_may_end
from .strings import Broken, Ended, MayEnd, read_string

MAX_DEPTH = 100

_WORD = re.compile(r"[^\s,:{}\[\]\"/]*+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
# JSON's, then Python's.
_NAMED = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class TooDeep(Exception):  # noqa: N818  no error: see Ended
    """Objects and lists lie deeper in one another than any reply needs."""


class RepeatedKeys(dict[str, Any]):
    """An object in which keys occur more than once; as a dict it holds the last value of each."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        """Take the keys and values as they stand, and note the keys that are ``repeated``."""
        super().__init__(pairs)
        self.repeated = {key for key, times in Counter(key for key, _ in pairs).items() if times > 1}


def object_of(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of keys and values: a dict, or RepeatedKeys if a key occurs more than once."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else RepeatedKeys(pairs)


class ObjectReader:
    """Reads from a place on; ``at`` is how far it has come, ``has_key`` whether a key and its colon were met.

    Forgiven are comments, trailing commas, a comma forgotten at a line's end, single and typographic quotes,
    Python's True, False and None, control characters and backslashes in strings, quotes inside a value that cannot
    end it. NaN and infinities are read as such. Raises Ended, Broken or TooDeep. Every step is linear.
    """

    def __init__(self, text: str, at: int) -> None:
        """Take a text and the place of a brace in it."""
        self._text = text
        self.at = at
        self.has_key = False

    def read(self) -> dict[str, Any]:
        """Return the object that starts here."""
        return self._object(1)

    def _object(self, depth: int) -> dict[str, Any]:
        self._enter(depth)
        found: list[tuple[str, Any]] = []
        while self._next() != "}":
            key = self._string(colon_follows)
            self._expect(":")
            self.has_key = True
            found.append((key, self._value(depth, value_may_end, inner_quotes=True)))
            if self._next() not in ("}", *CLOSING):  # a quote: the comma before the next key was forgotten
                self._expect(",")
        self.at += 1
        return object_of(found)

    def _list(self, depth: int) -> list[Any]:
        self._enter(depth)
        found: list[Any] = []
        while self._next() != "]":
            found.append(self._value(depth, item_may_end))
            if self._next() != "]":
                self._expect(",")
        self.at += 1
        return found

    def _value(self, depth: int, may_end: MayEnd, *, inner_quotes: bool = False) -> Any:
        first = self._next()
        if first == "{":
            return self._object(depth + 1)
        if first == "[":
            return self._list(depth + 1)
        if first in CLOSING:
            return self._string(may_end, inner_quotes=inner_quotes)
        return self._word()

    def _string(self, may_end: MayEnd, *, inner_quotes: bool = False) -> str:
        if self._next() not in CLOSING:
            raise Broken(self.at, f"{self._text[self.at]!r} where a quoted key is expected")
        value, self.at = read_string(self._text, self.at, may_end, inner_quotes=inner_quotes)
        return value

    def _word(self) -> Any:
        match = _WORD.match(self._text, self.at)
        word = match[0] if match else ""
        if self.at + len(word) == len(self._text):
            raise Ended
        value = self._meaning(word)
        self.at += len(word)
        return value

    def _meaning(self, word: str) -> Any:
        if word in _NAMED:
            return _NAMED[word]
        if word in _NOT_FINITE:
            return _NOT_FINITE[word]
        try:
            if _WHOLE.fullmatch(word):
                return int(word)
            if _NUMBER.fullmatch(word):
                return float(word)
        except ValueError:  # more digits than Python reads
            raise Broken(self.at, f"a number of {len(word)} digits") from None
        raise Broken(self.at, f"{word[:40]!r} is not a JSON value")

    def _enter(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise TooDeep
        self.at += 1

    def _next(self) -> str:
        """Return the next character after gaps; raise Ended if there is none."""
        self.at = skip_gap(self._text, self.at)
        if self.at == len(self._text):
            raise Ended
        return self._text[self.at]

    def _expect(self, mark: str) -> None:
        if self._next() != mark:
            raise Broken(self.at, f"{self._text[self.at]!r} where {mark!r} is expected")
        self.at += 1
