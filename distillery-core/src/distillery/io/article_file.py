"""ArticleFile: one input of articles, its fields checked before anything else is done."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ArticleError, InputFileError
from .fields import fields_fault, renamed
from .files import DataFile
from .formats import MIN_LINES, Form
from .lines import Line, Origin
from .parsers import Record, csv_header
from .tables import ArrowColumns
from .values import FIELDS, field_value

# Records of the sample whose fields are looked at.
_RECORDS_LOOKED_AT = 100
_WRAPPER = re.compile(r'\s*\{\s*"([^"\\]+)"\s*:\s*\[\s*\{')


class ArticleFile:
    """One input of articles.

    Raises InputFileError if it cannot be read, or if no article of it has title and content.
    """

    def __init__(self, path: Path, columns: Mapping[str, str], *, is_one_of_many: bool = False) -> None:
        """Look at the beginning; ``columns`` maps a field of an article to its name in the file."""
        self.path = path
        self._columns = columns
        self._file = DataFile(path, columns)
        self.origin = Origin(self.name if is_one_of_many else None, self._file.format.unit)
        self.is_empty = False
        self._check()

    @property
    def name(self) -> str:
        """What messages call the input."""
        return self._file.name

    @property
    def size(self) -> int | None:
        """The size on disk in bytes; None for a pipe."""
        return self._file.source.size if self._file.source.is_file else None

    def lines(self) -> Iterator[tuple[Line, int]]:
        """Yield each line with its rough size in memory."""
        return self._rows() if self._file.is_tabular else self._text_lines()

    def _text_lines(self) -> Iterator[tuple[Line, int]]:
        is_plain = self._file.is_plain
        with self._file.source.opened() as (stream, position):
            before = 0
            for number, data, error, n_bytes in self._file.parsed(stream):
                after = before + n_bytes if is_plain else position()
                yield (
                    Line(number, self._article(data), error, after - before, self.origin),
                    n_bytes or _text_size(data or {}),
                )
                before = after

    def _rows(self) -> Iterator[tuple[Line, int]]:
        number = itertools.count(1)
        with self._file.opened_table() as table:
            columns = _arrow_columns(table.schema, self._columns, self.name)
            for batch, n_bytes in table.batches(list(columns.names.values())):
                for index, row in enumerate(columns.rows(batch)):
                    size = n_bytes * (index + 1) // batch.num_rows - n_bytes * index // batch.num_rows
                    yield Line(next(number), row, _undecoded(row), size, self.origin), _text_size(row)

    def _article(self, data: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return a record with the fields of an article under their names, and an id by which it is found."""
        if data is None:
            return None
        article = renamed(data, self._columns) if self._columns else data
        identifier = article.get("id")
        if identifier is not None and type(identifier) is not str:
            article["id"] = field_value("id", identifier)
        return article

    def _check(self) -> None:
        """Raise InputFileError if no article can have a title and a content."""
        if self._file.is_tabular:
            self._check_table()
        elif self._file.format.form is Form.CSV:
            self._check_header()
        else:
            self._check_objects()

    def _check_table(self) -> None:
        if not self._file.source.is_file:  # a pipe is read once, and checked then
            return
        with self._file.opened_table() as table:
            _arrow_columns(table.schema, self._columns, self.name)
            self.is_empty = table.n_rows == 0

    def _check_header(self) -> None:
        kind = self._file.format
        names = csv_header(io.BytesIO(self._file.source.sample), kind.encoding, kind.delimiter)
        if fault := fields_fault(names, self._columns):
            raise InputFileError(f"{self.name}, read as CSV with the delimiter {kind.delimiter!r}: {fault}")
        read = {self._columns.get(field, field) for field in FIELDS}
        if repeated := sorted({name for name in names if name in read and names.count(name) > 1}):
            raise InputFileError(f"{self.name} has several columns named {', '.join(repeated)}; rename all but one.")
        self.is_empty = self._file.source.is_whole and not any(self._sample_records())

    def _check_objects(self) -> None:
        source = self._file.source
        records = list(itertools.islice(self._sample_records(), _RECORDS_LOOKED_AT))
        self.is_empty = source.is_whole and not records
        objects = [data for _, data, _, _ in records if data is not None]
        names = list(dict.fromkeys(name for data in objects for name in data))
        fault = fields_fault(names, self._columns)
        wrapper = _WRAPPER.match(source.sample.decode(self._file.format.encoding, "replace"))
        if wrapper and (fault or not objects):
            raise InputFileError(
                f"{self.name} is one JSON object with a list '{wrapper[1]}' in it.\n"
                f"  Take the list out: jq -c '.{wrapper[1]}[]' FILE > articles.jsonl"
            )
        if fault and len(objects) >= (1 if source.is_whole else MIN_LINES):
            raise InputFileError(f"{self.name}: {fault}")

    def _sample_records(self) -> Iterator[Record]:
        """Yield the records that are wholly in the sample; raise InputFileError where a whole text is broken."""
        source = self._file.source
        sample = source.sample if source.is_whole or not self._file.has_lines else source.sample.rpartition(b"\n")[0]
        try:
            yield from self._file.parsed(io.BytesIO(sample))
        except InputFileError:
            if source.is_whole:
                raise


def _arrow_columns(schema: Any, columns: Mapping[str, str], name: str) -> ArrowColumns:
    try:
        return ArrowColumns(schema, columns, name)
    except ArticleError as error:
        raise InputFileError(str(error)) from error


def _undecoded(row: Mapping[str, Any]) -> str | None:
    """Return why a row cannot be read: a text that is not UTF-8 is left as bytes."""
    wrong = [field for field, value in row.items() if isinstance(value, bytes)]
    return f"not UTF-8: {wrong[0]}" if wrong else None


def _text_size(row: Mapping[str, Any]) -> int:
    return sum(len(value) for value in row.values() if isinstance(value, (str, bytes)))
