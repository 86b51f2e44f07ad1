"""The runner: so many workers share one stream of questions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any

from .intake import LabelRequest
from .single import Labeller
from .stop import Stop


async def label_all(questions: AsyncIterator[LabelRequest], labeller: Labeller, concurrency: int, stop: Stop) -> None:
    """Label questions, so many at a time, until there are none or the run is stopped.

    Each worker fetches its next question itself, so that no more of them are in memory than are being asked.
    """
    turn = asyncio.Lock()

    async def work() -> None:
        while stop.reason is None:
            async with turn:
                question = await anext(questions, None)
            if question is None:
                return
            await labeller.label(question)

    await in_parallel(work for _ in range(concurrency))


async def in_parallel(works: Iterable[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Do all of some work at the same time; the first error ends the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work())
    except ExceptionGroup as several:
        raise several.exceptions[0] from several
