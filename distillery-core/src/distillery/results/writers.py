"""Result files: written beside their final place and moved there when they are whole."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from ..errors import OutputFileError
from ..io import Chunk, Line
from .columns import COUNT, TEXT, FilterColumns, arrow_schema, text

PARQUET = ".parquet"

if TYPE_CHECKING:
    from ..scoring.score import Score
    from ..scoring.scorer import FilterBaseScorer


class ResultWriter(Protocol):
    """Takes chunks and their scores, one list of scores per filter."""

    def start(self, scorers: Sequence[FilterBaseScorer]) -> None:
        """Learn which filters there are, before the first chunk."""

    def write(self, chunk: Chunk, judged: Sequence[Sequence[Score]]) -> None:
        """Write one result per line of the chunk; ``judged[filter][article]`` are its scores."""

    def close(self) -> None:
        """Write what is left."""


@contextmanager
def open_results(path: Path | None, source: Path) -> Iterator[ResultWriter]:
    """Open a result file, ``.parquet`` or JSON lines; None is JSON lines on standard output.

    The file appears whole or not at all. Raises OutputFileError if it cannot be written, or if it
    is ``source`` itself.
    """
    if path is None:
        yield JsonLinesWriter(sys.stdout.buffer, "standard output")
        with _blaming("standard output"):
            sys.stdout.buffer.flush()
        return
    with _blaming(path):
        _check_target(path, source)
        partial = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.partial")
        file = partial.open("xb")
    try:
        with file:
            writer = ParquetWriter(file, path) if path.suffix.lower() == PARQUET else JsonLinesWriter(file, path)
            try:
                yield writer
                writer.close()
                with _blaming(path):
                    file.flush()
                    os.fsync(file.fileno())
            except BaseException:
                with suppress(Exception):  # neither may complain of what is thrown away
                    writer.close()
                with suppress(OSError):
                    file.close()
                raise
        with _blaming(path):
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _blaming(target: Path | str) -> Iterator[None]:
    """Turn an OSError of the result file into an OutputFileError; a reader that has left is no fault."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFileError(f"{target} cannot be written: {error.strerror or error}.") from error


def _check_target(path: Path, source: Path) -> None:
    if path.is_dir():
        raise OutputFileError(f"{path} is a folder; name a file, such as {path / 'scored.jsonl'}.")
    if not path.parent.is_dir():
        raise OutputFileError(f"{path} cannot be written: the folder {path.parent} does not exist.")
    if path.exists() and not path.is_file():
        raise OutputFileError(f"{path} is not a regular file; name another, or leave -o out for standard output.")
    if path.exists() and source.exists() and path.samefile(source):
        raise OutputFileError(f"{path} is the file of articles; the results must go elsewhere.")


def _rows(chunk: Chunk, judged: Sequence[Sequence[Score]]) -> Iterator[tuple[Line, tuple[Score, ...]]]:
    """Yield each line with its scores by filter; an unreadable line has none."""
    scored = zip(*judged, strict=True)
    for line in chunk.lines:
        yield line, () if line.error else next(scored)


class JsonLinesWriter:
    """One object a line: ``{"id": ..., "results": {filter: Score.to_dict()}}``.

    A line that holds no article gives ``{"id": ..., "line": n, "error": ..., "results": {}}``.
    """

    def __init__(self, file: IO[bytes], target: Path | str) -> None:
        """Write to an open file."""
        self._file = file
        self._target = target
        self._names: list[str] = []

    def start(self, scorers: Sequence[FilterBaseScorer]) -> None:
        """Learn the filters' names."""
        self._names = [scorer.config.name for scorer in scorers]

    def write(self, chunk: Chunk, judged: Sequence[Sequence[Score]]) -> None:
        """Write a chunk's results."""
        for line, scores in _rows(chunk, judged):
            record: dict[str, Any] = {"id": line.id}
            if line.error:
                record |= {"line": line.number, "error": line.error}
            record["results"] = {name: score.to_dict() for name, score in zip(self._names, scores, strict=False)}
            with _blaming(self._target):
                self._file.write(json.dumps(record, allow_nan=False).encode("ascii") + b"\n")

    def close(self) -> None:
        """Nothing is held back."""


class ParquetWriter:
    """One row an article, one column a fact: ``id, line, error``, then ``<filter>_...``."""

    def __init__(self, file: IO[bytes], target: Path | str) -> None:
        """Write to an open file."""
        self._file = file
        self._target = target
        self._writer: Any = None
        self._filters: list[FilterColumns] = []

    def start(self, scorers: Sequence[FilterBaseScorer]) -> None:
        """Lay out the columns of the filters."""
        from pyarrow import parquet

        self._filters = [FilterColumns(scorer.config.name, scorer.DIMENSION_NAMES) for scorer in scorers]
        kinds = [("id", TEXT), ("line", COUNT), ("error", TEXT)]
        schema = arrow_schema([*kinds, *(item for one in self._filters for item in one.kinds.items())])
        with _blaming(self._target):
            self._writer = parquet.ParquetWriter(self._file, schema)

    def write(self, chunk: Chunk, judged: Sequence[Sequence[Score]]) -> None:
        """Write a chunk's results as a row group."""
        import pyarrow as pa

        rows = [self._row(line, scores) for line, scores in _rows(chunk, judged)]
        with _blaming(self._target):
            self._writer.write_table(pa.Table.from_pylist(rows, schema=self._writer.schema))

    def close(self) -> None:
        """Write the footer."""
        if self._writer is not None:
            with _blaming(self._target):
                self._writer.close()

    def _row(self, line: Line, scores: Sequence[Score]) -> dict[str, Any]:
        row: dict[str, Any] = {"id": text(line.id), "line": line.number, "error": line.error}
        for columns, score in zip(self._filters, scores, strict=False):
            row |= columns.row(score)
        return row
