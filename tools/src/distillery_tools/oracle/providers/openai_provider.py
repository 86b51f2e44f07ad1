"""OpenAI and every endpoint that speaks its protocol: DeepSeek, vLLM, Ollama, llama.cpp and others."""

from __future__ import annotations

import os
from typing import Any

from ..failures import ConnectionLostError, StructureError, UnavailableError
from .contract import Completion, ProviderSettings, Request
from .extras import require
from .keys import api_key
from .openai_batches import OpenAIBatches
from .openai_failures import connection_failure, fault_of
from .openai_wire import STRUCTURES, completion_of, request_body

COMPLETIONS = "/chat/completions"


class OpenAIProvider:
    """Calls chat completions; where the endpoint refuses a JSON schema it asks for JSON, and then for nothing."""

    def __init__(self, settings: ProviderSettings) -> None:
        """Make the client; raise PluginError without its package, HardStopError without a key."""
        require("openai", "openai", "openai")
        from openai import AsyncOpenAI

        self.settings = settings
        self.base_url = settings.base_url or os.environ.get("OPENAI_BASE_URL")
        self._client = AsyncOpenAI(
            api_key=api_key(settings, ["OPENAI_API_KEY"], self.base_url),
            base_url=self.base_url,
            timeout=settings.timeout,
            max_retries=0,
        )
        self.batches = OpenAIBatches(self._client, self._body_of)
        self._structure = 0 if settings.structured else len(STRUCTURES) - 1
        self._proven = not settings.structured

    async def complete(self, request: Request) -> Completion:
        """Return the reply; raise a CallError."""
        import httpx2
        from openai import APIConnectionError, APIStatusError

        structure = self._structure
        body = self._body_of(request)
        try:
            # Read as plain JSON: the client's own models take longer than the rest of the call.
            response = await self._client.post(COMPLETIONS, body=body, cast_to=httpx2.Response)
            completion = completion_of(response.json())
        except APIStatusError as error:
            fault = fault_of(error)
            is_outdated = structure != self._structure
            if (is_outdated or not self._proven) and fault.may_be_of_structure:
                raise self._weakened(structure, fault.message) from error
            raise fault.failure from error
        except APIConnectionError as error:
            raise connection_failure(error) from error
        except httpx2.TransportError as error:
            raise ConnectionLostError(f"the reply broke off: {error}") from error
        except ValueError as error:
            raise UnavailableError(f"the endpoint answers with something else than a completion: {error}") from error
        self._proven = self._proven or structure == self._structure
        return completion

    def _body_of(self, request: Request) -> dict[str, Any]:
        """Return the request as the protocol has it."""
        return request_body(request, self.settings, STRUCTURES[self._structure], is_openai=self.base_url is None)

    def _weakened(self, refused: int, reason: str) -> StructureError:
        """Ask for less from now on; calls in flight may have been refused for the same reason already."""
        if refused == self._structure:
            self._structure = min(refused + 1, len(STRUCTURES) - 1)
            self._proven = self._structure == len(STRUCTURES) - 1
        return StructureError(f"the endpoint does not take structured output as {STRUCTURES[refused]}: {reason}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
