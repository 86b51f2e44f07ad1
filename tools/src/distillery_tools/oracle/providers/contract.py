"""The contract of a provider: a request goes in, a completion comes out or a CallError is raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from ..failures import CallError

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


@dataclass(frozen=True, slots=True)
class BatchState:
    """How far a batch is: once it is over, what came of each request by its name, and what failed as a whole."""

    is_over: bool
    results: Mapping[str, Completion | CallError] = field(default_factory=dict)
    fault: str | None = None


class BatchClient(Protocol):
    """Many requests handed over at once and answered later, for less money."""

    async def submit(self, token: str, requests: Mapping[str, Request]) -> str:
        """Hand over requests by name as one batch that carries our token; return the provider's reference."""

    async def find(self, token: str) -> str | None:
        """Return the reference of the batch that carries our token, or None if none ever arrived."""

    async def poll(self, reference: str, names: Sequence[str]) -> BatchState:
        """Return how far a batch is; ``names`` are those of its requests, in their order."""


class Provider(Protocol):
    """An LLM that completes prompts; its own client retries nothing, and ``batches`` is None if it takes none."""

    @property
    def batches(self) -> BatchClient | None:
        """What takes batches."""

    async def complete(self, request: Request) -> Completion:
        """Return the reply; raise a CallError, and end the request for real if cancelled."""

    async def close(self) -> None:
        """Close the connections."""
