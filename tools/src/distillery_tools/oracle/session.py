"""One run of labelling, from a file of articles to files of labels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from distillery.io import ArticleReader

from . import attempts
from .attempts import Totals
from .files import RunFiles
from .intake import Intake
from .interruption import interruptible
from .judge import Judge
from .labelling import Labeller, Policy
from .limits import Limits, Rates
from .listing import dead_letters
from .outputs import check_target, refuse_loss, write_outputs
from .prices import Prices
from .progress import Progress, shown_progress
from .prompt import Prompt
from .providers import Provider
from .replies import reply_schema
from .report import Report, report_of
from .runner import label_all
from .spending import OUTPUT_TOKENS_PER_DIMENSION, Spending
from .stop import Stop
from .store import Store


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be labelled, by whom, and within which bounds."""

    articles: Path
    files: RunFiles
    prompt: Prompt
    judge: Judge
    prices: Prices | None
    policy: Policy = field(default_factory=Policy)
    rates: Rates = field(default_factory=Rates)
    concurrency: int = 8
    budget: float | None = None
    retry_dead: bool = False
    quiet: bool = False


async def label_articles(order: Order, provider: Provider) -> Report:
    """Label articles and return the report; stop on a signal, a reached budget or a fault of every call.

    Raises InputFileError or OutputFileError if a file cannot be read or written.
    """
    check_target(order.files, order.articles)
    reader = ArticleReader(order.articles)
    async with opened(order.files.store) as store:
        await store.run(refuse_loss(order.files.labels, reader))
        if order.retry_dead:
            await store.run(attempts.forgive(order.judge.fingerprint))
        before = await store.run(attempts.totals(order.judge.fingerprint))
        spending = spending_of(order, before)
        stop = Stop()
        with shown_progress(reader.total, quiet=order.quiet) as progress, interruptible(stop):
            intake = Intake(reader, order.prompt, order.judge, store, order.policy.max_attempts, progress.passed_over)
            labeller = _labeller(order, provider, store, spending, stop, progress)
            try:
                await label_all(intake.questions(), labeller, order.concurrency, stop)
            except asyncio.CancelledError:
                if not _is_of_ours(stop):
                    raise
        return await _finish(order, store, intake, progress, spending, before, stop)


def _is_of_ours(stop: Stop) -> bool:
    """Take back a cancellation by a second signal: what was labelled is still to be written."""
    task = asyncio.current_task()
    if stop.reason is None or task is None:
        return False
    task.uncancel()
    return True


@asynccontextmanager
async def opened(path: Path | None) -> AsyncIterator[Store]:
    """Open a store and close it, come what may."""
    store = Store.open(path)
    try:
        yield store
    finally:
        await store.close()


def spending_of(order: Order, before: Totals) -> Spending:
    """Return the spending so far, with the reply's length as it was or as a rough guess."""
    guess = OUTPUT_TOKENS_PER_DIMENSION * len(order.judge.dimensions)
    expected = (before.output + before.thinking) / before.answered if before.answered else guess
    return Spending(order.prices, order.budget, before.cost, expected)


def _labeller(
    order: Order, provider: Provider, store: Store, spending: Spending, stop: Stop, progress: Progress
) -> Labeller:
    return Labeller(
        provider=provider,
        judge=order.judge,
        schema=reply_schema(order.judge.dimensions),
        store=store,
        limits=Limits(order.rates, stop),
        spending=spending,
        stop=stop,
        policy=order.policy,
        progress=progress,
    )


async def _finish(
    order: Order,
    store: Store,
    intake: Intake,
    progress: Progress,
    spending: Spending,
    before: Totals,
    stop: Stop,
) -> Report:
    """Write what there is, and return the report."""
    cap = order.policy.max_attempts
    await store.run(write_outputs(order.files, cap))
    n_dead = await store.run(lambda connection: sum(1 for _ in dead_letters(connection, cap)))
    work = report_of(order.judge, order.files, intake.counts, progress, spending, before, n_dead, stop.reason)
    return await store.run(work)
