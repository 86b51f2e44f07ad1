"""Label files merged: a later one wins, but an article keeps its first split."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distillery import Article, ArticleError

from .labels import Id, fault_line, identified_records, label_faults, refuse, split_faults, with_known_ids


@dataclass(frozen=True)
class MergedLabels:
    """The label records by id, in the order of the files, and how many were replaced by a later file's."""

    records: dict[Id, dict[str, Any]]
    n_replaced: int


def merge_labels(files: Sequence[Path], texts: Mapping[Id, dict[str, Any]], dimensions: Sequence[str]) -> MergedLabels:
    """Read label files, the newest last; raise InputFileError with the first faults of all of them.

    A fault is a missing or invalid score, an unknown split, an id that one file has twice, or an id without a
    readable article.
    """
    merged: dict[Id, dict[str, Any]] = {}
    faults: list[str] = []
    n_replaced = 0
    for path in files:
        seen: set[Id] = set()
        for record in with_known_ids(identified_records(path), texts):
            if fault := _fault(record, texts, seen, dimensions):
                faults.append(f"{path}: {record['id']}: {fault}")
            seen.add(record["id"])
            older = merged.get(record["id"], {})
            n_replaced += bool(older)
            merged[record["id"]] = record | ({"split": older["split"]} if older.get("split") else {})
    refuse("The labels", faults)
    return MergedLabels(merged, n_replaced)


def read_splits(path: Path, texts: Collection[Id]) -> dict[Id, str]:
    """Return the split of each article in a file, by the ids of ``texts``; raise InputFileError with the faults."""
    splits: dict[Id, str] = {}
    faults: list[str] = []
    for record in with_known_ids(identified_records(path), texts):
        if fault := fault_line(split_faults(record.get("split"))):
            faults.append(f"{record['id']}: {fault}")
        elif splits.setdefault(record["id"], record["split"]) != record["split"]:
            faults.append(f"{record['id']}: is in {splits[record['id']]} and in {record['split']}")
    refuse(str(path), faults)
    return splits


def _fault(
    record: dict[str, Any], texts: Mapping[Id, dict[str, Any]], seen: set[Id], dimensions: Sequence[str]
) -> str | None:
    if record["id"] in seen:
        return "labelled more than once in this file"
    if record["id"] not in texts:
        return "there is no article with this id"
    try:
        Article.from_dict(texts[record["id"]])
    except ArticleError as error:
        return str(error)
    split = record.get("split")
    return fault_line([*(split_faults(split) if split is not None else ()), *label_faults(record, dimensions)])
