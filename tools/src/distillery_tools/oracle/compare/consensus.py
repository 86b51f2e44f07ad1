"""Consensus: one label of several oracles', the median of each dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distillery import InputFileError

from ...data.labels import Id
from .label_files import Labels, first_dimensions, read_labels, score_rows

Record = dict[str, Any]


@dataclass(frozen=True)
class Consensus:
    """The label records, in the order in which the files name the articles first, and what became of all."""

    records: list[Record]
    summary: dict[str, Any]


def consensus(files: Sequence[Path], at_least: int) -> Consensus:
    """Return the median of the files' labels for each article that at least ``at_least`` files label.

    Of two labels the median is their mean. A record names who took part (``labelled_by``: a label's model, or its
    file) and how far apart they are (``spread``: the largest range of a dimension). Raises InputFileError if
    dimensions differ, or the splits that two files state.
    """
    dimensions = first_dimensions(files[0])
    labels = {path: read_labels(path, dimensions) for path in files}
    found = {key: _opinions(key, labels) for key in dict.fromkeys(key for each in labels.values() for key in each)}
    records = [_record(key, by, dimensions) for key, by in found.items() if len(by) >= at_least]
    return Consensus(records, _summary(files, found, records, at_least))


def _opinions(key: Id, labels: Mapping[Path, Labels]) -> dict[Path, Record]:
    return {path: records[key] for path, records in labels.items() if key in records}


def _record(key: Id, opinions: Mapping[Path, Record], dimensions: Sequence[str]) -> Record:
    rows = score_rows([opinion["scores"] for opinion in opinions.values()], dimensions)
    medians: list[float] = np.median(rows, axis=0).tolist()
    return {
        "id": key,
        **_split(key, opinions.values()),
        "scores": dict(zip(dimensions, medians, strict=True)),
        "labelled_by": [_name(path, opinion) for path, opinion in opinions.items()],
        "spread": float(np.ptp(rows, axis=0).max()),
    }


def _split(key: Id, opinions: Any) -> Record:
    """Return the split as a part of the record, empty if no file states one."""
    stated = {opinion["split"] for opinion in opinions if opinion.get("split") is not None}
    if len(stated) > 1:
        raise InputFileError(f"{key} is in the splits {' and '.join(sorted(map(str, stated)))}; give it one.")
    return {"split": stated.pop()} if stated else {}


def _name(path: Path, opinion: Record) -> str:
    model = opinion.get("model")
    return model if isinstance(model, str) else path.stem


def _summary(
    files: Sequence[Path], found: Mapping[Id, Mapping[Path, Record]], records: Sequence[Record], at_least: int
) -> dict[str, Any]:
    spreads = [record["spread"] for record in records]
    return {
        "files": [str(path) for path in files],
        "at_least": at_least,
        "n_articles": len(records),
        "left_out": len(found) - len(records),
        "by_number_of_labels": {
            str(number): sum(len(by) == number for by in found.values()) for number in range(1, len(files) + 1)
        },
        "mean_spread": float(np.mean(spreads)) if spreads else None,
    }
