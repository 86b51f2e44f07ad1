"""The articles of this run beside what the store knows of them: each one's status, and what came of all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ...data.labels import Id
from .attempts import FINAL, TRUNCATED, utc

Record = dict[str, Any]

# How many of an article's attempts count, whether one of them was final, and how many were cut short.
_COUNTED = f"""
SELECT count(*), count(*) FILTER (WHERE outcome = '{FINAL}'), count(*) FILTER (WHERE outcome = '{TRUNCATED}')
FROM attempts WHERE key = ? AND counts
"""  # noqa: S608  constants of ours

# The last reason is that of an attempt that counts: what the endpoint did since made no dead letter.
_DEAD = f"""
SELECT listed.id, last.outcome, last.reason, last.started,
       (SELECT reply FROM attempts WHERE key = listed.key AND reply NOT NULL ORDER BY number DESC LIMIT 1),
       count(*) AS n, count(*) FILTER (WHERE attempts.outcome = '{FINAL}') AS n_final
FROM listed
JOIN attempts ON attempts.key = listed.key AND attempts.counts
JOIN attempts AS last ON last.number = (SELECT max(number) FROM attempts WHERE key = listed.key AND counts)
WHERE listed.key NOT IN (SELECT key FROM answers)
GROUP BY listed.position HAVING n >= ? OR n_final ORDER BY listed.position
"""  # noqa: S608  constants of ours


class Entry(NamedTuple):
    """One article of the input: the key of its answer, or the kind and reason of its being set aside."""

    position: int
    id: Id | None
    key: str | None = None
    kind: str | None = None
    reason: str | None = None


class ArticleStatus(NamedTuple):
    """What the store knows of an article: only one that is new, not answered and not dead is asked about."""

    is_repeated: bool
    is_answered: bool
    is_dead: bool
    n_attempts: int
    n_truncated: int


def enlist(connection: sqlite3.Connection, entries: Sequence[Entry], cap: int) -> list[ArticleStatus | None]:
    """Note articles as given and return their status, None for those set aside."""
    return [_enlist(connection, entry, cap) for entry in entries]


def _enlist(connection: sqlite3.Connection, entry: Entry, cap: int) -> ArticleStatus | None:
    status = _status(connection, entry.key, cap) if entry.key else None
    connection.execute(
        "INSERT INTO listed VALUES (?, ?, ?, ?, ?)",
        (entry.position, json.dumps(entry.id), entry.key, entry.kind, entry.reason),
    )
    return status


def _status(connection: sqlite3.Connection, key: str, cap: int) -> ArticleStatus:
    repeated = connection.execute("SELECT 1 FROM listed WHERE key = ?", (key,)).fetchone() is not None
    answered = is_answered(connection, key)
    counted, final, truncated = connection.execute(_COUNTED, (key,)).fetchone()
    return ArticleStatus(repeated, answered, counted >= cap or final > 0, counted, truncated)


def is_answered(connection: sqlite3.Connection, key: Any) -> bool:
    """Tell whether an answer is stored under a key."""
    return connection.execute("SELECT 1 FROM answers WHERE key = ?", (key,)).fetchone() is not None


def clear(connection: sqlite3.Connection) -> None:
    """Forget what was given, before another pass over the articles."""
    connection.execute("DELETE FROM listed")


def count_labelled(connection: sqlite3.Connection) -> int:
    """Return how many of the articles given have an answer."""
    (number,) = connection.execute(
        "SELECT count(*) FILTER (WHERE kind IS NULL AND key IN (SELECT key FROM answers)) FROM listed"
    ).fetchone()
    return int(number)


def labels(connection: sqlite3.Connection) -> Iterator[Record]:
    """Yield the label records of the articles given, in their order."""
    rows = connection.execute("SELECT id, label FROM listed JOIN answers USING (key) ORDER BY position")
    for identifier, label in rows:
        yield {"id": json.loads(identifier), **json.loads(label)}


def set_aside(connection: sqlite3.Connection) -> Iterator[Record]:
    """Yield the articles that were not asked about, with the reason."""
    rows = connection.execute("SELECT position, id, kind, reason FROM listed WHERE kind IS NOT NULL ORDER BY position")
    for position, identifier, kind, reason in rows:
        yield {"id": json.loads(identifier), "line": position, "kind": kind, "reason": reason}


def dead_letters(connection: sqlite3.Connection, cap: int) -> Iterator[Record]:
    """Yield the articles that no further attempt is made for, with the last reason and reply."""
    for identifier, kind, reason, started, reply, attempts, _ in connection.execute(_DEAD, (cap,)):
        yield {
            "id": json.loads(identifier),
            "kind": kind,
            "reason": reason,
            "attempts": attempts,
            "last_reply": reply,
            "time": utc(started),
        }


def kinds_of_failure(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many calls for the articles given failed, by kind."""
    rows = connection.execute(
        "SELECT outcome, count(*) FROM attempts WHERE outcome NOT NULL AND outcome != 'labelled'"
        " AND key IN (SELECT key FROM listed) GROUP BY outcome ORDER BY outcome"
    )
    return {str(kind): int(number) for kind, number in rows}
