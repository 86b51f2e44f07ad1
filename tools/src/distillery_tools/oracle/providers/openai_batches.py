"""OpenAI's batches: a file of requests goes up, files of replies and errors come down."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..failures import CallError, UnavailableError
from .contract import BatchState, Completion, Request
from .openai_failures import Fault, connection_failure, fault_of
from .openai_wire import completion_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

TOKEN = "distillery_token"  # noqa: S105  a name, and no secret
FILE_NAME = "requests.jsonl"
_OVER = {"completed", "failed", "expired", "cancelled"}

Result = Completion | CallError


class OpenAIBatches:
    """Batches of chat completions, at half the price within a day."""

    def __init__(self, client: AsyncOpenAI, body_of: Callable[[Request], dict[str, Any]]) -> None:
        """Share the client of the single calls and the form of their requests."""
        self._client = client
        self._body_of = body_of

    async def submit(self, token: str, requests: Mapping[str, Request]) -> str:
        """Upload the requests and start the batch."""
        lines = [
            {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": self._body_of(request)}
            for name, request in requests.items()
        ]
        content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        with translate_errors():
            file = await self._client.files.create(file=(FILE_NAME, content), purpose="batch")
            batch = await self._client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={TOKEN: token},
            )
        return batch.id

    async def find(self, token: str) -> str | None:
        """Look through the account's batches."""
        with translate_errors():
            async for batch in self._client.batches.list(limit=100):
                if (batch.metadata or {}).get(TOKEN) == token:
                    return batch.id
        return None

    async def poll(self, reference: str, names: Sequence[str]) -> BatchState:
        """Return the state, and once the batch is over the replies and errors of its two files."""
        with translate_errors():
            batch = await self._client.batches.retrieve(reference)
            if batch.status not in _OVER:
                return BatchState(is_over=False)
            results: dict[str, Result] = {}
            for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
                content = await self._client.files.content(file_id)
                results |= dict(_results(content.text))
        wanted = set(names)
        known = {name: result for name, result in results.items() if name in wanted}
        return BatchState(is_over=True, results=known, fault=_fault(batch))


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn what OpenAI's client raises into a CallError."""
    from openai import APIConnectionError, APIStatusError

    try:
        yield
    except APIStatusError as error:
        raise fault_of(error).failure from error
    except APIConnectionError as error:
        raise connection_failure(error) from error


def _results(lines: str) -> Iterator[tuple[str, Result]]:
    """Yield each answer with its request's name; a line that is no answer leaves its request without one."""
    for line in filter(str.strip, lines.split("\n")):
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            record = json.loads(line)
            yield str(record["custom_id"]), _result(record)


def _result(record: Mapping[str, Any]) -> Result:
    response = record.get("response")
    if not response:
        return UnavailableError(f"the batch brought no answer: {(record.get('error') or {}).get('code')}")
    if response["status_code"] != HTTPStatus.OK:
        return Fault.of_body(response["status_code"], response["body"]).failure
    try:
        return completion_of(response["body"])
    except ValueError as error:
        return UnavailableError(f"the batch brought something else than a completion: {error}")


def _fault(batch: Batch) -> str | None:
    """Return why a batch failed as a whole, or None."""
    if batch.status != "failed":
        return None
    stated = batch.errors.data if batch.errors else None
    return "; ".join(str(error.message) for error in stated or []) or "no reason stated"
