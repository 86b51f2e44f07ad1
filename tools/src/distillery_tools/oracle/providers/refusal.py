"""Refusal: what an endpoint answered in a completion's place, read from whatever form it comes in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from .refusal_words import KNOWN_CODES
from .retry_after import delay_in_words, retry_after, stated_delay

SHOWN = 500
NO_REASON = "no reason stated"
_DEEPEST = 8

# Keys of error bodies: what states a code, and what repeats the request and must not be read as the endpoint's words.
_CODE_KEYS = {"code", "type", "status", "reason", "error_code", "errorcode", "err_code", "status_code"}
_MESSAGE_KEYS = ("message", "error", "detail", "msg", "error_msg", "status_msg", "error_message", "errors", "raw")
_REPEATED_KEYS = {"input", "ctx", "url", "messages", "body", "headers", "user_id", "param", "loc", "help", "links"}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HTML = re.compile(r"^\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
_HTML_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Refusal:
    """What an endpoint answered in a completion's place: its status, its words, and the codes and names in it."""

    status: int
    message: str
    codes: frozenset[str] = frozenset()
    params: tuple[str, ...] = ()
    retry_after: float | None = None
    is_page: bool = False
    quotas: tuple[str, ...] = field(default=())

    @property
    def is_silent(self) -> bool:
        """Whether a reply with HTTP 200 states neither a reason nor a code that is known, as any other JSON would."""
        return self.status == HTTPStatus.OK and self.message == NO_REASON and not self.codes & KNOWN_CODES

    @property
    def shown(self) -> str:
        """Status and words on one line."""
        return f"HTTP {self.status}: {self.message}"

    def states(self, codes: set[str], words: re.Pattern[str] | None = None) -> bool:
        """Tell whether one of the codes is stated, or the words are used."""
        return bool(self.codes & codes) or (words is not None and words.search(self.message) is not None)


def read_refusal(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Refusal:
    """Read an error in whatever form it comes: an object, a list, text, a page, or JSON within text.

    An error inside of a reply with HTTP 200 has the status that its own code states, else 200.
    """
    content = _parsed(body) if isinstance(body, (str, bytes)) else body
    is_page = isinstance(content, str) and _HTML.match(content) is not None
    found = _Facts()
    found.read(content)
    message = _page_text(content) if is_page else "; ".join(dict.fromkeys(found.messages))
    codes = frozenset(found.codes)
    asked = retry_after(headers) if headers is not None else None
    for delay in (*found.delays, delay_in_words(message)):
        asked = delay if asked is None else asked
    return Refusal(
        status if status != HTTPStatus.OK else _status_within(codes),
        " ".join(message.split())[:SHOWN] or NO_REASON,
        codes,
        tuple(found.params),
        asked,
        is_page,
        tuple(found.quotas),
    )


class _Facts:
    """What an error's body states, gathered from all of its depth."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.codes: set[str] = set()
        self.params: list[str] = []
        self.delays: list[float] = []
        self.quotas: list[str] = []

    def read(self, node: Any, depth: int = 0) -> None:
        """Gather from an object, a list, or text, which may hold JSON itself."""
        if depth > _DEEPEST:
            return
        if isinstance(node, dict):
            self._read_object(node, depth)
        elif isinstance(node, list):
            for item in node[:20]:
                self.read(item, depth + 1)
        elif isinstance(node, str) and node.strip():
            self._read_text(node, depth)

    def _read_object(self, node: dict[str, Any], depth: int) -> None:
        for key, value in node.items():
            name = key.lower()
            if name in _CODE_KEYS and isinstance(value, (str, int)) and not isinstance(value, bool):
                self.codes |= {str(value).strip().lower(), _CAMEL.sub("_", str(value).strip()).lower()}
            elif name == "param" and isinstance(value, str):
                self.params.append(value)
            elif name == "loc" and isinstance(value, list) and value:
                self.params.append(str(value[-1]))
            elif name in {"retrydelay", "retry_after", "retry_after_seconds"}:
                self.delays += [delay for delay in [stated_delay(value)] if delay is not None]
            elif name in {"quotaid", "quotametric"}:
                self.quotas.append(str(value))
        for name in dict.fromkeys((*_MESSAGE_KEYS, *node)):
            value = node.get(name)
            is_text = isinstance(value, str) and name in _MESSAGE_KEYS
            if name.lower() not in _REPEATED_KEYS and (is_text or isinstance(value, (dict, list))):
                self.read(value, depth + 1)

    def _read_text(self, text: str, depth: int) -> None:
        content = _parsed(text)
        if isinstance(content, (dict, list)):
            self.read(content, depth + 1)
            return
        self.messages.append(text.strip())
        at = text.find("{")
        if at > 0:  # a proxy's words with the original error behind them
            within = _object_at(text, at)
            if within:
                nested = _Facts()
                nested.read(within, depth + 1)
                self.codes |= nested.codes
                self.params += nested.params
                self.delays += nested.delays
                self.quotas += nested.quotas


def _parsed(body: str | bytes) -> Any:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    if not text.lstrip().startswith(("{", "[", '"')):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _object_at(text: str, at: int) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text, at)[0]
    except (ValueError, RecursionError):
        return None


def _status_within(codes: frozenset[str]) -> int:
    """Return the status that an error inside of a reply states, or 200."""
    statuses = [int(code) for code in codes if code.isdecimal() and 400 <= int(code) < 600]  # noqa: PLR2004
    return min(statuses, default=int(HTTPStatus.OK))


def _page_text(page: str) -> str:
    title = _HTML_TITLE.search(page)
    return " ".join(_TAGS.sub(" ", title[1] if title else page[:2000]).split())[:100] or "a page without a title"
