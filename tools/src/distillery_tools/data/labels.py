"""A label file's records: what each must hold, and how its faults are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from distillery import InputFileError
from distillery.io import read_records

SPLITS = ("train", "val", "test")
LOWEST, HIGHEST = 0.0, 10.0
MAX_FAULTS_SHOWN = 10

Id = str | int


def identified_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON-lines file; raise InputFileError at one without an id."""
    for record in read_records(path):
        if not is_id(record.get("id")):
            raise InputFileError(f"{path}: a line has the id {record.get('id')!r}; each needs one.")
        yield record


def is_id(value: Any) -> bool:
    """Tell whether a value can name an article."""
    return isinstance(value, (str, int))


def scores_fault(record: dict[str, Any], dimensions: Sequence[str]) -> str | None:
    """Return what is wrong with a record's scores or its second opinion, or None."""
    fault = _points_fault("scores", record.get("scores"), dimensions)
    if fault or record.get("second_opinion") is None:
        return fault
    return _points_fault("second opinion's scores", record["second_opinion"], dimensions)


def _points_fault(name: str, points: Any, dimensions: Sequence[str]) -> str | None:
    if not isinstance(points, dict) or set(points) != set(dimensions):
        given = ", ".join(points) if isinstance(points, dict) else repr(points)
        return f"the {name} are for {given}; the filter's dimensions are {', '.join(dimensions)}"
    wrong = {key: value for key, value in points.items() if not is_score(value)}
    return f"not a number from 0 to 10: {wrong}" if wrong else None


def split_fault(split: Any) -> str | None:
    """Return why a split is none, or None."""
    return None if split in SPLITS else f"the split is {split!r}, not one of {', '.join(SPLITS)}"


def is_score(value: Any) -> bool:
    """Tell whether a value is a number of the scale; NaN is in no range."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and LOWEST <= value <= HIGHEST


def refuse(what: str, faults: Sequence[str]) -> None:
    """Raise InputFileError with the first faults, if there are any."""
    if faults:
        shown = "\n  ".join(faults[:MAX_FAULTS_SHOWN])
        raise InputFileError(f"{what} has {len(faults)} fault(s):\n  {shown}")
