"""The files that a run leaves: written whole, and never over labels that this run could not write again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from distillery import InputFileError, OutputFileError
from distillery.toolkit import ArticleReader, read_records

from ...data.writing import write_records
from ..store.listing import dead_letters, is_answered, labels, set_aside
from .spec import OracleSpec, RunFiles

SHOWN = 3


def check_target(files: RunFiles, articles: Path) -> None:
    """Raise OutputFileError unless the files can be written."""
    path = files.labels
    if path.is_dir():
        raise OutputFileError(f"{path} is a folder; name a file, such as {path / 'labels.jsonl'}.")
    if path.exists() and articles.exists() and path.samefile(articles):
        raise OutputFileError(f"{path} is the file of articles; give the labels another -o.")
    try:
        files.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFileError(f"{files.folder} cannot be created: {error.strerror or error}.") from error


def refuse_loss(path: Path, articles: ArticleReader, oracle: OracleSpec) -> Callable[[sqlite3.Connection], None]:
    """Return work that raises OutputFileError if a file of labels holds some that this run would not write again."""

    def work(connection: sqlite3.Connection) -> None:
        if not path.exists():
            return
        unknown: list[Any] = []
        others: list[Any] = []
        differing: dict[str, None] = {}
        labelled: set[Any] = set()
        for record in _records(path):
            labelled.add(record.get("id"))
            if differences := oracle.differences(record):
                others.append(record.get("id"))
                differing |= dict.fromkeys(differences)
            if not is_answered(connection, record.get("key")):
                unknown.append(record.get("id"))
        if unknown:
            raise _loss(path, "labels that are not from this store", unknown)
        if others:
            raise _loss(path, f"labels that differ in {', '.join(differing)}", others)
        if absent := _left_out(labelled, articles):
            raise _loss(path, f"labels of articles that {articles.name} does not have", absent)

    return work


def write_outputs(files: RunFiles, cap: int) -> Callable[[sqlite3.Connection], None]:
    """Return work that writes labels, dead letters and what was set aside, in the order of the articles."""

    def work(connection: sqlite3.Connection) -> None:
        write_records(files.labels, labels(connection))
        write_records(files.dead_letters, dead_letters(connection, cap))
        write_records(files.set_aside, set_aside(connection))

    return work


def _left_out(labelled: set[Any], articles: ArticleReader) -> list[Any]:
    """Return the ids that no article has; without labels the articles are not read."""
    if labelled:
        for chunk in articles.chunks():
            labelled.difference_update(line.id for line in chunk.lines)
    return list(labelled)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        yield from read_records(path)
    except InputFileError as error:
        raise OutputFileError(f"{path} exists and holds no labels ({error}); give another -o.") from error


def _loss(path: Path, what: str, ids: list[object]) -> OutputFileError:
    shown = ", ".join(str(identifier) for identifier in ids[:SHOWN])
    return OutputFileError(
        f"{path} holds {what} ({len(ids)}: {shown}{', ...' if len(ids) > SHOWN else ''}); they would be lost.\n"
        f"  Give another -o: distillery data prepare takes several files of labels."
    )
