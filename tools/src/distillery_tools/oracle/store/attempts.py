"""Attempts: a call is booked before it is made, and its outcome is noted when it is known."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..providers.contract import Usage

LABELLED = "labelled"
# After this no further attempt is made, however many are left.
FINAL = "rejected"
TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """A prompt with an article in it that no answer is stored for; ``size`` is in the unit of the reader's total."""

    key: str
    text: str
    text_sha256: str
    tokens: int
    n_attempts: int
    n_truncated: int
    size: int


@dataclass(frozen=True, slots=True)
class BookedCall:
    """A call that is booked: its attempt's number, what it asks about, and the money reserved for it."""

    number: int
    key: str
    text_sha256: str
    estimated_tokens: int
    reserved: float
    started: float

    @property
    def seconds(self) -> float:
        """How long it has taken until now."""
        return round(time.time() - self.started, 3)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: its kind, why, the reply as it came, what it used and cost, whether it is an attempt."""

    kind: str
    seconds: float
    cost: float | None
    counts: bool
    usage: Usage | None = None
    reason: str | None = None
    reply: str | None = None


class Totals(NamedTuple):
    """Sums over an oracle's attempts, of all runs; ``estimated`` is for the prompts whose usage is known."""

    attempts: int
    cost: float
    prompt: int
    cached: int
    output: int
    thinking: int
    estimated: int
    answered: int
    labelled: int


def book(
    connection: sqlite3.Connection, oracle: str, request: LabelRequest, reserved: float, batch: int | None = None
) -> BookedCall:
    """Book a call; it counts at what is ``reserved`` until its cost is known."""
    started = time.time()
    cursor = connection.execute(
        "INSERT INTO attempts (oracle, key, text_sha256, batch, started, estimated_tokens, reserved)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (oracle, request.key, request.text_sha256, batch, started, request.tokens, reserved),
    )
    number = int(cursor.lastrowid or 0)
    return BookedCall(number, request.key, request.text_sha256, request.tokens, reserved, started)


def settle(
    connection: sqlite3.Connection, call: BookedCall, outcome: Outcome, label: Mapping[str, Any] | None = None
) -> None:
    """Note a call's outcome, and the label if there is one."""
    usage = outcome.usage
    tokens = (usage.prompt, usage.cached, usage.output, usage.thinking) if usage else (None,) * 4
    connection.execute(
        "UPDATE attempts SET outcome = ?, seconds = ?, cost = ?, reason = ?, reply = ?,"
        " prompt = ?, cached = ?, output = ?, thinking = ?, counts = ? WHERE number = ?",
        (
            outcome.kind,
            outcome.seconds,
            outcome.cost,
            _storable(outcome.reason),
            _storable(outcome.reply),
            *tokens,
            outcome.counts,
            call.number,
        ),
    )
    if label is not None:
        connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (call.key, json.dumps(label)))


def totals(connection: sqlite3.Connection, oracle: str) -> Totals:
    """Return what an oracle's calls came to so far."""
    row: Sequence[Any] = connection.execute(
        "SELECT count(*), coalesce(sum(coalesce(cost, reserved)), 0), coalesce(sum(prompt), 0),"
        " coalesce(sum(cached), 0), coalesce(sum(output), 0), coalesce(sum(thinking), 0),"
        " coalesce(sum(estimated_tokens) FILTER (WHERE prompt > 0), 0), count(*) FILTER (WHERE prompt > 0),"
        " count(*) FILTER (WHERE outcome = 'labelled')"
        " FROM attempts WHERE oracle = ?",
        (oracle,),
    ).fetchone()
    return Totals(*row)


def retry_dead_letters(connection: sqlite3.Connection, oracle: str) -> None:
    """Give every article all its attempts again; what they cost stays booked."""
    connection.execute("UPDATE attempts SET counts = 0 WHERE oracle = ? AND outcome IS NOT NULL", (oracle,))


def settle_crashed(connection: sqlite3.Connection) -> None:
    """Book calls that a crash cut short at their estimate, since they may have been billed; they do not count."""
    connection.execute(
        "UPDATE attempts SET outcome = 'crashed', cost = reserved, counts = 0 WHERE outcome IS NULL AND batch IS NULL"
    )


def utc(seconds: float) -> str:
    """Return a time since the epoch as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _storable(text: str | None) -> str | None:
    """Replace the lone surrogates that a reply may hold and UTF-8 does not."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")
