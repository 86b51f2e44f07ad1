"""What a file is: told from its first bytes and lines, with the suffix as a hint only."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from ..errors import InputFileError
from .fields import fields_fault
from .sources import ByteSource

UTF8 = "utf-8"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Longer marks first: the one of UTF-32 begins with that of UTF-16.
_BYTE_ORDER_MARKS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_CSV_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
_DELIMITERS = (",", ";", "\t", "|")
_LINES_LOOKED_AT = 20
# Where a text breaks off, JSON's parser complains this near to its end.
_END_OF_TEXT = 16
_SHOWN = 40
# So many articles must share a fault before the whole file is blamed while the rest of it is not known.
MIN_LINES = 3

# What is not read: first bytes, where they are, what it is, and what to do.
_CONVERT = "Convert it to JSON lines, CSV or Parquet"
_REFUSED: list[tuple[int, bytes, str, str]] = [
    (0, b"PK\x03\x04", "a ZIP archive", "Unpack it"),
    (0, b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "Save it as CSV (UTF-8)"),
    (0, b"%PDF", "a PDF", _CONVERT),
    (0, b"PARE", "Parquet with an encrypted footer", "Decrypt it"),
    (0, b"FEA1", "Feather of the first version", _CONVERT),
    (0, b"ORC", "ORC", _CONVERT),
    (0, b"Obj\x01", "Avro", _CONVERT),
    (0, b"SQLite format 3", "a SQLite database", _CONVERT),
    (0, b"\x89HDF", "HDF5", _CONVERT),
    (0, b"\x93NUMPY", "a numpy array", _CONVERT),
    (0, b"7z\xbc\xaf", "a 7z archive", "Unpack it"),
    (0, b"Rar!", "a RAR archive", "Unpack it"),
    (257, b"ustar", "a tar archive", "Unpack it"),
    *((0, bytes((0x80, version)), "a Python pickle, which is never loaded", _CONVERT) for version in range(2, 6)),
]
_SHEETS = {".xlsx": "an Excel workbook", ".xlsm": "an Excel workbook", ".ods": "an OpenDocument spreadsheet"}


class Form(Enum):
    """How articles are kept in a file."""

    JSON_LINES = "JSON lines"
    JSON = "JSON"  # one list of objects, or objects over several lines
    CSV = "CSV"
    PARQUET = "Parquet"
    ARROW_FILE = "Arrow"
    ARROW_STREAM = "an Arrow stream"


@dataclass(frozen=True)
class Format:
    """What a file is: form, encoding of a text, and what parts the columns of a CSV."""

    form: Form
    encoding: str = UTF8
    delimiter: str = ","

    @property
    def unit(self) -> str:
        """What messages call an article's place in the file."""
        return {Form.JSON_LINES: "line", Form.CSV: "line", Form.JSON: "item"}.get(self.form, "row")


def format_of(source: ByteSource, columns: Mapping[str, str]) -> Format:
    """Return what a file is; raise InputFileError, which says what it is, if it is something that is not read."""
    sample = source.sample
    if sample.startswith(b"PAR1"):
        return Format(Form.PARQUET)
    if sample.startswith(b"ARROW1"):
        return Format(Form.ARROW_FILE)
    if sample.startswith(b"\xff\xff\xff\xff") and len(sample) > 8:  # noqa: PLR2004  # a length follows
        return Format(Form.ARROW_STREAM)
    _refuse_known(source)
    encoding = _encoding(sample)
    text = sample.decode(encoding, "replace").removeprefix("\ufeff")
    if encoding == UTF8 and "\0" in text[:1000]:
        raise InputFileError(
            f"{source.name} is not text, and none of the formats that are read (JSON lines, CSV, Parquet)."
        )
    form, delimiter = _text_form(source, text, columns)
    return Format(form, encoding, delimiter)


