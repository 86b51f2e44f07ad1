"""The dry run: what a run would send, how often, and for how much money; nothing is sent.

Nothing is written, except in a store that exists: calls that a crash cut short are booked.
"""

from __future__ import annotations

from typing import Any

from distillery.toolkit import ArticleReader

from ..providers.contract import Usage
from ..store.store import Store
from .intake import Intake
from .labelling import initial_spending
from .spec import LabelRun


async def plan(run: LabelRun) -> dict[str, Any]:
    """Return the first prompt as it would be sent, the number of calls, their tokens and their price.

    Junk, stored answers and dead letters are not counted. Tokens are estimates, scaled by what the same oracle's calls
    have taken where the store knows some.
    """
    reader = ArticleReader(run.articles)
    async with Store.open(run.files.store if run.files.store.exists() else None) as store:
        before = await store.totals(run.oracle.fingerprint)
        intake = Intake(reader, run.prompt, run.oracle, store, run.policy.max_attempts, passed_over=lambda _: None)
        first: str | None = None
        n_calls, n_tokens = 0, 0
        async for request in intake.requests():
            first = request.text if first is None else first
            n_calls += 1
            n_tokens += request.tokens
    spending = initial_spending(run, before)
    scale = before.prompt / before.estimated if before.estimated else 1.0
    tokens = {"prompt": round(n_tokens * scale), "output": round(spending.expected_output * n_calls)}
    return {
        **run.oracle.provenance(),
        "prompt": first,
        "given": intake.counts.given,
        "answered": intake.counts.answered,
        "repeated": intake.counts.repeated,
        "dead_letters": intake.counts.dead,
        "set_aside": dict(intake.counts.set_aside),
        "calls": n_calls,
        "tokens": tokens,
        "cost": spending.cost(Usage(prompt=tokens["prompt"], output=tokens["output"])),
        "spent": before.cost if spending.has_prices else None,
        "budget": run.budget,
    }


def plan_text(planned: dict[str, Any]) -> str:
    """Return the plan for people."""
    aside = ", ".join(f"{number} {kind}" for kind, number in planned["set_aside"].items()) or "none"
    cost = "unknown; give --price-in and --price-out" if planned["cost"] is None else f"${planned['cost']:.4f}"
    articles = (
        f"articles: {planned['given']} given, {planned['answered']} answered before, "
        f"{planned['repeated']} repeated, {planned['dead_letters']} dead letters; set aside: {aside}"
    )
    return "\n".join(
        [
            planned["prompt"] or "No article needs a call.",
            "-" * 72,
            f"{planned['filter']} {planned['filter_version']} by {planned['provider']} {planned['model']}",
            articles,
            f"calls: {planned['calls']}",
            f"tokens: about {planned['tokens']['prompt']} in, {planned['tokens']['output']} out",
            f"cost: about {cost}",
        ]
    )
