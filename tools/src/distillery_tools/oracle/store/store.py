"""Store: what a run keeps, each method one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from distillery import InputFileError, OutputFileError

from . import attempts, batches, listing
from .attempts import BookedCall, LabelRequest, Outcome, Totals
from .batches import OpenBatch
from .group_commit import GroupCommit
from .listing import ArticleStatus, Entry

T = TypeVar("T")

VERSION = 2

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
    counts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX attempts_by_key ON attempts (key);
CREATE INDEX attempts_by_oracle ON attempts (oracle, outcome);

CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    oracle TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    reference TEXT,
    ended INTEGER NOT NULL DEFAULT 0
);
"""

# The articles of this run, in their order, and why some are not asked about.
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
    """One SQLite file, used by one run at a time; what each method writes is on disk when it returns.

    Each method raises OutputFileError if the file cannot be written.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over a connection with the tables in it."""
        self._connection = connection
        self._group = GroupCommit(connection)

    @classmethod
    def open(cls, path: Path | None) -> Self:
        """Open or create the file; None keeps everything in memory.

        Raises OutputFileError if another run has it or it cannot be written, InputFileError if it is not a store.
        """
        try:
            connection = _opened(path)
        except (sqlite3.OperationalError, OSError) as error:
            raise OutputFileError(
                f"The store {path} cannot be used: {error}.  Is another run using it, or is the folder not writable?"
            ) from error
        except sqlite3.DatabaseError as error:
            raise InputFileError(f"{path} is not a store of labels: {error}.  Give another --store.") from error
        return cls(connection)

    async def book(self, oracle: str, request: LabelRequest, reserved: float) -> BookedCall:
        """Book a call before it is made."""
        return await self.run(partial(attempts.book, oracle=oracle, request=request, reserved=reserved))

    async def settle(self, call: BookedCall, outcome: Outcome, label: Mapping[str, Any] | None = None) -> None:
        """Note a call's outcome, and the label if there is one."""
        await self.run(partial(attempts.settle, call=call, outcome=outcome, label=label))

    async def totals(self, oracle: str) -> Totals:
        """Return what an oracle's calls came to so far."""
        return await self.run(partial(attempts.totals, oracle=oracle))

    async def retry_dead_letters(self, oracle: str) -> None:
        """Give every article of an oracle all its attempts again."""
        await self.run(partial(attempts.retry_dead_letters, oracle=oracle))

    async def note_batch(
        self, oracle: str, token: str, requests: Sequence[LabelRequest], reserved: Sequence[float]
    ) -> OpenBatch:
        """Note a batch before it is submitted, and book its calls."""
        return await self.run(partial(batches.note, oracle=oracle, token=token, requests=requests, reserved=reserved))

    async def refer_batch(self, number: int, reference: str) -> None:
        """Note what the provider calls a batch."""
        await self.run(partial(batches.refer, number=number, reference=reference))

    async def end_batch(self, number: int) -> None:
        """Note that all calls of a batch have their outcome."""
        await self.run(partial(batches.end, number=number))

    async def unreserve_batch(self, number: int) -> None:
        """Reserve no money for the open calls of a batch."""
        await self.run(partial(batches.unreserve, number=number))

    async def drop_batch(self, number: int) -> None:
        """Note that a batch never reached the provider."""
        await self.run(partial(batches.drop, number=number))

    async def open_batches(self, oracle: str) -> list[OpenBatch]:
        """Return the batches that earlier runs left."""
        return await self.run(partial(batches.open_batches, oracle=oracle))

    async def enlist(self, entries: Sequence[Entry], cap: int) -> list[ArticleStatus | None]:
        """Note articles as given and return their status, None for those set aside."""
        return await self.run(partial(listing.enlist, entries=entries, cap=cap))

    async def clear_listing(self) -> None:
        """Forget what was given, before another pass over the articles."""
        await self.run(listing.clear)

    async def count_dead_letters(self, cap: int) -> int:
        """Return for how many of the articles given no further attempt is made."""
        return await self.run(lambda connection: sum(1 for _ in listing.dead_letters(connection, cap)))

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what some work on the connection returns, once all that it wrote is on disk."""
        try:
            return await self._group.run(work)
        except sqlite3.DatabaseError as error:
            raise OutputFileError(f"The store cannot be written: {error}.") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Finish what was submitted and close the file."""
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
    """Lock the file, make the tables that it lacks, and book the calls that a crash cut short."""
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
    attempts.settle_crashed(connection)
    connection.executescript(_LISTING)
