"""One run of labelling, from a file of articles to files of labels."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from distillery import DistilleryError
from distillery.io import ArticleReader

from ..prompt.prompt import Prompt
from ..providers import Provider
from ..replies import reply_schema
from ..store import attempts
from ..store.attempts import Totals
from ..store.batches import open_batches
from ..store.listing import clear, dead_letters
from ..store.store import Store
from .batches import BatchLabeller, BatchPolicy
from .breaker import FAILURES_IN_A_ROW, CircuitBreaker
from .files import RunFiles
from .intake import Intake
from .interruption import interruptible
from .limits import Limits, Rates
from .outputs import check_target, refuse_loss, write_outputs
from .prices import Prices
from .progress import Progress, shown_progress
from .report import Report, report_of
from .runner import label_all
from .single import Labeller, Policy
from .spec import OracleSpec
from .spending import OUTPUT_TOKENS_PER_DIMENSION, Spending
from .stop import Stop

# How often all calls in flight may fail, where there are many: one burst beyond a rate limit is no fault to stop for.
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class LabelRun:
    """What is to be labelled, by whom, and within which bounds."""

    articles: Path
    files: RunFiles
    prompt: Prompt
    oracle: OracleSpec
    prices: Prices | None
    policy: Policy = field(default_factory=Policy)
    rates: Rates = field(default_factory=Rates)
    batches: BatchPolicy | None = None
    concurrency: int = 8
    budget: float | None = None
    retry_dead: bool = False
    quiet: bool = False


async def label_articles(order: LabelRun, provider: Provider) -> Report:
    """Label articles and return the report; stop on a signal, a reached budget or a fault of every call.

    Raises InputFileError or OutputFileError if a file cannot be read or written, DistilleryError if batches of
    an earlier run are still with the provider and this run is not to collect them.
    """
    check_target(order.files, order.articles)
    reader = ArticleReader(order.articles)
    async with Store.open(order.files.store) as store:
        await store.run(refuse_loss(order.files.labels, reader, order.oracle))
        if order.retry_dead:
            await store.run(attempts.forgive(order.oracle.fingerprint))
        before = await store.run(attempts.totals(order.oracle.fingerprint))
        stop = Stop()
        # Batches are gone through more than once, so that no part of the file tells how far they are.
        total = None if order.batches else reader.total
        with shown_progress(total, quiet=order.quiet) as progress, interruptible(stop):
            session = Session(order, reader, provider, store, spending_of(order, before), stop, progress)
            await session.label()
        await store.run(write_outputs(order.files, order.policy.max_attempts))
        return await session.report(before)


class Session:
    """The parts of one run, and how they are put together."""

    def __init__(
        self,
        order: LabelRun,
        reader: ArticleReader,
        provider: Provider,
        store: Store,
        spending: Spending,
        stop: Stop,
        progress: Progress,
    ) -> None:
        """Keep the parts."""
        self._order = order
        self._reader = reader
        self._provider = provider
        self._store = store
        self._spending = spending
        self._stop = stop
        self._progress = progress
        self._intake = self._new_intake()

    async def label(self) -> None:
        """Label what is to be labelled; however that ends, all articles are noted with what is known of them."""
        try:
            if self._order.batches:
                await self._label_in_batches(self._order.batches)
            else:
                await self._label_singly()
        except asyncio.CancelledError:
            if not self._is_stopped_twice():
                raise
        await self._intake.finish()

    async def report(self, before: Totals) -> Report:
        """Return the run's figures; ``before`` is what was booked when it began."""
        cap = self._order.policy.max_attempts
        n_dead = await self._store.run(lambda connection: sum(1 for _ in dead_letters(connection, cap)))
        work = report_of(
            self._order.oracle,
            self._order.files,
            self._intake.counts,
            self._progress,
            self._spending,
            before,
            n_dead,
            self._stop.reason,
        )
        return await self._store.run(work)

    def _new_intake(self) -> Intake:
        order = self._order
        cap = order.policy.max_attempts
        return Intake(self._reader, order.prompt, order.oracle, self._store, cap, self._progress.passed_over)

    async def _label_singly(self) -> None:
        oracle = self._order.oracle.fingerprint
        if left := await self._store.run(open_batches(oracle)):
            raise DistilleryError(
                f"{len(left)} batch(es) of an earlier run are with the provider; collect them with --batch."
            )
        labeller = Labeller(
            provider=self._provider,
            oracle=self._order.oracle,
            schema=reply_schema(self._order.oracle.dimensions),
            store=self._store,
            limits=Limits(self._order.rates, self._stop),
            spending=self._spending,
            stop=self._stop,
            policy=self._order.policy,
            progress=self._progress,
            breaker=CircuitBreaker(self._stop, max(FAILURES_IN_A_ROW, ROUNDS * self._order.concurrency)),
        )
        await label_all(self._intake.questions(), labeller, self._order.concurrency, self._stop)

    async def _label_in_batches(self, policy: BatchPolicy) -> None:
        """Go over the articles until a whole pass has none left to ask about."""
        client = self._provider.batches
        if client is None:
            raise DistilleryError(f"The provider {self._order.oracle.provider} takes no batches; leave --batch out.")
        labeller = BatchLabeller(
            client=client,
            oracle=self._order.oracle,
            schema=reply_schema(self._order.oracle.dimensions),
            store=self._store,
            spending=self._spending,
            stop=self._stop,
            policy=self._order.policy,
            batch_policy=policy,
            progress=self._progress,
        )
        await labeller.collect_earlier()
        while self._stop.reason is None:
            done = await labeller.run_round(self._intake.questions(), self._order.concurrency)
            if done.n_submitted == 0:
                if done.is_budget_full:
                    self._stop.set("budget", self._spending.reached)
                return
            await self._start_over()

    async def _start_over(self) -> None:
        """Begin another pass over the articles."""
        await self._store.run(clear)
        self._intake = self._new_intake()

    def _is_stopped_twice(self) -> bool:
        """Take back a cancellation by a second signal: what was labelled is still to be written."""
        task = asyncio.current_task()
        if self._stop.reason is None or task is None:
            return False
        task.uncancel()
        return True


def spending_of(order: LabelRun, before: Totals) -> Spending:
    """Return the spending so far, with the reply's length as it was or as a rough guess."""
    guess = OUTPUT_TOKENS_PER_DIMENSION * len(order.oracle.dimensions)
    expected = (before.output + before.thinking) / before.answered if before.answered else guess
    return Spending(order.prices, order.budget, before.cost, expected)
