"""ArticleReader: a file of articles as chunks of lines, the unreadable ones among them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from ..errors import InputFileError

PARQUET = ".parquet"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
STANDARD_INPUT = Path("-")

# A chunk is large enough for batches of like length with under 5 % padding, and bounded in size so
# that memory stays flat however long the articles are.
CHUNK_LINES = 512
CHUNK_BYTES = 32 * 2**20

# The columns of a Parquet file that are read; the others may be many and large.
_COLUMNS = ("id", "title", "content", "text", "url")


@dataclass(frozen=True, slots=True)
class Line:
    """One line or row: an article's fields, or the reason it has none."""

    number: int
    data: dict[str, Any] | None
    error: str | None = None
    size: int = 1

    @property
    def id(self) -> str | int | None:
        """The article's own id, if it has a usable one."""
        value = (self.data or {}).get("id")
        return value if isinstance(value, (str, int)) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive lines of a file."""

    lines: list[Line]

    @property
    def readable(self) -> list[Line]:
        """The lines that hold an article to score."""
        return [line for line in self.lines if line.error is None]

    @property
    def articles(self) -> list[dict[str, Any]]:
        """The articles to score, in the order of `readable`."""
        return [line.data for line in self.lines if line.error is None and line.data is not None]

    @property
    def size(self) -> int:
        """What the chunk counts in the unit of `ArticleReader.total`."""
        return sum(line.size for line in self.lines)


class ArticleReader:
    """Reads ``.parquet`` by its suffix, anything else as JSON lines; ``-`` is standard input.

    An article whose id came before is an error on that line: a result is found by its id.
    """

    def __init__(self, path: Path) -> None:
        """Check that the file can be read; raise InputFileError if not."""
        self.path = path
        if path != STANDARD_INPUT:
            _check_readable(path)

    @property
    def name(self) -> str:
        """What messages call the input."""
        return "standard input" if self.path == STANDARD_INPUT else str(self.path)

    @cached_property
    def total(self) -> int | None:
        """The size of the input, in bytes of JSON lines or rows of Parquet; None for standard input."""
        if self.path == STANDARD_INPUT:
            return None
        return self._parquet.metadata.num_rows if self._is_parquet else self.path.stat().st_size

    def chunks(self) -> Iterator[Chunk]:
        """Yield the lines in chunks; memory does not grow with the file."""
        lines: list[Line] = []
        n_bytes = 0
        for line, size in self._sized_lines():
            lines.append(line)
            n_bytes += size
            if len(lines) == CHUNK_LINES or n_bytes >= CHUNK_BYTES:
                yield Chunk(lines)
                lines, n_bytes = [], 0
        if lines:
            yield Chunk(lines)

    def _sized_lines(self) -> Iterator[tuple[Line, int]]:
        """Yield each line, repeated ids refused, with its rough size in bytes."""
        seen = _SeenIds()
        for line in self._parquet_lines() if self._is_parquet else self._json_lines():
            first = None if line.id is None else seen.first_line(line.id, line.number)
            size = _text_size(line.data or {}) if self._is_parquet else line.size
            if first is None:
                yield line, size
            else:
                yield (
                    Line(line.number, line.data, f"the id {line.id!r} stands already on line {first}", line.size),
                    size,
                )

    def _json_lines(self) -> Iterator[Line]:
        if self.path == STANDARD_INPUT:
            yield from _parsed(sys.stdin.buffer)
            return
        try:
            with self.path.open("rb") as file:
                yield from _parsed(file)
        except OSError as error:
            raise _cannot_read(self.path, error) from error

    def _parquet_lines(self) -> Iterator[Line]:
        import pyarrow as pa

        available = self._parquet.schema_arrow.names
        batches = self._parquet.iter_batches(batch_size=64, columns=[c for c in _COLUMNS if c in available])
        number = 0
        while True:
            try:
                batch = next(batches, None)
            except (OSError, pa.ArrowException) as error:
                raise _not_parquet(self.path, error) from error
            if batch is None:
                return
            for data, fault in _rows(batch):
                number += 1
                yield Line(number, data, fault)

    @property
    def _is_parquet(self) -> bool:
        return self.path.suffix.lower() == PARQUET

    @cached_property
    def _parquet(self) -> Any:
        import pyarrow as pa
        from pyarrow import parquet

        try:
            # Row groups may be as large as the file: they are read a page at a time.
            file = parquet.ParquetFile(self.path, buffer_size=2**20, pre_buffer=False)
        except (OSError, pa.ArrowException) as error:
            raise _not_parquet(self.path, error) from error
        names = file.schema_arrow.names
        if "title" not in names or not {"content", "text"} & set(names):
            raise InputFileError(f"{self.path} needs the columns title and content; it has: {', '.join(names)}")
        return file


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON-lines file that must be sound; raise InputFileError at one that is not."""
    _check_readable(path)
    with path.open("rb") as file:
        for line in _parsed(file):
            if line.data is None:
                raise InputFileError(f"{path}, line {line.number}: {line.error}")
            yield line.data


class _SeenIds:
    """Remembers ids in a temporary database on disk, so that memory stays flat."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("BEGIN")
        self._database.execute("CREATE TABLE seen (id BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")

    def first_line(self, identifier: str | int, number: int) -> int | None:
        """Return the line on which the id stood first, or None and remember it."""
        key = hashlib.blake2b(str(identifier).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        row = self._database.execute("SELECT line FROM seen WHERE id = ?", (key,)).fetchone()
        if row is not None:
            return int(row[0])
        self._database.execute("INSERT INTO seen VALUES (?, ?)", (key, number))
        return None


def _check_readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise _cannot_read(path, error) from error


def _cannot_read(path: Path, error: OSError) -> InputFileError:
    return InputFileError(f"{path} cannot be read: {error.strerror or error}.")


def _not_parquet(path: Path, error: Exception) -> InputFileError:
    return InputFileError(f"{path} cannot be read as Parquet: {error}")


def _text_size(row: dict[str, Any]) -> int:
    return sum(len(value) for value in row.values() if isinstance(value, (str, bytes)))


def _rows(batch: Any) -> Iterator[tuple[dict[str, Any] | None, str | None]]:
    """Yield the rows of a batch, or why a row cannot be read."""
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError):  # some row holds what Python cannot
        yield from (_row(batch, index) for index in range(batch.num_rows))
    else:
        yield from ((row, None) for row in rows)


def _row(batch: Any, index: int) -> tuple[dict[str, Any] | None, str | None]:
    try:
        return batch.slice(index, 1).to_pylist()[0], None
    except UnicodeDecodeError as error:
        return None, f"not UTF-8: {error.reason} at byte {error.start}"
    except (ValueError, OverflowError) as error:
        return None, f"not readable: {error}"


def _parsed(file: IO[bytes]) -> Iterator[Line]:
    for number, content in enumerate(file, start=1):
        if content.removeprefix(BYTE_ORDER_MARK).strip():
            yield _parse(number, content)


def _parse(number: int, content: bytes) -> Line:
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return Line(number, None, f"not UTF-8: {error.reason} at byte {error.start}", len(content))
    except (ValueError, RecursionError) as error:
        return Line(number, None, f"not JSON: {error}", len(content))
    if not isinstance(data, dict):
        return Line(number, None, f"not a JSON object, but {type(data).__name__}", len(content))
    return Line(number, data, None, len(content))
