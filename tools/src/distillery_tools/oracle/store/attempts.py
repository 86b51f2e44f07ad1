"""Attempts in the store: booked before the call, settled when its outcome is known."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..providers import Usage

LABELLED = "labelled"
# After this no further attempt is made, however many are left.
FINAL = "rejected"
TRUNCATED = "truncated"
# No fault of the article, so that it counts against none of its attempts.
INNOCENT = {"hard_stop", "structured_output"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: its kind, why, the reply as it came, and what it used and cost."""

    kind: str
    seconds: float
    cost: float | None
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


def begin(
    oracle: str, key: str, text_sha256: str, estimated_tokens: int, reserved: float, batch: int | None = None
) -> Callable[[sqlite3.Connection], int]:
    """Book an attempt and return its number; what it costs is taken to be ``reserved`` until it is known."""

    def work(connection: sqlite3.Connection) -> int:
        cursor = connection.execute(
            "INSERT INTO attempts (oracle, key, text_sha256, batch, started, estimated_tokens, reserved)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (oracle, key, text_sha256, batch, time.time(), estimated_tokens, reserved),
        )
        return int(cursor.lastrowid or 0)

    return work


def settle(
    number: int, key: str, outcome: Outcome, label: Mapping[str, Any] | None = None
) -> Callable[[sqlite3.Connection], None]:
    """Note an attempt's outcome, and the label if there is one, in one transaction."""

    def work(connection: sqlite3.Connection) -> None:
        usage = outcome.usage
        tokens = (usage.prompt, usage.cached, usage.output, usage.thinking) if usage else (None,) * 4
        connection.execute(
            "UPDATE attempts SET outcome = ?, seconds = ?, cost = ?, reason = ?, reply = ?,"
            " prompt = ?, cached = ?, output = ?, thinking = ?, forgiven = ? WHERE number = ?",
            (
                outcome.kind,
                outcome.seconds,
                outcome.cost,
                _stored(outcome.reason),
                _stored(outcome.reply),
                *tokens,
                outcome.kind in INNOCENT,
                number,
            ),
        )
        if label is not None:
            connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, json.dumps(label)))

    return work


def totals(oracle: str) -> Callable[[sqlite3.Connection], Totals]:
    """Return what an oracle's calls came to so far."""

    def work(connection: sqlite3.Connection) -> Totals:
        row: Sequence[Any] = connection.execute(
            "SELECT count(*), coalesce(sum(coalesce(cost, reserved)), 0), coalesce(sum(prompt), 0),"
            " coalesce(sum(cached), 0), coalesce(sum(output), 0), coalesce(sum(thinking), 0),"
            " coalesce(sum(estimated_tokens) FILTER (WHERE prompt > 0), 0), count(*) FILTER (WHERE prompt > 0),"
            " count(*) FILTER (WHERE outcome = 'labelled')"
            " FROM attempts WHERE oracle = ?",
            (oracle,),
        ).fetchone()
        return Totals(*row)

    return work


def forgive(oracle: str) -> Callable[[sqlite3.Connection], None]:
    """Give every article of an oracle all its attempts again; what they cost stays booked."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE attempts SET forgiven = 1 WHERE oracle = ? AND outcome IS NOT NULL", (oracle,))

    return work


def _stored(text: str | None) -> str | None:
    """Replace the lone surrogates that a reply may hold and UTF-8 does not."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")
