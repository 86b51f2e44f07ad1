"""The contract of a provider: a request goes in, a completion comes out or a CallError is raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

Finish = Literal["stop", "length", "blocked", "other"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counts them: ``cached`` lies within ``prompt``, ``thinking`` beside ``output``."""

    prompt: int = 0
    cached: int = 0
    output: int = 0
    thinking: int = 0

    def to_dict(self) -> dict[str, int]:
        """Return the four numbers by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt, the JSON schema of its reply, and the most tokens that the reply may have."""

    text: str
    schema: Mapping[str, Any]
    max_output_tokens: int


@dataclass(frozen=True, slots=True)
class Completion:
    """A reply as it came, what it used if the provider says so, and which model wrote it."""

    text: str
    usage: Usage | None
    model: str
    finish: Finish = "stop"


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What a provider is made from.

    ``temperature`` and ``thinking`` are not sent if None; ``key_variable`` names the environment variable of the
    key where it is not the provider's usual one; ``timeout`` is in seconds.
    """

    model: str
    base_url: str | None = None
    key_variable: str | None = None
    temperature: float | None = 0.0
    thinking: str | None = None
    structured: bool = True
    timeout: float = 120.0


class Provider(Protocol):
    """An LLM that completes prompts; its own client retries nothing."""

    async def complete(self, request: Request) -> Completion:
        """Return the reply; raise a CallError, and end the request for real if cancelled."""

    async def close(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True)
class BatchState:
    """How far a batch is; ``results`` are by request name, and None until it has ended."""

    reference: str
    status: str
    results: Mapping[str, Completion | Exception] | None = field(default=None, repr=False)


@runtime_checkable
class BatchProvider(Provider, Protocol):
    """A provider that also takes many requests at once, answered later for less money."""

    async def submit(self, token: str, requests: Sequence[tuple[str, Request]]) -> str:
        """Hand over named requests as one batch that carries our token; return the provider's reference."""

    async def find(self, token: str) -> str | None:
        """Return the reference of the batch that carries our token, or None if none ever arrived."""

    async def poll(self, reference: str) -> BatchState:
        """Return how far a batch is, with its results once it has ended."""
