"""Which field of an article is found under which name, and what to write where a name is not found."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..errors import ArticleError
from .values import FIELDS

# Names that data often has instead of ours.
SYNONYMS = {
    "id": ["_id", "uuid", "guid", "article_id", "articleid", "doc_id", "key"],
    "title": ["headline", "heading", "subject", "name", "head", "header"],
    "content": [
        *("body", "text", "article", "full_text", "fulltext", "article_body", "articlebody", "maintext", "story"),
        *("content_text", "body_text", "description", "summary", "page_content", "document"),
    ],
    "url": ["link", "href", "uri", "source_url", "canonical_url"],
}
# How many names a message lists, and how many characters of each.
MAX_SHOWN, MAX_LENGTH = 20, 40


def check_mapping(columns: Mapping[str, str] | None) -> dict[str, str]:
    """Return a mapping from a field of an article to the name in the data; raise ArticleError at an unknown field."""
    columns = dict(columns or {})
    for field, name in columns.items():
        if field not in FIELDS:
            swapped = f" Did you mean {name}={field}?" if name in FIELDS else ""
            raise ArticleError(
                f"'{field}' is not a field of an article ({', '.join(FIELDS)}). "
                f"A column is given as field=name, such as content=body.{swapped}"
            )
    return columns


def renamed(data: Mapping[str, object], columns: Mapping[str, str]) -> dict[str, object]:
    """Return a record with the fields of an article under their own names, and everything else as it is."""
    return {**data, **{field: data.get(name) for field, name in columns.items()}}


def fields_fault(found: Collection[Any], columns: Mapping[str, str]) -> str | None:
    """Return why no article can be read from data with these names, and what to write; None if one can."""
    for field, name in columns.items():
        if name not in found:
            near = difflib.get_close_matches(name, [str(one) for one in found], n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            return f"nothing is named '{name}' (for the field '{field}'). Found: {shown(found)}.{hint}"
    missing = missing_fields(found, columns)
    return f"{_listed(missing)} not found. {remedy(found, missing, unknown='NAME')}" if missing else None


def missing_fields(found: Collection[Any], columns: Mapping[str, str]) -> list[str]:
    """Return which of title and content the data does not have; "text" is read where there is no content."""
    absent = [field for field in ("title", "content") if field not in found and field not in columns]
    if "content" in absent and ("text" in found or "text" in columns):
        absent.remove("content")
    return absent


def remedy(found: Iterable[Any], missing: Iterable[str], unknown: str = "") -> str:
    """Return the names that were found, and the option that maps the likeliest of them to the missing fields.

    ``unknown`` is written for a name that cannot be guessed; without it, only what is guessed is mapped.
    Example: ``Found: headline, body. Map the names: --column title=headline, or columns={"title": "headline"}.``
    """
    names = [str(name) for name in found]
    guesses = {field: _likeliest(field, names) or unknown for field in missing}
    known = {field: name for field, name in guesses.items() if name}
    options = " ".join(f"--column {field}={name}" for field, name in known.items())
    argument = ", ".join(f'"{field}": "{name}"' for field, name in known.items())
    mapping = f" Map the names: {options}, or columns={{{argument}}}." if known else ""
    return f"Found: {shown(names)}.{mapping}"


def shown(names: Iterable[Any]) -> str:
    """Return names as a list for a message, cut when they are many."""
    listed = [_cut(str(name)) for name in names]
    rest = len(listed) - MAX_SHOWN
    return (", ".join(listed[:MAX_SHOWN]) or "nothing") + (f" and {rest} more" if rest > 0 else "")


def _cut(name: str) -> str:
    return name if len(name) <= MAX_LENGTH else f"{name[:MAX_LENGTH]}..."


def _likeliest(field: str, names: list[str]) -> str | None:
    lowered = {name.lower(): name for name in names if name not in FIELDS or name == "text"}
    for candidate in (field, *SYNONYMS.get(field, ())):
        if candidate in lowered:
            return lowered[candidate]
    within = [name for low, name in lowered.items() if field in low]
    near = within or [lowered[low] for low in difflib.get_close_matches(field, lowered, n=1)]
    return near[0] if near else None


def _listed(fields: list[str]) -> str:
    quoted = [f"'{field}'" for field in fields]
    return f"{' and '.join(quoted)} {'is' if len(quoted) == 1 else 'are'}"
