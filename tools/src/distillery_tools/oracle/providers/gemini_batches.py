"""Gemini's batches: requests and replies stand in the calls themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..failures import CallError, RejectedError, UnavailableError
from .contract import BatchState, Completion, ProviderSettings, Request
from .gemini_failures import translate_errors
from .gemini_wire import completion_of, request_config

if TYPE_CHECKING:
    from google import genai
    from google.genai.types import InlinedResponse

NAME = "name"
# google.rpc.Code: what is the request's own fault, and will be again.
_REJECTED_CODES = {3, 9, 11}


Result = Completion | CallError


class GeminiBatches:
    """Batches of generateContent, at half the price within a day."""

    def __init__(self, client: genai.Client, settings: ProviderSettings) -> None:
        """Share the client of the single calls."""
        self._client = client
        self._settings = settings

    async def submit(self, token: str, requests: Mapping[str, Request]) -> str:
        """Hand over the requests; the token is the batch's display name."""
        source: Any = [
            {
                "contents": request.text,
                "metadata": {NAME: name},
                "config": request_config(request, self._settings),
            }
            for name, request in requests.items()
        ]
        with translate_errors():
            job = await self._client.aio.batches.create(
                model=self._settings.model, src=source, config={"display_name": token}
            )
        return str(job.name)

    async def find(self, token: str) -> str | None:
        """Look through the account's batches."""
        with translate_errors():
            async for job in await self._client.aio.batches.list(config={"page_size": 100}):
                if job.display_name == token:
                    return job.name
        return None

    async def poll(self, reference: str, names: Sequence[str]) -> BatchState:
        """Return the state, and once the batch is over its replies; they stand in the order of the requests."""
        with translate_errors():
            job = await self._client.aio.batches.get(name=reference)
        if not job.done:
            return BatchState(is_over=False)
        answers = (job.dest.inlined_responses if job.dest else None) or []
        results = dict(self._named(answers, names))
        state = job.state.name if job.state else "of an unknown state"
        return BatchState(is_over=True, results=results, fault=None if answers else f"the batch is {state}")

    def _named(self, answers: Sequence[InlinedResponse], names: Sequence[str]) -> Iterator[tuple[str, Result]]:
        """Yield each answer with its request's name, from its metadata or its place."""
        for answer, name in zip(answers, names, strict=False):
            yield (answer.metadata or {}).get(NAME) or name, self._result(answer)

    def _result(self, answer: InlinedResponse) -> Result:
        if answer.response is not None:
            return completion_of(answer.response, self._settings.model)
        error = answer.error
        message = str(error.message) if error else "the batch brought no answer"
        return RejectedError(message) if error and error.code in _REJECTED_CODES else UnavailableError(message)
