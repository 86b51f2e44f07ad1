"""Google's client: how it is made, and what its errors mean."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .contract import ProviderSettings
from .failures import failure_of, no_completion, transport_failure
from .form import Form, RequestForm
from .refusal import read_refusal

if TYPE_CHECKING:
    import httpx2
    from google import genai

ENDPOINT = "https://generativelanguage.googleapis.com"
VERSION = "v1beta"
# Seconds to connect, however long replies take.
CONNECT_SECONDS = 15.0


def make_connections(settings: ProviderSettings) -> httpx2.AsyncClient:
    """Return connections without a limit of their own: the runner has one."""
    import httpx2

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx2.AsyncClient(timeout=_timeout(settings), limits=limits)


def make_client(settings: ProviderSettings, key: str, connections: httpx2.AsyncClient) -> genai.Client:
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


@contextmanager
def translate_errors(form: RequestForm, sent: Form) -> Iterator[None]:
    """Turn what Google's client raises into a CallError."""
    import httpx2
    from google.genai.errors import APIError

    try:
        yield
    except APIError as error:
        headers = getattr(error.response, "headers", None)
        raise failure_of(read_refusal(error.code or 0, error.details, headers), form, sent) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise transport_failure(error) from error
    except (ValueError, AttributeError, TypeError, KeyError) as error:  # an answer that the client cannot read
        raise no_completion(f"{type(error).__name__} {error}") from error


class GeminiReader:
    """Reads resources as plain JSON, where the client's own models refuse what the API sends."""

    def __init__(self, connections: httpx2.AsyncClient, settings: ProviderSettings, key: str) -> None:
        """Share the connections of the client."""
        self._connections = connections
        self._base = (settings.base_url or os.environ.get("GOOGLE_GEMINI_BASE_URL") or ENDPOINT).rstrip("/")
        self._headers = {"x-goog-api-key": key}

    async def get(self, name: str, form: RequestForm, sent: Form) -> dict[str, Any]:
        """Return a resource by its name, such as ``batches/1``; raise a CallError."""
        with translate_errors(form, sent):
            answer = await self._connections.get(f"{self._base}/{VERSION}/{name}", headers=self._headers)
        try:
            body = json.loads(answer.content)
        except ValueError:
            body = None
        if answer.status_code != HTTPStatus.OK or not isinstance(body, dict) or "name" not in body:
            raise failure_of(read_refusal(answer.status_code, answer.content, answer.headers), form, sent)
        return body


def _timeout(settings: ProviderSettings) -> httpx2.Timeout:
    import httpx2

    return httpx2.Timeout(settings.timeout, connect=min(settings.timeout / 2, CONNECT_SECONDS))
