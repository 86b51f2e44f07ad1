"""Batches: noted before they are submitted, so that none is submitted twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from .attempts import BookedCall, LabelRequest, book

NOT_SUBMITTED = "not_submitted"


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch that is not over: our token, the provider's reference if it is known, and the calls in it.

    ``names`` are those of all its requests in their order, ``calls`` those of them that have no outcome yet.
    """

    number: int
    token: str
    reference: str | None
    names: tuple[str, ...]
    calls: tuple[BookedCall, ...]


def note(
    connection: sqlite3.Connection,
    oracle: str,
    token: str,
    requests: Sequence[LabelRequest],
    reserved: Sequence[float],
) -> OpenBatch:
    """Note a batch that is about to be submitted, and book its calls."""
    cursor = connection.execute("INSERT INTO batches (oracle, token) VALUES (?, ?)", (oracle, token))
    number = int(cursor.lastrowid or 0)
    for request, amount in zip(requests, reserved, strict=True):
        book(connection, oracle, request, amount, number)
    return OpenBatch(number, token, None, _names(connection, number), _open_calls(connection, number))


def refer(connection: sqlite3.Connection, number: int, reference: str) -> None:
    """Note what the provider calls a batch."""
    connection.execute("UPDATE batches SET reference = ? WHERE number = ?", (reference, number))


def end(connection: sqlite3.Connection, number: int) -> None:
    """Note that all calls of a batch have their outcome."""
    connection.execute("UPDATE batches SET ended = 1 WHERE number = ?", (number,))


def unreserve(connection: sqlite3.Connection, number: int) -> None:
    """Reserve no money for the calls of a batch that have no outcome yet."""
    connection.execute("UPDATE attempts SET reserved = 0 WHERE batch = ? AND outcome IS NULL", (number,))


def drop(connection: sqlite3.Connection, number: int) -> None:
    """Note that a batch never reached the provider: its calls were not made and cost nothing."""
    connection.execute(
        "UPDATE attempts SET outcome = ?, cost = 0, counts = 0 WHERE batch = ? AND outcome IS NULL",
        (NOT_SUBMITTED, number),
    )
    end(connection, number)


def open_batches(connection: sqlite3.Connection, oracle: str) -> list[OpenBatch]:
    """Return the batches that earlier runs left."""
    rows = connection.execute(
        "SELECT number, token, reference FROM batches WHERE oracle = ? AND NOT ended ORDER BY number", (oracle,)
    ).fetchall()
    return [
        OpenBatch(number, token, reference, _names(connection, number), _open_calls(connection, number))
        for number, token, reference in rows
    ]


def _names(connection: sqlite3.Connection, batch: int) -> tuple[str, ...]:
    rows = connection.execute("SELECT number FROM attempts WHERE batch = ? ORDER BY number", (batch,))
    return tuple(str(number) for (number,) in rows)


def _open_calls(connection: sqlite3.Connection, batch: int) -> tuple[BookedCall, ...]:
    """Return the calls of a batch that have no outcome yet, in their order."""
    rows = connection.execute(
        "SELECT number, key, text_sha256, estimated_tokens, reserved, started FROM attempts"
        " WHERE batch = ? AND outcome IS NULL ORDER BY number",
        (batch,),
    )
    return tuple(BookedCall(*row) for row in rows)
