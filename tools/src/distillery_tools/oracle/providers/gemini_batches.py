"""Gemini's batches: requests and replies are in the calls themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..errors import CallError, UnavailableError
from .contract import BatchState, Completion, ProviderSettings, Request
from .failures import failure_of
from .form import Form, RequestForm
from .gemini_client import GeminiReader, translate_errors
from .gemini_wire import completion_of, request_config
from .refusal import read_refusal

if TYPE_CHECKING:
    from google import genai

NAME = "name"
_OVER = ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED")
# google.rpc.Code as the HTTP statuses that Google documents for it.
_STATUSES = {
    1: HTTPStatus.SERVICE_UNAVAILABLE,  # cancelled
    2: HTTPStatus.INTERNAL_SERVER_ERROR,
    3: HTTPStatus.BAD_REQUEST,
    4: HTTPStatus.GATEWAY_TIMEOUT,
    5: HTTPStatus.NOT_FOUND,
    7: HTTPStatus.FORBIDDEN,
    8: HTTPStatus.TOO_MANY_REQUESTS,
    9: HTTPStatus.BAD_REQUEST,
    11: HTTPStatus.BAD_REQUEST,
    12: HTTPStatus.NOT_IMPLEMENTED,
    13: HTTPStatus.INTERNAL_SERVER_ERROR,
    14: HTTPStatus.SERVICE_UNAVAILABLE,
    16: HTTPStatus.UNAUTHORIZED,
}


Result = Completion | CallError


class GeminiBatches:
    """Batches of generateContent, at half the price within a day."""

    def __init__(
        self, client: genai.Client, reader: GeminiReader, settings: ProviderSettings, form: RequestForm
    ) -> None:
        """Share the client of the single calls and the form of their requests."""
        self._client = client
        self._reader = reader
        self._settings = settings
        self._form = form
        # In which form each batch was sent, so that many refusals of one form weaken it once.
        self._sent: dict[str, Form] = {}

    async def submit(self, token: str, requests: Mapping[str, Request]) -> str:
        """Submit the requests; the token is the batch's display name."""
        form = self._form.current
        source: Any = [
            {
                "contents": request.text,
                "metadata": {NAME: name},
                "config": request_config(request, self._settings, form),
            }
            for name, request in requests.items()
        ]
        with translate_errors(self._form, form):
            job = await self._client.aio.batches.create(
                model=self._settings.model, src=source, config={"display_name": token}
            )
            if not job.name:
                raise ValueError("no name of a new batch")
        self._sent[job.name] = form
        return job.name

    async def find(self, token: str) -> str | None:
        """Look through the account's batches."""
        with translate_errors(self._form, self._form.current):
            async for job in await self._client.aio.batches.list(config={"page_size": 100}):
                if job.display_name == token:
                    return job.name
        return None

    async def poll(self, reference: str, names: Sequence[str]) -> BatchState:
        """Return the state, and once the batch is over its replies; they are in the order of the requests."""
        job = await self._reader.get(reference, self._form, self._form.current)
        metadata = _object(job, "metadata")
        state = str(metadata.get("state") or "of an unknown state")
        if not (job.get("done") or state.endswith(_OVER)):
            return BatchState(is_over=False)
        answers = _answers(metadata) or _answers(_object(job, "response"))
        results = dict(self._named(answers, names, self._sent.get(reference, self._form.current)))
        said = read_refusal(HTTPStatus.OK, job.get("error")).message if job.get("error") else ""
        fault = None if answers else ": ".join(filter(None, [f"the batch is {state}", said]))
        return BatchState(is_over=True, results=results, fault=fault)

    def _named(
        self, answers: Sequence[dict[str, Any]], names: Sequence[str], sent: Form
    ) -> Iterator[tuple[str, Result]]:
        """Yield each answer with its request's name, from its metadata or its place."""
        for answer, name in zip(answers, names, strict=False):
            yield str(_object(answer, "metadata").get(NAME) or name), self._result(answer, sent)

    def _result(self, answer: dict[str, Any], sent: Form) -> Result:
        if "response" in answer:
            try:
                return completion_of(answer["response"], self._settings.model, self._form, sent)
            except CallError as error:
                return error
        stated = _object(answer, "error")
        if not stated:
            return UnavailableError("the batch brought no answer")
        status = _STATUSES.get(stated.get("code") or 0, HTTPStatus.INTERNAL_SERVER_ERROR)
        return failure_of(read_refusal(int(status), stated), self._form, sent)


def _object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object within another, an empty one if there is none."""
    found = parent.get(name)
    return found if isinstance(found, dict) else {}


def _answers(parent: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the answers in a batch's metadata or response, which nest them alike."""
    outer = _object(parent, "output") or parent
    inner = _object(outer, "inlinedResponses").get("inlinedResponses")
    return [each for each in inner if isinstance(each, dict)] if isinstance(inner, list) else []
