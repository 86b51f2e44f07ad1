"""The records of a label file: what each must contain, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from distillery import FilterConfig, InputFileError
from distillery.toolkit import HIGHEST, LOWEST, Postfilter, read_records

SPLITS = ("train", "val", "test")
MAX_FAULTS_SHOWN = 10

# Further readings of an article by the oracle, beside its scores. A second opinion is of an article drawn at random, so
# it measures the oracle's noise; a further one is of an article that was chosen, so it only averages noise out.
SECOND_OPINION, FURTHER_OPINION = "second_opinion", "further_opinion"
OPINIONS = (SECOND_OPINION, FURTHER_OPINION)

Id = str | int
Record = dict[str, Any]


class Fault(NamedTuple):
    """What is wrong with a label record: a kind, by which faults are counted, and the detail."""

    kind: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind} ({self.detail})" if self.detail else self.kind


def identified_records(path: Path) -> Iterator[Record]:
    """Yield the objects of a JSON-lines file; raise InputFileError at one without an id."""
    for record in read_records(path):
        if not is_id(record.get("id")):
            raise InputFileError(f"{path}: a line has the id {record.get('id')!r}; each line needs an id.")
        yield record


def with_known_ids(records: Iterable[Record], known: Collection[Id]) -> Iterator[Record]:
    """Yield label records under the ids of the articles: the number 7 and the text "7" are one id, as in the core."""
    for record in records:
        identifier = record.get("id")
        other = None if is_id(identifier) and identifier in known else _other_form(identifier)
        yield record | {"id": other} if other is not None and other in known else record


def _other_form(identifier: Any) -> Id | None:
    """Return a number as text, a text that is a number as that number, and None for anything else."""
    if isinstance(identifier, str):
        digits = identifier.removeprefix("-")
        return int(identifier) if digits.isascii() and digits.isdigit() and str(int(digits)) == digits else None
    return str(identifier) if isinstance(identifier, int) else None


def is_id(value: Any) -> bool:
    """Return whether a value can be the id of an article."""
    return isinstance(value, (str, int))


def is_score(value: Any) -> bool:
    """Return whether a value is a number from 0 to 10."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and LOWEST <= value <= HIGHEST


def label_faults(record: Record, dimensions: Sequence[str]) -> list[Fault]:
    """Return what is wrong with a record's scores and its further opinions."""
    faults = _points_faults("scores", record.get("scores"), dimensions)
    for opinion in OPINIONS:
        if record.get(opinion) is not None:
            faults += _points_faults(opinion.replace("_", " "), record[opinion], dimensions)
    return faults


def _points_faults(name: str, points: Any, dimensions: Sequence[str]) -> list[Fault]:
    """Return each fault of what should be scores by dimension."""
    if not isinstance(points, dict):
        return [Fault(f"{name}: missing")]
    absent = [Fault(f"{name}: missing dimension", dimension) for dimension in dimensions if dimension not in points]
    unknown = [Fault(f"{name}: unknown dimension", str(key)) for key in points if key not in dimensions]
    wrong = [
        Fault(f"{name}: not a number from 0 to 10", f"{dimension}: {points[dimension]!r:.40}")
        for dimension in dimensions
        if dimension in points and not is_score(points[dimension])
    ]
    return absent + unknown + wrong


def split_faults(split: Any) -> list[Fault]:
    """Return what is wrong with a record's split."""
    if split is None:
        return [Fault("label without a split")]
    return [] if split in SPLITS else [Fault("unknown split", f"{split!r:.40}")]


def scores_fault(record: Record, dimensions: Sequence[str]) -> str | None:
    """Return what is wrong with a record's scores and further opinions in one line, or None."""
    return fault_line(label_faults(record, dimensions))


def fault_line(faults: Sequence[Fault]) -> str | None:
    """Return faults in one line, or None if there are none."""
    return "; ".join(map(str, faults)) or None


def refuse(source: str, faults: Sequence[str]) -> None:
    """Raise InputFileError with the first faults, if there are any."""
    if faults:
        shown = "\n  ".join(faults[:MAX_FAULTS_SHOWN])
        raise InputFileError(f"{source} has {len(faults)} fault(s):\n  {shown}")


def tiers_of(records: Sequence[Record], config: FilterConfig) -> list[str]:
    """Return the name of the filter's tier for each valid label record."""
    rows = [[float(record["scores"][name]) for name in config.dimension_names] for record in records]
    outcomes = Postfilter(config).apply(np.array(rows).reshape(-1, len(config.dimensions)))
    return [outcome.tier.name for outcome in outcomes]
