"""Parquet and Arrow files as record batches."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from ..errors import InputFileError
from .formats import Form
from .sources import ByteSource

# Rows that are decoded at a time: row groups may be as large as the file, they are read a page at a time.
BATCH_ROWS = 64


class ArrowFile:
    """An open Parquet or Arrow file: its schema, and its batches as they are asked for."""

    def __init__(self, reader: Any, form: Form, n_bytes: int) -> None:
        """Keep pyarrow's reader; ``n_bytes`` is the file's size on disk."""
        self._reader = reader
        self._form = form
        self._n_bytes = n_bytes
        self.schema = reader.schema_arrow if form is Form.PARQUET else reader.schema

    @property
    def n_rows(self) -> int | None:
        """The number of rows, where the file states it."""
        return int(self._reader.metadata.num_rows) if self._form is Form.PARQUET else None

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[tuple[Any, int]]:
        """Yield record batches with those columns, all by default, and how many bytes of the file each took."""
        if self._form is Form.PARQUET:
            n_rows = self._reader.metadata.num_rows
            done, before = 0, 0
            for batch in self._reader.iter_batches(batch_size=BATCH_ROWS, columns=columns):
                done += batch.num_rows
                after = self._n_bytes * done // n_rows
                yield batch, after - before
                before = after
            return
        for batch, n_bytes in self._arrow_batches():
            kept = batch if columns is None else batch.select(list(columns))
            for start in range(0, kept.num_rows, BATCH_ROWS):
                yield kept.slice(start, BATCH_ROWS), n_bytes if start == 0 else 0

    def _arrow_batches(self) -> Iterator[tuple[Any, int]]:
        if self._form is Form.ARROW_STREAM:
            for batch in self._reader:
                yield batch, 0
            return
        n_batches = self._reader.num_record_batches
        for index in range(n_batches):
            yield (
                self._reader.get_batch(index),
                self._n_bytes * (index + 1) // n_batches - self._n_bytes * index // n_batches,
            )


@contextmanager
def opened_table(source: ByteSource, form: Form) -> Iterator[ArrowFile]:
    """Open a Parquet or Arrow file; what is read from a pipe or is compressed is first written to a temporary file.

    Raises InputFileError where the file cannot be read.
    """
    import pyarrow as pa

    with ExitStack() as stack:
        try:
            file = stack.enter_context(_seekable(source, form))
            yield ArrowFile(_reader_of(file, form), form, source.size or 0)
        except (pa.ArrowException, OSError) as error:
            raise InputFileError(f"{source.name} cannot be read as {form.value}: {error}") from error


def _reader_of(file: Any, form: Form) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    if form is Form.PARQUET:
        return parquet.ParquetFile(file, buffer_size=2**20, pre_buffer=False)
    return pa.ipc.open_file(file) if form is Form.ARROW_FILE else pa.ipc.open_stream(file)


@contextmanager
def _seekable(source: ByteSource, form: Form) -> Iterator[Any]:
    import pyarrow as pa

    if source.is_file and source.compression is None:
        # Pages of a Parquet file are decoded, those of an Arrow file are used in place.
        opened = pa.OSFile if form is Form.PARQUET else pa.memory_map
        with opened(str(source.path)) as file:
            yield file
        return
    with source.opened() as (stream, _), tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield copy