def _refuse_known(source: ByteSource) -> None:
    suffix = source.path.suffix.lower()
    if source.sample.startswith(b"PK\x03\x04") and (suffix in _SHEETS or b"xl/" in source.sample):
        raise InputFileError(f"{source.name} is {_SHEETS.get(suffix, _SHEETS['.xlsx'])}. Save it as CSV (UTF-8) first.")
    for start, magic, name, remedy in _REFUSED:
        if source.sample[start:].startswith(magic):
            raise InputFileError(f"{source.name} is {name}. {remedy} first.")
    if suffix == ".parquet":
        raise InputFileError(f"{source.name} cannot be read as Parquet: it does not begin with PAR1.")


def _encoding(sample: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if sample.startswith(mark):
            return encoding
    start = sample[:200]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):  # ASCII in UTF-16 has a zero in every second byte
        zeros, others = start[offset::2], start[1 - offset :: 2]
        if len(zeros) > 1 and zeros.count(0) > 0.8 * len(zeros) and others.count(0) < 0.1 * len(others):
            return encoding
    return UTF8


def _text_form(source: ByteSource, text: str, columns: Mapping[str, str]) -> tuple[Form, str]:
    lines = [line for line in text.split("\n")[:_LINES_LOOKED_AT] if line.strip()]
    if not lines:
        return Form.JSON_LINES, ","
    first = lines[0].strip()
    if first.startswith("[") and not (first != "[" and len(lines) > 1 and _is_object(lines[1])):
        return Form.JSON, ","
    if first.startswith("{") and not _is_object(first) and _goes_over_lines(text, lines):
        return Form.JSON, ","
    if first.startswith("{") or any(_is_object(line) for line in lines):
        return Form.JSON_LINES, ","
    if first.startswith("<"):
        raise InputFileError(f"{source.name} is HTML or XML. {_CONVERT} first.")
    return Form.CSV, _delimiter_of(source, lines, columns)


def _is_object(line: str) -> bool:
    try:
        return line.lstrip().startswith("{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _goes_over_lines(text: str, lines: list[str]) -> bool:
    """Tell whether a text begins with a JSON object that ends on another line, or not within the text."""
    text = text.lstrip()
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        return is_incomplete(error) and len(lines) > 1 and not any(_is_object(line) for line in lines)
    except (ValueError, RecursionError):
        return False
    return "\n" in text[:end]


def is_incomplete(error: json.JSONDecodeError) -> bool:
    """Tell whether JSON is broken only because the text breaks off."""
    return error.msg.startswith("Unterminated string") or error.pos >= len(error.doc) - _END_OF_TEXT


def _delimiter_of(source: ByteSource, lines: list[str], columns: Mapping[str, str]) -> str:
    """Return what parts the columns; raise InputFileError if this is not a CSV."""
    if stated := stated_delimiter(lines[0]):
        return stated
    headers = {delimiter: next(csv.reader([lines[0]], delimiter=delimiter)) for delimiter in _DELIMITERS}
    best = max(headers, key=lambda one: (fields_fault(headers[one], columns) is None, len(headers[one])))
    has_suffix = any(suffix.lower() in _CSV_SUFFIXES for suffix in source.path.suffixes)
    if not has_suffix and (len(headers[best]) == 1 or len(lines) == 1):
        start = lines[0].strip()[:_SHOWN]
        raise InputFileError(f"{source.name} is neither JSON lines nor CSV nor Parquet: it begins with {start!r}.")
    return best


def stated_delimiter(line: str) -> str | None:
    """Return the delimiter that Excel may state on a line of its own before the header: ``sep=;``."""
    line = line.rstrip("\r\n")
    return line[-1] if line.lower().startswith("sep=") and len(line) == len("sep=;") else None


def check_encoding(source: ByteSource, found: Format) -> None:
    """Raise InputFileError if no line with other characters than ASCII is UTF-8: the file has another encoding."""
    if found.encoding != UTF8 or found.form not in {Form.JSON_LINES, Form.CSV}:
        return
    lines = [line for line in source.sample.split(b"\n")[: None if source.is_whole else -1] if not line.isascii()]
    n_wrong = sum(not _is_utf8(line) for line in lines)
    if n_wrong == len(lines) >= MIN_LINES:
        raise InputFileError(
            f"{source.name} is not UTF-8 (Windows-1252 or Latin-1, perhaps).\n"
            f"  Convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW_FILE"
        )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
