"""Gemini, by Google's own client."""

from __future__ import annotations

import json

from .contract import Completion, ProviderSettings, Request
from .failures import failure_of
from .form import Form
from .gemini_batches import GeminiBatches
from .gemini_client import GeminiReader, make_client, make_connections, translate_errors
from .gemini_wire import completion_of, request_config, request_form
from .keys import api_key
from .refusal import read_refusal
from .registry import require

KEYS = ["GEMINI_API_KEY", "GOOGLE_API_KEY"]


class GeminiProvider:
    """Calls generateContent; a part of the request that the endpoint refuses is asked for otherwise, or left out."""

    def __init__(self, settings: ProviderSettings) -> None:
        """Make the client; raise PluginError without its package, HardStopError without a key."""
        require("google.genai", "gemini", "google")
        self.settings = settings
        self._connections = make_connections(settings)
        key = api_key(settings, KEYS, settings.base_url)
        self._client = make_client(settings, key, self._connections)
        self._form = request_form(settings)
        reader = GeminiReader(self._connections, settings, key)
        self.batches = GeminiBatches(self._client, reader, settings, self._form)

    async def complete(self, request: Request) -> Completion:
        """Return the reply; raise a CallError."""
        sent = self._form.current
        config = request_config(request, self.settings, sent)
        config.should_return_http_response = True  # the plain body, with what the client's models leave out
        with translate_errors(self._form, sent):
            response = await self._client.aio.models.generate_content(
                model=self.settings.model, contents=request.text, config=config
            )
            answer = response.sdk_http_response
            text = (answer.body if answer else None) or ""
        return self._read(text, sent)

    def _read(self, text: str, sent: Form) -> Completion:
        form = self._form
        try:
            body = json.loads(text)
        except ValueError:
            raise failure_of(read_refusal(200, text), form, sent) from None
        return completion_of(body, self.settings.model, form, sent)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aio.aclose()
        await self._connections.aclose()
        self._client.close()
