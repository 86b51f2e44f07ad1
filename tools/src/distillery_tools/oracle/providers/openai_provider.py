"""OpenAI and every endpoint that speaks its protocol: DeepSeek, vLLM, Ollama, llama.cpp and others."""

from __future__ import annotations

import json
import os
from typing import Any

from .contract import Completion, ProviderSettings, Request
from .failures import failure_of, transport_failure
from .form import Form
from .keys import api_key
from .openai_batches import OpenAIBatches
from .openai_wire import completion_of, request_body, request_form
from .refusal import read_refusal
from .registry import require

COMPLETIONS = "/chat/completions"
# Seconds to connect, however long replies take.
CONNECT_SECONDS = 15.0


class OpenAIProvider:
    """Calls chat completions; a part of the request that the endpoint refuses is asked for otherwise, or left out."""

    def __init__(self, settings: ProviderSettings) -> None:
        """Make the client; raise PluginError without its package, HardStopError without a key."""
        require("openai", "openai", "openai")
        import httpx2
        from openai import AsyncOpenAI

        self.settings = settings
        base_url = settings.base_url or os.environ.get("OPENAI_BASE_URL") or None
        self._client = AsyncOpenAI(
            api_key=api_key(settings, ["OPENAI_API_KEY"], base_url),
            base_url=base_url,
            timeout=httpx2.Timeout(settings.timeout, connect=min(settings.timeout / 2, CONNECT_SECONDS)),
            max_retries=0,
        )
        self._form = request_form(settings, is_openai=base_url is None)
        self.batches = OpenAIBatches(self._client, self._form, self._body_of)

    async def complete(self, request: Request) -> Completion:
        """Return the reply; raise a CallError."""
        import httpx2
        from openai import APIConnectionError, APIStatusError, OpenAIError

        sent = self._form.current
        try:
            # Read as plain JSON: the client's own models take longer than the rest of the call.
            response = await self._client.post(COMPLETIONS, body=self._body_of(request, sent), cast_to=httpx2.Response)
        except APIStatusError as error:
            answer = error.response
            raise failure_of(
                read_refusal(answer.status_code, answer.content, answer.headers), self._form, sent
            ) from error
        except (APIConnectionError, httpx2.HTTPError, httpx2.InvalidURL, OpenAIError, OSError) as error:
            raise transport_failure(error) from error
        try:
            body = json.loads(response.content)
        except ValueError:
            raise failure_of(read_refusal(response.status_code, response.content), self._form, sent) from None
        return completion_of(body, self._form, sent, response.headers)

    def _body_of(self, request: Request, form: Form) -> dict[str, Any]:
        return request_body(request, self.settings, form)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
