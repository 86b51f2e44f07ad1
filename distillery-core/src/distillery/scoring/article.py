"""Article: what a filter reads from a dict, checked and cleaned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ArticleError
from ..io.fields import remedy
from ..io.values import FIELDS, field_value, language_code
from .cleaning import clean, clean_url


@dataclass(frozen=True, slots=True)
class Article:
    """A cleaned article; ``title`` and ``content`` are never empty.

    ``language`` is a code such as "en", empty where it is not known; nothing is guessed.
    """

    title: str
    content: str
    id: str | int | None = None
    url: str = ""
    language: str = ""

    @property
    def text(self) -> str:
        """What the student reads: title, blank line, content."""
        return f"{self.title}\n\n{self.content}"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Article:
        """Read an article from a mapping; raise ArticleError that names the field at fault.

        ``title`` and ``content`` are required (``text`` is read where the content is missing or empty), ``id``, ``url``
        and ``language`` may be missing, and everything else is ignored. NaN and pandas' NA are missing values; 7.0 is
        the id 7. A language that is not text is not known.
        """
        if not isinstance(data, Mapping):
            raise ArticleError(f"an article must be a mapping with title and content, not {_kind(data)}")
        fields = {field: field_value(field, data.get(field)) for field in FIELDS}
        body = "text" if _is_blank(fields["content"]) and not _is_blank(fields["text"]) else "content"
        return cls(
            title=_required_text(fields, "title", data),
            content=_required_text(fields, body, data),
            id=_identifier(fields["id"]),
            url=clean_url(_optional_text(fields, "url")),
            language=language_code(fields["language"]),
        )


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _required_text(fields: Mapping[str, Any], field: str, data: Mapping[str, Any]) -> str:
    value = fields[field]
    if value is None:
        found = "" if field in data else f". {remedy(data, [field])}"
        raise ArticleError(f"'{field}' is missing; an article needs a title and a content{found}")
    if not isinstance(value, str):
        raise ArticleError(f"'{field}' must be text, not {_kind(value)}")
    text = clean(value)
    if not text:
        raise ArticleError(f"'{field}' is empty")
    return text


def _optional_text(fields: Mapping[str, Any], field: str) -> str:
    value = fields[field]
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
    if isinstance(value, bytes):
        return "bytes that are not UTF-8"
    return f"{type(value).__name__} ({value!r:.40})" if isinstance(value, (int, float, str)) else type(value).__name__
