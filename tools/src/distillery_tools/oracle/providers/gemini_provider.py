"""Gemini, by Google's own client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .contract import Completion, ProviderSettings, Request
from .extras import require
from .gemini_batches import GeminiBatches
from .gemini_failures import translate_errors
from .gemini_wire import completion_of, request_config
from .keys import api_key

if TYPE_CHECKING:
    import httpx2
    from google import genai

KEYS = ["GEMINI_API_KEY", "GOOGLE_API_KEY"]


class GeminiProvider:
    """Calls generateContent, with a JSON schema unless that is turned off."""

    def __init__(self, settings: ProviderSettings) -> None:
        """Make the client; raise PluginError without its package, HardStopError without a key."""
        require("google.genai", "gemini", "google")
        self.settings = settings
        self._connections = _connections(settings)
        self._client = _client(settings, api_key(settings, KEYS, settings.base_url), self._connections)
        self.batches = GeminiBatches(self._client, settings)

    async def complete(self, request: Request) -> Completion:
        """Return the reply; raise a CallError."""
        config = request_config(request, self.settings)
        with translate_errors():
            response = await self._client.aio.models.generate_content(
                model=self.settings.model, contents=request.text, config=config
            )
            return completion_of(response, self.settings.model)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aio.aclose()
        await self._connections.aclose()
        self._client.close()


def _connections(settings: ProviderSettings) -> httpx2.AsyncClient:
    """Return connections without a limit of their own: the runner has one."""
    import httpx2

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx2.AsyncClient(timeout=settings.timeout, limits=limits)


def _client(settings: ProviderSettings, key: str, connections: httpx2.AsyncClient) -> genai.Client:
    """Return a client that retries nothing; with connections of ours it does not switch to another HTTP library."""
    from google import genai
    from google.genai import types

    options = types.HttpOptions(
        base_url=settings.base_url,
        timeout=int(settings.timeout * 1000),
        retry_options=types.HttpRetryOptions(attempts=1),
        httpx_async_client=connections,
    )
    return genai.Client(api_key=key, vertexai=False, http_options=options)
