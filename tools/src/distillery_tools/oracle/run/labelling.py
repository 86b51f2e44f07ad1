"""One run of labelling, from a file of articles to files of labels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from distillery import DistilleryError
from distillery.toolkit import ArticleReader

from ..providers.contract import Provider
from ..replies import reply_schema
from ..store.attempts import Totals
from ..store.store import Store
from .batches import BatchLabeller
from .breaker import CircuitBreaker
from .intake import Intake
from .limits import Limits
from .outcomes import OutcomeRecorder
from .outputs import check_target, refuse_loss, write_outputs
from .progress import Progress, shown_progress
from .report import Report, make_report
from .single import Labeller
from .spec import BatchPolicy, LabelRun
from .spending import OUTPUT_TOKENS_PER_DIMENSION, Spending
from .stop import BUDGET, ENDPOINT, Stop, interruptible


async def label_articles(run: LabelRun, provider: Provider, redact: Callable[[str], str] = str) -> Report:
    """Label articles and return the report; stop on a signal, a reached budget or a fault of the endpoint.

    ``redact`` keeps keys out of everything that is written. Raises InputFileError or OutputFileError if a file cannot
    be read or written, DistilleryError if batches of an earlier run are still with the provider and this run does
    not collect them.
    """
    check_target(run.files, run.articles)
    reader = ArticleReader(run.articles)
    async with Store.open(run.files.store) as store:
        await store.run(refuse_loss(run.files.labels, reader, run.oracle))
        if run.retry_dead:
            await store.retry_dead_letters(run.oracle.fingerprint)
        before = await store.totals(run.oracle.fingerprint)
        stop = Stop(redact)
        # Batches need several passes over the articles, so no part of the file tells how far they are.
        total = None if run.batches else reader.total
        with shown_progress(total, quiet=run.quiet) as progress, interruptible(stop):
            session = Session(run, reader, provider, store, initial_spending(run, before), stop, progress, redact)
            await session.label()
        if session.is_complete or not run.files.labels.exists():
            await store.run(write_outputs(run.files, run.policy.max_attempts))
        return await session.report(before)


class Session:
    """The parts of one run, and how they are put together."""

    def __init__(
        self,
        run: LabelRun,
        reader: ArticleReader,
        provider: Provider,
        store: Store,
        spending: Spending,
        stop: Stop,
        progress: Progress,
        redact: Callable[[str], str],
    ) -> None:
        """Keep the parts; ``is_complete`` tells whether all articles were gone through."""
        self._run = run
        self._reader = reader
        self._provider = provider
        self._store = store
        self._spending = spending
        self._stop = stop
        self._progress = progress
        self._recorder = OutcomeRecorder(run.oracle, store, spending, redact)
        self._intake = self._new_intake()
        self.is_complete = False

    async def label(self) -> None:
        """Label what is to be labelled; then note the articles that are left, with what is known of them."""
        try:
            if self._run.batches:
                await self._label_in_batches(self._run.batches)
            else:
                await self._label_singly()
        except asyncio.CancelledError:
            self._take_back_cancellation()
        try:
            await self._intake.finish()
            self.is_complete = True
        except asyncio.CancelledError:
            self._take_back_cancellation()

    async def report(self, before: Totals) -> Report:
        """Return the run's figures; ``before`` is what was booked when it began."""
        n_dead = await self._store.count_dead_letters(self._run.policy.max_attempts)
        if self._progress.n_left:
            self._stop.set(
                ENDPOINT,
                f"The endpoint failed each time for {self._progress.n_left} article(s), the last time with:"
                f" {self._progress.last_fault}",
            )
        work = make_report(
            self._run,
            self._intake.counts,
            self._progress,
            self._spending,
            before,
            n_dead,
            self._stop.reason,
            self._recorder.adapted,
        )
        return await self._store.run(work)

    def _new_intake(self) -> Intake:
        run = self._run
        cap = run.policy.max_attempts
        return Intake(self._reader, run.prompt, run.oracle, self._store, cap, self._progress.passed_over)

    async def _label_singly(self) -> None:
        run = self._run
        if left := await self._store.open_batches(run.oracle.fingerprint):
            raise DistilleryError(
                f"{len(left)} batch(es) of an earlier run are with the provider; collect them with --batch."
            )
        limits = Limits(run.rates, self._stop)
        labeller = Labeller(
            provider=self._provider,
            oracle=run.oracle,
            schema=reply_schema(run.oracle.dimensions),
            store=self._store,
            limits=limits,
            spending=self._spending,
            stop=self._stop,
            policy=run.policy,
            progress=self._progress,
            breaker=CircuitBreaker(self._stop, limits, run.concurrency),
            recorder=self._recorder,
        )
        await labeller.label_all(self._intake.requests(), run.concurrency)

    async def _label_in_batches(self, policy: BatchPolicy) -> None:
        """Go over the articles until a whole pass has none left to ask about."""
        run = self._run
        client = self._provider.batches
        if client is None:
            raise DistilleryError(f"The provider {run.oracle.provider} takes no batches; leave --batch out.")
        labeller = BatchLabeller(
            client=client,
            oracle=run.oracle,
            schema=reply_schema(run.oracle.dimensions),
            store=self._store,
            spending=self._spending,
            stop=self._stop,
            policy=run.policy,
            batch_policy=policy,
            progress=self._progress,
            recorder=self._recorder,
        )
        await labeller.collect_earlier()
        while self._stop.reason is None:
            done = await labeller.run_round(self._intake.requests(), run.concurrency)
            if done.n_submitted == 0:
                if done.is_budget_full:
                    self._stop.set(BUDGET, self._spending.reached)
                return
            await self._start_over()

    async def _start_over(self) -> None:
        """Begin another pass over the articles."""
        await self._store.clear_listing()
        self._intake = self._new_intake()

    def _take_back_cancellation(self) -> None:
        """Go on after a cancellation by a signal, since what was labelled is still to be written; raise any other."""
        task = asyncio.current_task()
        if self._stop.reason is None or task is None:
            raise asyncio.CancelledError
        task.uncancel()


def initial_spending(run: LabelRun, before: Totals) -> Spending:
    """Return the spending so far, with the reply's length as it was or as a rough guess."""
    guess = OUTPUT_TOKENS_PER_DIMENSION * len(run.oracle.dimensions)
    expected = (before.output + before.thinking) / before.answered if before.answered else guess
    return Spending(run.prices, run.budget, before.cost, expected)
