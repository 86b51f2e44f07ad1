"""Result files: written beside their final place and moved there when they are whole.

Why: docs/decisions/whole-files.md
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

from ..errors import OutputFileError
from ..files import partial_beside
from ..io import Chunk, Line
from .columns import COUNT, FLAG, TEXT, FilterColumns, arrow_schema, text

if TYPE_CHECKING:
    from ..scoring.score import Score
    from ..scoring.scorer import FilterBaseScorer

# The suffixes that are written; a name without a suffix is JSON lines.
SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".jsonl.zst", ".parquet", ".csv", ".tsv")


class ResultWriter(Protocol):
    """Takes chunks and their scores, one list of scores per filter."""

    def start(self, scorers: Sequence[FilterBaseScorer]) -> None:
        """Learn which filters there are, before the first chunk."""

    def write(self, chunk: Chunk, scores: Sequence[Sequence[Score]]) -> None:
        """Write one result per line of the chunk; ``scores[filter][article]`` are its scores."""

    def close(self) -> None:
        """Write what is left."""


@contextmanager
def open_results(path: Path | None, sources: Sequence[Path]) -> Iterator[ResultWriter]:
    """Open a result file: JSON lines (also ``.gz`` and ``.zst``), Parquet or CSV by its suffix; None is stdout.

    The file appears whole or not at all; a link keeps being one, its target is replaced. Raises OutputFileError if
    the suffix is none that is written, if the file cannot be written, or if it is one of the ``sources``.
    """
    if path is None:
        yield JsonLinesWriter(sys.stdout.buffer, "standard output")
        with _blaming("standard output"):
            sys.stdout.buffer.flush()
        return
    make = _writer_of(path)
    with _blaming(path):
        _check_target(path, sources)
        final = path.resolve()
        partial = partial_beside(final)
        file = partial.open("xb")
    try:
        with file:
            writer = make(file, path)
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
            partial.replace(final)
    finally:
        partial.unlink(missing_ok=True)


def _writer_of(path: Path) -> Callable[[IO[bytes], Path], ResultWriter]:
    """Return what makes a writer for the suffix; raise OutputFileError if there is none."""
    name = path.name.lower()
    if name.endswith((".jsonl", ".ndjson")) or not path.suffix:
        return JsonLinesWriter
    for suffix, compress in ((".gz", _gzip), (".zst", _zstd)):
        if name.endswith((f".jsonl{suffix}", f".ndjson{suffix}")):
            return lambda file, target: JsonLinesWriter(compress(file), target, owns_file=True)
    writers: dict[str, Callable[[IO[bytes], Path], ResultWriter]] = {
        ".parquet": ParquetWriter,
        ".csv": CsvWriter,
        ".tsv": lambda file, target: CsvWriter(file, target, delimiter="\t"),
    }
    if path.suffix.lower() not in writers:
        raise OutputFileError(f"{path}: results are not written as {path.suffix}; use one of {', '.join(SUFFIXES)}.")
    return writers[path.suffix.lower()]


def _gzip(file: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0))


def _zstd(file: IO[bytes]) -> IO[bytes]:
    import pyarrow as pa

    return cast("IO[bytes]", pa.CompressedOutputStream(pa.PythonFile(_KeptOpen(file), mode="w"), "zstd"))


class _KeptOpen(io.RawIOBase):
    """A file that pyarrow does not close with its compressor."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._file.write(data)


@contextmanager
def _blaming(target: Path | str) -> Iterator[None]:
    """Turn an OSError of the result file into an OutputFileError; a reader that has left is no fault."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFileError(f"{target} cannot be written: {error.strerror or error}.") from error


def _check_target(path: Path, sources: Sequence[Path]) -> None:
    if path.is_dir():
        raise OutputFileError(f"{path} is a folder; name a file, such as {path / 'scored.jsonl'}.")
    if not path.parent.is_dir():
        raise OutputFileError(f"{path} cannot be written: the folder {path.parent} does not exist.")
    if path.exists() and not path.is_file():
        raise OutputFileError(f"{path} is not a regular file; name another, or leave -o out for standard output.")
    if path.exists() and any(source.exists() and path.samefile(source) for source in sources):
        raise OutputFileError(f"{path} is the file of articles; the results must go elsewhere.")
    if path.is_symlink() and not path.exists() and not path.resolve().parent.is_dir():
        raise OutputFileError(f"{path} is a link to {path.resolve()}, whose folder does not exist.")


def _rows(chunk: Chunk, scores: Sequence[Sequence[Score]]) -> Iterator[tuple[Line, tuple[Score, ...]]]:
    """Yield each line with its scores by filter; an unreadable line has none."""
    by_article = zip(*scores, strict=True)
    for line in chunk.lines:
        yield line, () if line.error else next(by_article)


class JsonLinesWriter:
    """One object a line: ``{"id": ..., "results": {filter: Score.to_dict()}}``.

    A line that holds no article gives ``{"id": ..., "line": n, "error": ..., "results": {}}``, and with several
    files of articles the ``file`` as well. Each chunk is passed on at once, so that results stream.
    """

    def __init__(self, file: IO[bytes], target: Path | str, *, owns_file: bool = False) -> None:
        """Write to an open file; ``owns_file`` if it is closed with the writer."""
        self._file = file
        self._target = target
        self._owns_file = owns_file
        self._names: list[str] = []

    def start(self, scorers: Sequence[FilterBaseScorer]) -> None:
        """Learn the filters' names."""
        self._names = [scorer.config.name for scorer in scorers]

    def write(self, chunk: Chunk, scores: Sequence[Sequence[Score]]) -> None:
        """Write a chunk's results."""
        lines = [self._line(line, found) for line, found in _rows(chunk, scores)]
        with _blaming(self._target):
            self._file.write(b"".join(lines))
            if not self._owns_file:  # flushing a compressor would spoil its ratio
                self._file.flush()

    def close(self) -> None:
        """Finish a compressed file."""
        if self._owns_file:
            with _blaming(self._target):
                self._file.close()

    def _line(self, line: Line, scores: Sequence[Score]) -> bytes:
        record: dict[str, Any] = {"id": line.id}
        if line.error:
            record |= {"line": line.number, "error": line.error}
            record |= {"file": line.origin.file} if line.origin.file else {}
        record["results"] = {name: score.to_dict() for name, score in zip(self._names, scores, strict=False)}
        return json.dumps(record, allow_nan=False).encode("ascii") + b"\n"


