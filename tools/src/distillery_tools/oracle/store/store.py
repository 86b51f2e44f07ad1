"""The store: every answer that was paid for, and every call that was made, on disk before it counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from distillery import InputFileError, OutputFileError

from .group_commit import GroupCommit

T = TypeVar("T")

VERSION = 1

_SCHEMA = """
CREATE TABLE answers (
    key TEXT PRIMARY KEY,
    label TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE attempts (
    number INTEGER PRIMARY KEY,
    oracle TEXT NOT NULL,
    key TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    batch INTEGER REFERENCES batches (number),
    started REAL NOT NULL,
    estimated_tokens INTEGER NOT NULL,
    reserved REAL NOT NULL,
    outcome TEXT,
    reason TEXT,
    reply TEXT,
    seconds REAL,
    prompt INTEGER,
    cached INTEGER,
    output INTEGER,
    thinking INTEGER,
    cost REAL,
    forgiven INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX attempts_by_key ON attempts (key);
CREATE INDEX attempts_by_judge ON attempts (oracle, outcome);

CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    oracle TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    reference TEXT,
    ended INTEGER NOT NULL DEFAULT 0
);
"""

# What this run was given: which articles, in which order, and why some are not asked about.
_LISTING = """
CREATE TEMP TABLE listed (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    key TEXT,
    kind TEXT,
    reason TEXT
);
CREATE INDEX temp.listed_by_key ON listed (key);
"""


class Store:
    """One sqlite file, used by one run at a time; other modules say what is done with its connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over a connection with the tables in it."""
        self._connection = connection
        self._group = GroupCommit(connection)

    @classmethod
    def open(cls, path: Path | None) -> Self:
        """Open or create the file; None keeps everything in memory.

        Raises OutputFileError if another run has it or it cannot be written, InputFileError if it is no store.
        """
        try:
            connection = _opened(path)
        except sqlite3.OperationalError as error:
            raise OutputFileError(f"The store {path} cannot be used: {error}.  Does another run have it?") from error
        except sqlite3.DatabaseError as error:
            raise InputFileError(f"{path} is no store of labels: {error}.  Give another --store.") from error
        return cls(connection)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what the work returns, once all that it wrote is on disk."""
        try:
            return await self._group.run(work)
        except sqlite3.OperationalError as error:
            raise OutputFileError(f"The store cannot be written: {error}.") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Finish what was handed over and close the file."""
        await self._group.close()
        self._connection.close()


def _opened(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=1.0)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path | None) -> None:
    """Lock the file, and make the tables that it lacks; a call that was cut short is booked as estimated."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN EXCLUSIVE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in {0, VERSION}:
        raise InputFileError(f"{path} was written by another version of distillery-tools; give another --store.")
    connection.execute("COMMIT")
    if version == 0:
        connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    connection.execute(
        "UPDATE attempts SET outcome = 'crashed', cost = reserved WHERE outcome IS NULL AND batch IS NULL"
    )
    connection.executescript(_LISTING)
