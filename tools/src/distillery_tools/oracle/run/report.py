"""The run report: what was given, what came of it, and what it cost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from ..store import attempts
from ..store.attempts import Totals
from ..store.listing import count_labelled, kinds_of_failure
from .intake import Counts
from .progress import Progress
from .spec import LabelRun
from .spending import Spending
from .stop import StopReason

Report = dict[str, Any]


def make_report(
    run: LabelRun,
    counts: Counts,
    progress: Progress,
    spending: Spending,
    before: Totals,
    n_dead: int,
    stopped: StopReason | None,
    adapted: Sequence[str],
) -> Callable[[sqlite3.Connection], Report]:
    """Return work that gives the report; ``before`` is what the store had booked when the run began."""

    def work(connection: sqlite3.Connection) -> Report:
        now = attempts.totals(connection, run.oracle.fingerprint)
        n_labelled = count_labelled(connection)
        n_aside = sum(counts.set_aside.values())
        return {
            **run.oracle.provenance(),
            "articles": {
                "given": counts.given,
                "labelled": n_labelled,
                "labelled_now": progress.n_labelled,
                "set_aside": dict(counts.set_aside),
                "dead_letters": n_dead,
                "left": counts.given - n_labelled - n_aside - n_dead,
            },
            "calls": {
                "now": now.attempts - before.attempts,
                "all_runs": now.attempts,
                "failures": kinds_of_failure(connection),
            },
            "tokens": {name: getattr(now, name) for name in ("prompt", "cached", "output", "thinking")},
            "cost": _cost(spending, before, now),
            "seconds": round(progress.seconds, 3),
            "stopped": {"kind": stopped.kind, "message": stopped.message} if stopped else None,
            "adapted": list(adapted),
            "command": run.command,
            "files": {name: str(getattr(run.files, name)) for name in ("labels", "dead_letters", "set_aside", "store")},
        }

    return work


def _cost(spending: Spending, before: Totals, now: Totals) -> dict[str, float | None]:
    """Return the money, None throughout where no price is known."""
    per_label = now.cost / now.labelled if now.labelled else None
    figures = {"now": now.cost - before.cost, "all_runs": now.cost, "per_label": per_label}
    return {name: value if spending.has_prices else None for name, value in figures.items()} | {
        "budget": spending.budget
    }


def report_text(report: Report) -> str:
    """Return the report as a few lines."""
    articles, calls, tokens, cost = (report[name] for name in ("articles", "calls", "tokens", "cost"))
    aside = ", ".join(f"{number} {kind}" for kind, number in articles["set_aside"].items()) or "none"
    failures = ", ".join(f"{number} {kind}" for kind, number in calls["failures"].items()) or "none"
    lines = [
        f"{report['filter']} {report['filter_version']} by {report['provider']} {report['model']}",
        f"articles: {articles['given']} given, {articles['labelled']} labelled ({articles['labelled_now']} now)",
        f"          {articles['dead_letters']} dead letters, {articles['left']} left; set aside: {aside}",
        f"calls:    {calls['now']} now, {calls['all_runs']} in all runs; failed: {failures}",
        f"tokens:   {tokens['prompt']} in, {tokens['cached']} of them cached",
        f"          {tokens['output']} out, {tokens['thinking']} of thinking",
        f"cost:     {_money(cost['now'])} now, {_money(cost['all_runs'])} in all runs",
        f"          {_money(cost['per_label'])} a label",
        f"budget:   {'none' if cost['budget'] is None else _money(cost['budget'])}",
        f"time:     {report['seconds']:.1f} s",
        f"labels:   {report['files']['labels']}",
    ]
    if report["adapted"]:
        lines.append(f"requests: {', '.join(report['adapted'])}, since the endpoint refuses it")
    return "\n".join([*lines, *filter(None, [how_it_ended(report)])])


def how_it_ended(report: Report) -> str | None:
    """Return one line that says what stopped a run and which command goes on, or None if nothing is left to do."""
    stopped = report["stopped"]
    if not stopped and not report["articles"]["left"]:
        return None
    why = f"stopped: {stopped['message']}" if stopped else f"{report['articles']['left']} articles are left."
    return f"{why}  To go on, run the same command again: {report['command'] or 'distillery label ...'}"


def _money(value: float | None) -> str:
    return "unknown" if value is None else f"${value:.4f}"
