"""DataFile: one input, whatever its format, as records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

from .arrow_files import ArrowFile, opened_table
from .formats import UTF8, Form, check_encoding, format_of
from .parsers import Record, csv_rows, json_lines, json_values, transcoded
from .sources import ByteSource

_TABULAR = (Form.PARQUET, Form.ARROW_FILE, Form.ARROW_STREAM)


class DataFile:
    """One input: what it is is found out at once, its records are read as they are asked for.

    Raises InputFileError if it cannot be read.
    """

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        """Look at the beginning; ``columns`` are names of fields by which a CSV may be recognised."""
        self.source = ByteSource(path)
        self.format = format_of(self.source, columns)
        check_encoding(self.source, self.format)

    @property
    def name(self) -> str:
        """What messages call the input."""
        return self.source.name

    @property
    def is_tabular(self) -> bool:
        """Whether the input has typed columns, as Parquet and Arrow have."""
        return self.format.form in _TABULAR

    @property
    def is_plain(self) -> bool:
        """Whether the bytes of a line are the bytes on disk."""
        return self.format.form is Form.JSON_LINES and self.format.encoding == UTF8 and not self.source.compression

    @property
    def has_lines(self) -> bool:
        """Whether each line of the text is a record."""
        return self.format.form is Form.JSON_LINES

    def opened_table(self) -> AbstractContextManager[ArrowFile]:
        """Open a tabular input."""
        return opened_table(self.source, self.format.form)

    def parsed(self, stream: IO[bytes]) -> Iterator[Record]:
        """Parse the text of an input that is not tabular."""
        kind = self.format
        if kind.form is Form.CSV:
            return csv_rows(stream, kind.encoding, kind.delimiter, self.name)
        if kind.form is Form.JSON:
            return json_values(stream, kind.encoding, self.name)
        return json_lines(stream if kind.encoding == UTF8 else transcoded(stream, kind.encoding))

    def records(self) -> Iterator[tuple[int, dict[str, Any] | None, str | None]]:
        """Yield what the input holds with all its columns: (number, record or None, error or None)."""
        if self.is_tabular:
            with self.opened_table() as table:
                rows = (row for batch, _ in table.batches() for row in batch.to_pylist())
                for number, row in enumerate(rows, start=1):
                    yield number, row, None
            return
        with self.source.opened() as (stream, _):
            for number, data, error, _ in self.parsed(stream):
                yield number, data, error
