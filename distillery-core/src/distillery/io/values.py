"""Values of cells: what a file or a data frame holds in a field, as an article holds it."""

from __future__ import annotations

import math
import uuid
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

# The fields of an article. What other columns hold is not read.
FIELDS = ("id", "title", "content", "text", "url", "language")

_UUID_BYTES = 16
# The missing values of pandas beside NaN. They are known by name, so that pandas need not be installed.
_MISSING_TYPES = frozenset({"NAType", "NaTType"})


def field_value(field: str, value: Any) -> Any:
    """Return a field's value as text, None if it is missing, or (ids only) as a whole number.

    A value of another kind is returned as it is: ``Article.from_dict`` names it in its error. Bytes are decoded as
    UTF-8; bytes of a text that are not UTF-8 are returned as they are. Example: ``field_value("id", 7.0)`` is ``7``.
    """
    if value is None or type(value) is str:
        return value
    if isinstance(value, str):  # numpy's text
        return str(value)
    if is_missing(value):
        return None
    if field == "id":
        return _identifier(value)
    return _decoded(value) if isinstance(value, (bytes, bytearray)) else value


def language_code(value: Any) -> str:
    """Return the language of a tag in lower case, "en" for "en-GB"; empty for anything but text."""
    return value.strip().lower().replace("_", "-").partition("-")[0] if isinstance(value, str) else ""


def is_missing(value: Any) -> bool:
    """Tell whether a value stands for "missing": None, NaN, and pandas' NA and NaT."""
    if value is None:
        return True
    if isinstance(value, (Real, Decimal)):
        return bool(value != value)  # noqa: PLR0124  # only NaN differs from itself
    return type(value).__name__ in _MISSING_TYPES


def same_id(value: str | int) -> str:
    """Return what two ids have in common if they name the same article: 7 and "7" do."""
    return str(value)


def _identifier(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral):  # numpy's as well, as below
        return int(value)
    if isinstance(value, (Real, Decimal)):
        return _whole_number(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    return _binary_identifier(bytes(value)) if isinstance(value, (bytes, bytearray)) else value


def _whole_number(value: Any) -> Any:
    return int(value) if math.isfinite(value) and value == int(value) else value


def _binary_identifier(value: bytes) -> str:
    """Return text as it is, 16 bytes that are not text as a UUID, and any other bytes in hexadecimal digits."""
    text = _decoded(value)
    if isinstance(text, str) and text.isprintable():
        return text
    return str(uuid.UUID(bytes=value)) if len(value) == _UUID_BYTES else value.hex()


def _decoded(value: bytes | bytearray) -> str | bytes:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return bytes(value)
