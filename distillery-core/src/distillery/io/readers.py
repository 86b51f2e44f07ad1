"""ArticleReader: files of articles as chunks of lines, the unreadable ones among them."""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputFileError
from .article_file import ArticleFile
from .fields import check_mapping
from .files import DataFile
from .lines import Chunk, Line
from .sources import expand
from .values import field_value, same_id

# A chunk is large enough for batches of similar length with under 5 % padding, and bounded in size so
# that memory stays flat however long the articles are.
CHUNK_LINES = 512
CHUNK_BYTES = 32 * 2**20


class ArticleReader:
    """Reads articles from files, folders and patterns: JSON lines, JSON, CSV, TSV, Parquet, Arrow, also compressed.

    ``-`` is standard input. What a file is, and whether it has the fields of an article, is found out at once: raises
    InputFileError if it cannot be read. An article with an id that came before is an error on that line.
    """

    def __init__(
        self, paths: Path | Sequence[Path], *, columns: Mapping[str, str] | None = None, limit: int | None = None
    ) -> None:
        """Look at each file.

        ``columns`` maps a field of an article to its name in the files, such as ``{"content": "body"}``; ``limit`` is
        the number of articles to read, all by default.
        """
        mapping = check_mapping(columns)
        files = expand([paths] if isinstance(paths, Path) else paths)
        self.files = [ArticleFile(path, mapping, is_one_of_many=len(files) > 1) for path in files]
        self.limit = limit

    @property
    def name(self) -> str:
        """What messages call the input."""
        return self.files[0].name if len(self.files) == 1 else f"{len(self.files)} files"

    @property
    def paths(self) -> list[Path]:
        """The files that are read."""
        return [file.path for file in self.files]

    @property
    def total(self) -> int | None:
        """The size of the input in bytes on disk; None for standard input and pipes."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @property
    def is_empty(self) -> bool:
        """Whether it is known already that there are no articles."""
        return all(file.is_empty for file in self.files)

    def chunks(self, max_lines: int | None = None) -> Iterator[Chunk]:
        """Yield the lines in chunks of at most ``max_lines`` (512 by default); memory does not grow with the files."""
        max_lines = max_lines or CHUNK_LINES
        lines: list[Line] = []
        n_bytes = 0
        for line, size in itertools.islice(self._sized_lines(), self.limit):
            lines.append(line)
            n_bytes += size
            if len(lines) == max_lines or n_bytes >= CHUNK_BYTES:
                yield Chunk(lines)
                lines, n_bytes = [], 0
        if lines:
            yield Chunk(lines)

    def _sized_lines(self) -> Iterator[tuple[Line, int]]:
        """Yield each line, repeated ids refused, with its rough size in memory."""
        seen = _SeenIds()
        for index, file in enumerate(self.files):
            for line, size in file.lines():
                first = None if line.id is None else seen.first_place(line.id, index, line.number)
                if first is None:
                    yield line, size
                else:
                    place = self.files[first[0]].origin.place(first[1])
                    error = f"Duplicate id {line.id!r}, first seen {_preposition(file)} {place}."
                    yield Line(line.number, line.data, error, line.size, line.origin), size


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file, of any format that is read, with all their columns.

    Raises InputFileError at one that is not sound. An id that is a whole number written as 7.0 is 7.
    """
    file = DataFile(path, {})
    for number, data, error in file.records():
        if data is None:
            raise InputFileError(f"{file.name}, {file.format.unit} {number}: {error}")
        identifier = data.get("id")
        if identifier is not None and type(identifier) is not str:
            data["id"] = field_value("id", identifier)
        yield data


def _preposition(file: ArticleFile) -> str:
    return "on" if file.origin.unit == "line" else "in"


class _SeenIds:
    """Remembers ids in a temporary database on disk, so that memory stays flat."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("BEGIN")
        self._database.execute("CREATE TABLE seen (id BLOB PRIMARY KEY, file INTEGER, line INTEGER) WITHOUT ROWID")

    def first_place(self, identifier: str | int, file: int, number: int) -> tuple[int, int] | None:
        """Return file and line where the id was first, or None and remember it."""
        key = hashlib.blake2b(same_id(identifier).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        row = self._database.execute("SELECT file, line FROM seen WHERE id = ?", (key,)).fetchone()
        if row is not None:
            return int(row[0]), int(row[1])
        self._database.execute("INSERT INTO seen VALUES (?, ?, ?)", (key, file, number))
        return None
