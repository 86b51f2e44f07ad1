"""Batches in the store: noted before they are handed over, so that none is handed over twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..run.intake import LabelRequest
from ..run.outcomes import BookedCall
from . import attempts

NOT_SUBMITTED = "not_submitted"


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch that is not over: our token, the provider's reference if it is known, and the calls in it.

    ``names`` are those of all its requests in their order, ``calls`` those of them that are not settled.
    """

    number: int
    token: str
    reference: str | None
    names: tuple[str, ...]
    calls: tuple[BookedCall, ...]


def note(
    oracle: str, token: str, questions: Sequence[LabelRequest], reserved: Sequence[float]
) -> Callable[[sqlite3.Connection], OpenBatch]:
    """Note a batch that is about to be handed over, and book its calls."""

    def work(connection: sqlite3.Connection) -> OpenBatch:
        cursor = connection.execute("INSERT INTO batches (oracle, token) VALUES (?, ?)", (oracle, token))
        number = int(cursor.lastrowid or 0)
        for question, amount in zip(questions, reserved, strict=True):
            booking = attempts.begin(oracle, question.key, question.text_sha256, question.tokens, amount, number)
            booking(connection)
        return OpenBatch(number, token, None, _names(connection, number), _calls(connection, number))

    return work


def refer(number: int, reference: str) -> Callable[[sqlite3.Connection], object]:
    """Note what the provider calls a batch."""
    return lambda connection: connection.execute(
        "UPDATE batches SET reference = ? WHERE number = ?", (reference, number)
    )


def end(number: int) -> Callable[[sqlite3.Connection], object]:
    """Note that all calls of a batch are settled."""
    return lambda connection: connection.execute("UPDATE batches SET ended = 1 WHERE number = ?", (number,))


def drop(number: int) -> Callable[[sqlite3.Connection], None]:
    """Note that a batch never reached the provider: its calls were not made and cost nothing."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE attempts SET outcome = ?, cost = 0, forgiven = 1 WHERE batch = ? AND outcome IS NULL",
            (NOT_SUBMITTED, number),
        )
        end(number)(connection)

    return work


def open_batches(oracle: str) -> Callable[[sqlite3.Connection], list[OpenBatch]]:
    """Return the batches that earlier runs left."""

    def work(connection: sqlite3.Connection) -> list[OpenBatch]:
        rows = connection.execute(
            "SELECT number, token, reference FROM batches WHERE oracle = ? AND NOT ended ORDER BY number", (oracle,)
        ).fetchall()
        return [
            OpenBatch(number, token, reference, _names(connection, number), _calls(connection, number))
            for number, token, reference in rows
        ]

    return work


def _names(connection: sqlite3.Connection, batch: int) -> tuple[str, ...]:
    rows = connection.execute("SELECT number FROM attempts WHERE batch = ? ORDER BY number", (batch,))
    return tuple(str(number) for (number,) in rows)


def _calls(connection: sqlite3.Connection, batch: int) -> tuple[BookedCall, ...]:
    """Return the calls of a batch that are not settled yet, in their order."""
    rows = connection.execute(
        "SELECT number, key, text_sha256, estimated_tokens, reserved, started FROM attempts"
        " WHERE batch = ? AND outcome IS NULL ORDER BY number",
        (batch,),
    )
    return tuple(BookedCall(*row) for row in rows)
