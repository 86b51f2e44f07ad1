"""Pool: a file of articles that may be larger than memory, read once in order and then article by article."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distillery import InputFileError

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PoolLine:
    """One line: its offset and size in bytes, and its record, or None if it is not a JSON object."""

    offset: int
    size: int
    record: Record | None


class Pool:
    """A file of JSON lines."""

    def __init__(self, path: Path) -> None:
        """Open the file; raise InputFileError if it cannot be read."""
        self.path = path
        try:
            self.size = path.stat().st_size
            self._file = path.open("rb")
        except OSError as error:
            raise InputFileError(f"{path} cannot be read: {error.strerror or error}.") from error

    def lines(self) -> Iterator[PoolLine]:
        """Yield the non-blank lines."""
        offset = 0
        self._file.seek(0)
        for content in self._file:
            if content.strip():
                yield PoolLine(offset, len(content), _parsed(content))
            offset += len(content)

    def record_at(self, offset: int) -> Record:
        """Return the record of a line that has one."""
        self._file.seek(offset)
        record = _parsed(self._file.readline())
        if record is None:
            raise InputFileError(f"{self.path} changed while it was read; run the command again.")
        return record

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _parsed(content: bytes) -> Record | None:
    try:
        record = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
