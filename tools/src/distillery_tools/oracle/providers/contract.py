"""The contract of a provider: a request goes in, a completion comes out or a CallError is raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from ..errors import CallError

Finish = Literal["stop", "length", "blocked", "other"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counts them: ``cached`` lies within ``prompt``, ``thinking`` beside ``output``."""

    prompt: int = 0
    cached: int = 0
    output: int = 0
    thinking: int = 0

    @property
    def is_plausible(self) -> bool:
        """Whether the numbers can be those of an answered call: whole, not negative, and some of them sent."""
        counts = (self.prompt, self.cached, self.output, self.thinking)
        are_whole = all(isinstance(count, int) and not isinstance(count, bool) and count >= 0 for count in counts)
        return are_whole and self.prompt > 0

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
    """A reply as it came, what it used if the provider says so, and which model wrote it.

    ``block_reason`` says why a reply with the finish ``blocked`` was blocked, in the provider's words. ``adapted``
    names what was left out of the request because the endpoint refuses it.
    """

    text: str
    usage: Usage | None
    model: str
    finish: Finish = "stop"
    block_reason: str | None = None
    adapted: tuple[str, ...] = ()


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
    """How far a batch is: once it is over, the result of each request by its name, and what failed as a whole."""

    is_over: bool
    results: Mapping[str, Completion | CallError] = field(default_factory=dict)
    fault: str | None = None


class BatchClient(Protocol):
    """Many requests submitted at once and answered later, for less money."""

    async def submit(self, token: str, requests: Mapping[str, Request]) -> str:
        """Submit requests by name as one batch that carries our token; return the provider's reference."""

    async def find(self, token: str) -> str | None:
        """Return the reference of the batch that carries our token, or None if none ever arrived."""

    async def poll(self, reference: str, names: Sequence[str]) -> BatchState:
        """Return how far a batch is; ``names`` are those of its requests, in their order."""


class Provider(Protocol):
    """An LLM that completes prompts. Its client retries nothing; ``batches`` is None if it takes no batches."""

    @property
    def batches(self) -> BatchClient | None:
        """The client for batches."""

    async def complete(self, request: Request) -> Completion:
        """Return the reply; raise a CallError. When cancelled, close the request."""

    async def close(self) -> None:
        """Close the connections."""
