"""Article: what a filter reads from a dict, checked and cleaned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ArticleError
from .cleaning import clean, clean_url


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
            url=clean_url(_optional_text(data, "url")),
        )


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