class _TableWriter:
    """One row an article, one column a fact: ``id, line, file, error``, then those of each filter."""

    def __init__(self) -> None:
        self._filters: list[FilterColumns] = []

    def _kinds(self, scorers: Sequence[FilterBaseScorer]) -> dict[str, str]:
        """Learn the filters; return the columns and what each holds."""
        self._filters = [_columns_of(scorer) for scorer in scorers]
        kinds = {"id": TEXT, "line": COUNT, "file": TEXT, "error": TEXT}
        for columns in self._filters:
            kinds |= columns.kinds
        return kinds

    def _row(self, line: Line, scores: Sequence[Score]) -> dict[str, Any]:
        row = {"id": text(line.id), "line": line.number, "file": text(line.origin.file), "error": text(line.error)}
        for columns, score in zip(self._filters, scores, strict=False):
            row |= columns.row(score)
        return row


def _columns_of(scorer: FilterBaseScorer) -> FilterColumns:
    return FilterColumns(scorer.config.name, scorer.DIMENSION_NAMES, [tier.name for tier in scorer.config.tiers])


class ParquetWriter(_TableWriter):
    """Writes each chunk as a row group."""

    def __init__(self, file: IO[bytes], target: Path | str) -> None:
        """Write to an open file."""
        super().__init__()
        self._file = file
        self._target = target
        self._writer: Any = None

    def start(self, scorers: Sequence[FilterBaseScorer]) -> None:
        """Lay out the columns of the filters."""
        from pyarrow import parquet

        schema = arrow_schema(self._kinds(scorers).items())
        with _blaming(self._target):
            self._writer = parquet.ParquetWriter(self._file, schema)

    def write(self, chunk: Chunk, scores: Sequence[Sequence[Score]]) -> None:
        """Write a chunk's results as a row group."""
        import pyarrow as pa

        rows = [self._row(line, found) for line, found in _rows(chunk, scores)]
        with _blaming(self._target):
            self._writer.write_table(pa.Table.from_pylist(rows, schema=self._writer.schema))

    def close(self) -> None:
        """Write the footer."""
        if self._writer is not None:
            with _blaming(self._target):
                self._writer.close()


class CsvWriter(_TableWriter):
    """Writes UTF-8 with a header; what is not known is empty, flags are true and false."""

    def __init__(self, file: IO[bytes], target: Path | str, delimiter: str = ",") -> None:
        """Write to an open file."""
        super().__init__()
        self._file = file
        self._target = target
        self._delimiter = delimiter
        self._kinds_of: dict[str, str] = {}

    def start(self, scorers: Sequence[FilterBaseScorer]) -> None:
        """Write the header."""
        self._kinds_of = self._kinds(scorers)
        self._write([list(self._kinds_of)])

    def write(self, chunk: Chunk, scores: Sequence[Sequence[Score]]) -> None:
        """Write a chunk's results."""
        self._write([self._cells(self._row(line, found)) for line, found in _rows(chunk, scores)])

    def close(self) -> None:
        """Nothing is held back."""

    def _cells(self, row: dict[str, Any]) -> list[Any]:
        values = ((row.get(name), kind) for name, kind in self._kinds_of.items())
        return [str(value).lower() if kind == FLAG and value is not None else value for value, kind in values]

    def _write(self, rows: Sequence[Sequence[Any]]) -> None:
        content = io.StringIO()
        csv.writer(content, delimiter=self._delimiter, lineterminator="\n").writerows(rows)
        with _blaming(self._target):
            self._file.write(content.getvalue().encode("utf-8"))
