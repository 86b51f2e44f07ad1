"""The runner: so many workers share one stream of questions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from .intake import Question
from .labelling import Labeller
from .stop import Stop


async def label_all(questions: AsyncIterator[Question], labeller: Labeller, concurrency: int, stop: Stop) -> None:
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

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())
