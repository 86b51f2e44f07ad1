"""OpenAI's batches: a file of requests goes up, files of replies and errors come down."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..errors import CallError, CallTimeoutError, ConnectionLostError, NoCompletionError, UnavailableError
from .contract import BatchState, Completion, Request
from .failures import failure_of, no_completion, transport_failure
from .form import Form, RequestForm
from .openai_wire import completion_of
from .refusal import read_refusal

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

TOKEN = "distillery_token"  # noqa: S105  a name, and no secret
FILE_NAME = "requests.jsonl"
_OVER = {"completed", "failed", "expired", "cancelled"}

Result = Completion | CallError


class OpenAIBatches:
    """Batches of chat completions, at half the price within a day."""

    def __init__(
        self, client: AsyncOpenAI, form: RequestForm, body_of: Callable[[Request, Form], dict[str, Any]]
    ) -> None:
        """Share the client of the single calls and the form of their requests."""
        self._client = client
        self._form = form
        self._body_of = body_of
        # In which form each batch was sent, so that many refusals of one form weaken it once.
        self._sent: dict[str, Form] = {}

    async def submit(self, token: str, requests: Mapping[str, Request]) -> str:
        """Upload the requests and start the batch."""
        form = self._form.current
        lines = [
            {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": self._body_of(request, form)}
            for name, request in requests.items()
        ]
        content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        file_id = await self._upload(content)
        with self._translate_errors():
            batch = await self._client.batches.create(
                input_file_id=file_id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={TOKEN: token},
            )
            reference = self._stated(batch, "id")
        self._sent[reference] = form
        return reference

    async def _upload(self, content: bytes) -> str:
        """Upload the requests; without their file there is no batch, whatever a server's fault leaves open."""
        try:
            with self._translate_errors():
                file = await self._client.files.create(file=(FILE_NAME, content), purpose="batch")
                return self._stated(file, "id")
        except (UnavailableError, ConnectionLostError, CallTimeoutError) as error:
            raise NoCompletionError(f"the file of requests was not taken: {error}", error.retry_after) from error

    def _stated(self, answer: Any, name: str) -> str:
        """Return a field of an answer; raise the CallError that an answer without it states."""
        value = getattr(answer, name, None)
        if isinstance(value, str):
            return value
        stated = answer if isinstance(answer, str) else getattr(answer, "model_extra", None)
        refusal = read_refusal(HTTPStatus.OK, stated)
        if refusal.is_silent:
            raise no_completion(f"no {name} of a batch: {str(answer)[:100]}")
        raise failure_of(refusal, self._form, self._form.current)

    async def find(self, token: str) -> str | None:
        """Look through the account's batches."""
        with self._translate_errors():
            async for batch in self._client.batches.list(limit=100):
                if (batch.metadata or {}).get(TOKEN) == token:
                    return batch.id
        return None

    async def poll(self, reference: str, names: Sequence[str]) -> BatchState:
        """Return the state, and once the batch is over the replies and errors of its two files."""
        with self._translate_errors():
            batch = await self._client.batches.retrieve(reference)
            status = self._stated(batch, "status")
            if status not in _OVER:
                return BatchState(is_over=False)
            results: dict[str, Result] = {}
            for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
                content = await self._client.files.content(file_id)
                results |= dict(self._results(content.text, self._sent.get(reference, self._form.current)))
        expected = set(names)
        known = {name: result for name, result in results.items() if name in expected}
        return BatchState(is_over=True, results=known, fault=_fault(batch))

    def _results(self, lines: str, sent: Form) -> Iterator[tuple[str, Result]]:
        """Yield each answer with its request's name; a line that is not an answer leaves its request without one."""
        for line in filter(str.strip, lines.split("\n")):
            with suppress(ValueError, KeyError, TypeError, AttributeError):
                record = json.loads(line)
                yield str(record["custom_id"]), self._result(record, sent)

    def _result(self, record: Mapping[str, Any], sent: Form) -> Result:
        response = record.get("response")
        if not response:
            stated = read_refusal(HTTPStatus.OK, record.get("error") or {})
            return UnavailableError(f"the batch brought no answer: {', '.join(sorted(stated.codes)) or stated.message}")
        if response["status_code"] != HTTPStatus.OK:
            return failure_of(read_refusal(int(response["status_code"]), response["body"]), self._form, sent)
        try:
            return completion_of(response["body"], self._form, sent)
        except CallError as error:
            return error

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Turn what OpenAI's client raises into a CallError."""
        import httpx2
        from openai import APIConnectionError, APIStatusError, OpenAIError

        try:
            yield
        except APIStatusError as error:
            answer = error.response
            refusal = read_refusal(answer.status_code, answer.content, answer.headers)
            raise failure_of(refusal, self._form, self._form.current) from error
        except (APIConnectionError, httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise transport_failure(error) from error
        except (OpenAIError, ValueError, AttributeError, TypeError) as error:  # not the answer of a batch
            raise no_completion(f"{type(error).__name__} {error}") from error


def _fault(batch: Batch) -> str | None:
    """Return why a batch failed as a whole, or None."""
    if batch.status != "failed":
        return None
    stated = batch.errors.data if batch.errors else None
    return "; ".join(str(error.message) for error in stated or []) or "no reason stated"
