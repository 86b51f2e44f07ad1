"""Article: what a filter reads from a dict, checked and cleaned."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..errors import ArticleError

_TAG = re.compile(r"<[!/?]?[a-zA-Z][^<>]*>")
# ASCII: without it, the long s and the dotless i are an s and an i.
_INVISIBLE = re.compile(r"<(?:(script|style)\b|!--)", re.IGNORECASE | re.ASCII)
_ITS_END = {
    "script": re.compile(r"(?=</script)", re.IGNORECASE | re.ASCII),
    "style": re.compile(r"(?=</style)", re.IGNORECASE | re.ASCII),
    "!--": re.compile("-->"),
}
# Python refuses to read longer decimal numbers; no character has more than seven digits.
_ENDLESS_REFERENCE = re.compile(r"&#[0-9]{8,};?")
_MOST_MARKS = 30
_LINE_SPACE = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")
# Category Cc without tab and line feed, lone surrogates, byte-order mark, zero-width space.
# Zero-width joiners stay: emoji and Indic scripts need them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\u200b]")


@dataclass(frozen=True, slots=True)
class Article:
    """A cleaned article; ``title`` and ``content`` are never empty."""

    title: str
    content: str
    id: str | int | None = None
    url: str = ""

    @property
    def text(self) -> str:
        """What the student reads: title, blank line, content."""
        return f"{self.title}\n\n{self.content}"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Article:
        """Read an article from a mapping; raise ArticleError that names the field at fault.

        ``title`` and ``content`` are required (``text`` stands in for an absent content), ``id`` and
        ``url`` may be absent or null, and everything else is ignored.
        """
        if not isinstance(data, Mapping):
            raise ArticleError(f"an article must be a mapping with title and content, not {_kind(data)}")
        body = "content" if data.get("content") is not None or data.get("text") is None else "text"
        return cls(
            title=_required_text(data, "title"),
            content=_required_text(data, body),
            id=_identifier(data.get("id")),
            url=_optional_text(data, "url"),
        )


def clean(text: str) -> str:
    """Return the text without markup, entities and unprintable characters, space collapsed.

    Tags go before entities are decoded, so that ``a &lt; b`` keeps its meaning.
    Every step is linear in the length of the text.
    """
    if "<" in text:
        text = _TAG.sub(" ", _without_invisible_elements(text))
    if "&" in text:
        text = html.unescape(_ENDLESS_REFERENCE.sub("", text))
    text = _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.isascii():
        text = unicodedata.normalize("NFC", _without_excess_marks(text))
    text = _LINE_SPACE.sub(" ", text)
    return _BLANK_LINES.sub("\n\n", text).strip()


def _without_excess_marks(text: str) -> str:
    """Keep 30 combining marks in a row: no script needs more, and to order them takes quadratic time."""
    # Counting is ten times faster than the expression, and few texts have so many.
    if sum(map(bool, map(unicodedata.combining, text))) <= _MOST_MARKS:
        return text
    return _excess_marks().sub(r"\1", text)


@cache
def _excess_marks() -> re.Pattern[str]:
    marks = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.combining(chr(code)))
    return re.compile(f"([{marks}]{{{_MOST_MARKS}}})[{marks}]+")


def _without_invisible_elements(text: str) -> str:
    """Drop comments, script and style elements whole; an unclosed one loses only its tag."""
    kept: list[str] = []
    unclosed: set[str] = set()
    position = 0
    for match in _INVISIBLE.finditer(text):
        name = (match[1] or "!--").lower()
        if match.start() < position or name in unclosed:
            continue
        end = _ITS_END[name].search(text, match.end())
        if end is None:
            unclosed.add(name)
            continue
        kept += (text[position : match.start()], " ")
        position = end.end()
    return "".join((*kept, text[position:]))


def _required_text(data: Mapping[str, Any], field: str) -> str:
    value = data.get(field)
    if value is None:
        raise ArticleError(f"'{field}' is missing; an article needs a title and a content")
    if not isinstance(value, str):
        raise ArticleError(f"'{field}' must be text, not {_kind(value)}")
    text = clean(value)
    if not text:
        raise ArticleError(f"'{field}' is empty")
    return text


def _optional_text(data: Mapping[str, Any], field: str) -> str:
    value = data.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ArticleError(f"'{field}' must be text or null, not {_kind(value)}")
    return value


def _identifier(value: Any) -> str | int | None:
    if value is None or (isinstance(value, (str, int)) and not isinstance(value, bool)):
        return value
    raise ArticleError(f"'id' must be text or a whole number, not {_kind(value)}")


def _kind(value: Any) -> str:
    return f"{type(value).__name__} ({value!r:.40})" if isinstance(value, (int, float, str)) else type(value).__name__
