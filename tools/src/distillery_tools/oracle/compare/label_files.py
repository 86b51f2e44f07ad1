"""Files of labels, read by themselves: to compare oracles no article is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import InputFileError

from ...data.labels import Id, identified_records, refuse, scores_fault

Labels = dict[Id, dict[str, Any]]
Scores = NDArray[np.float64]


def read_labels(path: Path, dimensions: Sequence[str]) -> Labels:
    """Return the label records of a file by id; raise InputFileError with the first faults.

    A fault is a repeated id, or scores that are not those of the dimensions.
    """
    labels: Labels = {}
    faults: list[str] = []
    for record in identified_records(path):
        fault = "labelled more than once" if record["id"] in labels else scores_fault(record, dimensions)
        if fault:
            faults.append(f"{record['id']}: {fault}")
        labels[record["id"]] = record
    refuse(str(path), faults)
    if not labels:
        raise InputFileError(f"{path} holds no labels.")
    return labels


def first_dimensions(path: Path) -> list[str]:
    """Return the dimensions of a file's first record; raise InputFileError if it has none."""
    record = next(identified_records(path), {})
    if not isinstance(record.get("scores"), dict) or not record["scores"]:
        raise InputFileError(f"{path} holds no labels: each line needs an id and the scores of its dimensions.")
    return list(record["scores"])


def score_rows(points: Sequence[dict[str, float]], dimensions: Sequence[str]) -> Scores:
    """Return scores by dimension as rows [n_articles, n_dimensions]."""
    rows = [[float(each[name]) for name in dimensions] for each in points]
    return np.array(rows, dtype=np.float64).reshape(-1, len(dimensions))
