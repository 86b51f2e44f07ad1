"""From bytes to records: JSON lines, other JSON, CSV. Each yields (number, record or None, error or None, bytes)."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import IO, Any

from ..errors import InputFileError
from .formats import BYTE_ORDER_MARK, UTF8, is_incomplete, stated_delimiter

Record = tuple[int, dict[str, Any] | None, str | None, int]

# The longest value of a CSV, and the longest object of other JSON: what is longer is a quote that is never closed.
MAX_CHARACTERS = 2**26
_READ_CHARACTERS = 2**16
_SPACE = re.compile(r"[\s\ufeff]*")


def json_lines(lines: Iterable[bytes]) -> Iterator[Record]:
    """Parse one object per line; blank lines are counted and skipped."""
    for number, content in enumerate(lines, start=1):
        if content.removeprefix(BYTE_ORDER_MARK).strip():
            data, error = _parsed(content)
            yield number, data, error, len(content)


def transcoded(stream: IO[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the lines of a text in another encoding as UTF-8."""
    with _text(stream, encoding, newline="\n") as file:
        for line in file:
            yield line.encode("utf-8", "surrogatepass")


def json_values(stream: IO[bytes], encoding: str, name: str) -> Iterator[Record]:
    """Parse one list of objects, or objects that go over several lines; memory grows with the longest object only.

    Raises InputFileError where the text is broken: what follows cannot be told apart.
    """
    with _text(stream, encoding) as file:
        for number, value in enumerate(_Scanner(file, name).values(), start=1):
            if isinstance(value, dict):
                yield number, value, None, 0
            else:
                yield number, None, f"not a JSON object, but {type(value).__name__}", 0


def csv_rows(stream: IO[bytes], encoding: str, delimiter: str, name: str) -> Iterator[Record]:
    """Parse rows under a header; a row's number is that of its first line, its values are text.

    Empty values are None. Raises InputFileError where a quote is never closed.
    """
    csv.field_size_limit(MAX_CHARACTERS)
    header: list[str] | None = None
    number = 1
    with _text(stream, encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        try:
            for row in reader:
                if header is None:
                    header = _header(row, delimiter)
                elif row:
                    yield number, *_row(header, row), 0
                number = reader.line_num + 1
        except csv.Error as error:
            raise InputFileError(f"{name}, line {number}: not CSV: {error}. Is a quote not closed?") from error


def csv_header(stream: IO[bytes], encoding: str, delimiter: str) -> list[str]:
    """Return the names of a CSV's columns."""
    with _text(stream, encoding, newline="") as file:
        headers = (_header(row, delimiter) for row in csv.reader(file, delimiter=delimiter))
        return next((names for names in headers if names), [])


def _header(row: list[str], delimiter: str) -> list[str] | None:
    """Return the names of the columns, None for a line that only states the delimiter."""
    return None if stated_delimiter(delimiter.join(row)) or not row else [name.strip() for name in row]


def _parsed(content: bytes) -> tuple[dict[str, Any] | None, str | None]:
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return None, f"not UTF-8: {error.reason} at byte {error.start}"
    except (ValueError, RecursionError) as error:
        return None, f"not JSON: {error}"
    if not isinstance(data, dict):
        return None, f"not a JSON object, but {type(data).__name__}"
    return data, None


def _row(header: list[str], row: list[str]) -> tuple[dict[str, Any] | None, str | None]:
    if len(row) > len(header):
        return None, f"{len(row)} values for {len(header)} columns; values with the delimiter in them need quotes"
    try:
        "".join(row).encode("utf-8")
    except UnicodeEncodeError:
        return None, "not UTF-8"
    return {name: value or None for name, value in zip(header, row, strict=False)}, None


def _text(stream: IO[bytes], encoding: str, newline: str | None = None) -> io.TextIOWrapper:
    if encoding == UTF8:
        return io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline=newline)
    return io.TextIOWrapper(stream, encoding, errors="replace", newline=newline)


def _end_of_space(text: str, start: int) -> int:
    match = _SPACE.match(text, start)
    return match.end() if match else start


class _Scanner:
    """Finds one JSON value after another in a text that is read piece by piece."""

    def __init__(self, file: io.TextIOWrapper, name: str) -> None:
        self._file = file
        self._name = name
        self._text = ""
        self._start = 0
        self._line = 1
        self._decoder = json.JSONDecoder(strict=False)

    def values(self) -> Iterator[Any]:
        """Yield the items of a list, or the values that follow one another."""
        is_list = self._next() == "["
        if is_list:
            self._start += 1
        while (character := self._next()) and character != "]":
            yield self._value()
            after = self._next()
            if is_list and after == ",":
                self._start += 1
            elif is_list and after not in {"]", ""}:
                raise self._broken("a comma or ] is missing")
        if is_list and character != "]":
            raise self._broken("the list is not closed; the file is cut off")

    def _next(self) -> str:
        """Skip white space; return the next character, or "" at the end."""
        while True:
            self._start = _end_of_space(self._text, self._start)
            if self._start < len(self._text):
                return self._text[self._start]
            if not self._more():
                return ""

    def _value(self) -> Any:
        while True:
            try:
                value, self._start = self._decoder.raw_decode(self._text, self._start)
            except json.JSONDecodeError as error:
                if not is_incomplete(error) or len(self._text) - self._start > MAX_CHARACTERS or not self._more():
                    raise self._broken(error.msg) from error
            except (ValueError, RecursionError) as error:
                raise self._broken(str(error)) from error
            else:
                return value

    def _more(self) -> bool:
        """Read on, as much again as is waiting, so that a long value is not parsed too often."""
        waiting = self._text[self._start :]
        more = self._file.read(max(_READ_CHARACTERS, len(waiting)))
        self._line += self._text.count("\n", 0, self._start)
        self._text, self._start = waiting + more, 0
        return bool(more)

    def _broken(self, reason: str) -> InputFileError:
        line = self._line + self._text.count("\n", 0, self._start)
        return InputFileError(f"{self._name} is not sound JSON from line {line} on: {reason}.")
