"""ByteSource: the bytes of a file, a pipe or standard input, decompressed; and which files a path means."""

from __future__ import annotations

import bz2
import glob
import gzip
import io
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from ..errors import InputFileError

STANDARD_INPUT = Path("-")

# Enough of a file to tell what it is and which fields its articles have.
SAMPLE_BYTES = 2**18
_BUFFER_BYTES = 2**18

# The first bytes of compressed files.
COMPRESSIONS = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x04\x22\x4d\x18": "lz4",
}
SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".feather")
COMPRESSION_SUFFIXES = (".gz", ".zst", ".bz2", ".xz", ".lz4")


class ByteSource:
    """The bytes of one input, decompressed.

    Its beginning is read at once. A regular file can then be opened as often as needed; a pipe and standard input are
    opened once, and what was read of them is kept. Raises InputFileError if the input cannot be opened or read.
    """

    def __init__(self, path: Path) -> None:
        """Read the beginning."""
        self.path = path
        self.name = "standard input" if path == STANDARD_INPUT else str(path)
        raw = self._open_raw()
        self.size = _size_of(raw)
        self.is_file = path != STANDARD_INPUT and self.size is not None
        self._stream: io.RawIOBase | None = None
        try:
            self._read_start(raw)
        finally:
            if self._stream is None and path != STANDARD_INPUT:
                raw.close()

    def _read_start(self, raw: io.RawIOBase) -> None:
        patient = self.size is not None
        with self.errors_named():
            start, _ = _read_start(raw, patient=patient)
            self.compression = next((name for magic, name in COMPRESSIONS.items() if start.startswith(magic)), None)
            stream = self._decompressed(_Replayed(start, raw, owned=self.path != STANDARD_INPUT))
            self.sample, self.is_whole = _read_start(stream, patient=patient)
        if not self.is_file:
            self._stream = _Replayed(self.sample, stream)

    @contextmanager
    def opened(self) -> Iterator[tuple[IO[bytes], Any]]:
        """Open the input; yields its decompressed bytes and a function that returns how many bytes are consumed of it.

        The count is of the file as it is on disk. Raises InputFileError if a pipe is opened for the second time.
        """
        if not self.is_file:
            if self._stream is None:
                raise InputFileError(f"{self.name} can be read only once; save it to a file first.")
            stream, self._stream = self._stream, None
            yield cast("IO[bytes]", io.BufferedReader(stream, _BUFFER_BYTES)), lambda: 0
            return
        with self._open_raw() as raw, self.errors_named():
            decompressed = raw if self.compression is None else self._decompressed(raw)
            with io.BufferedReader(decompressed, _BUFFER_BYTES) as buffered:
                yield cast("IO[bytes]", buffered), raw.tell

    @contextmanager
    def errors_named(self) -> Iterator[None]:
        """Turn what the file system and a decompressor raise into an InputFileError that names the input."""
        try:
            yield
        except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
            raise self._damaged(error) from error
        except OSError as error:
            if error.errno is None and self.compression:  # pyarrow's
                raise self._damaged(error) from error
            raise InputFileError(f"{self.name} cannot be read: {error.strerror or error}.") from error

    def _damaged(self, error: Exception) -> InputFileError:
        return InputFileError(
            f"{self.name} is damaged or cut off: its {self.compression} data ends or breaks ({error})."
        )

    def _open_raw(self) -> io.RawIOBase:
        if self.path == STANDARD_INPUT:
            return cast("io.RawIOBase", getattr(sys.stdin.buffer, "raw", sys.stdin.buffer))
        try:
            return cast("io.RawIOBase", self.path.open("rb", buffering=0))
        except OSError as error:
            raise InputFileError(f"{self.path} cannot be read: {error.strerror or error}.") from error

    def _decompressed(self, raw: io.RawIOBase) -> io.RawIOBase:
        if self.compression is None:
            return raw
        openers: dict[str, Any] = {
            "gzip": partial(gzip.GzipFile, mode="rb"),
            "bzip2": bz2.BZ2File,
            "xz": lzma.LZMAFile,
        }
        if self.compression in openers:
            arguments = {"fileobj": raw} if self.compression == "gzip" else {"filename": raw}
            return cast("io.RawIOBase", openers[self.compression](**arguments))
        return _ArrowDecompressor(raw, self.compression)


def _size_of(raw: io.RawIOBase) -> int | None:
    """Return the size of a regular file, None for a pipe or a device."""
    try:
        status = os.fstat(raw.fileno())
    except OSError:  # an object in the place of standard input
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def expand(paths: Iterable[Path]) -> list[Path]:
    """Return the files that paths mean: a folder's data files with those of its folders, a pattern's matches, itself.

    Raises InputFileError if a folder or a pattern gives no file.
    """
    found: list[Path] = []
    for path in paths:
        found += [path] if path == STANDARD_INPUT else _files_of(path)
    if found.count(STANDARD_INPUT) > 1:
        raise InputFileError("standard input (-) can be given once.")
    return list(dict.fromkeys(found))


def _files_of(path: Path) -> list[Path]:
    if os.path.isdir(path):  # noqa: PTH112  # a name that is too long is no folder
        inside = [one for one in sorted(path.rglob("*")) if _is_data(one.relative_to(path)) and one.is_file()]
        if not inside:
            raise InputFileError(f"{path} is a folder without data files ({', '.join(SUFFIXES)}, or compressed ones).")
        return inside
    if glob.has_magic(str(path)) and not path.exists():
        matches = [Path(one) for one in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207  # takes "/a/*"
        files = [one for match in matches for one in (_files_of(match) if match.is_dir() else [match])]
        if not files:
            raise InputFileError(f"No file matches {path}.")
        return files
    return [path]


def _is_data(path: Path) -> bool:
    """Tell whether a file in a folder is read: it has a known suffix, and neither it nor its folder is hidden."""
    if any(part.startswith((".", "_")) for part in path.parts):
        return False
    plain = path.with_suffix("") if path.suffix.lower() in COMPRESSION_SUFFIXES else path
    return plain.suffix.lower() in SUFFIXES


def _read_start(stream: io.RawIOBase, *, patient: bool) -> tuple[bytes, bool]:
    """Return the beginning of a stream and whether that is all of it.

    A pipe is read until there is a line, no further: whoever writes to it may wait for an answer.
    """
    start = b""
    while len(start) < SAMPLE_BYTES:
        more = stream.read(SAMPLE_BYTES - len(start))
        if not more:
            return start, True
        start += more
        if not patient and b"\n" in start:
            break
    return start, False


class _Replayed(io.RawIOBase):
    """A stream whose beginning was read already."""

    def __init__(self, start: bytes, rest: io.RawIOBase, *, owned: bool = True) -> None:
        self._start = io.BytesIO(start)
        self._rest = rest
        self._owned = owned

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._start.readinto(buffer) or self._rest.readinto(buffer) or 0

    def close(self) -> None:
        if self._owned and not self.closed:
            self._rest.close()
        super().close()


class _ArrowDecompressor(io.RawIOBase):
    """Decompresses what pyarrow has a codec for."""

    def __init__(self, raw: io.RawIOBase, codec: str) -> None:
        import pyarrow as pa

        self._raw = raw
        self._native = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), codec)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data: bytes = self._native.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._native.close()
            self._raw.close()
        super().close()
