"""The form of requests: what every call asks for, weakened part by part where an endpoint refuses it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Part(StrEnum):
    """A part of a request that is the same in every call, and that an endpoint may refuse."""

    STRUCTURE = "structured output"
    TOKENS = "the limit of tokens"
    TEMPERATURE = "temperature"
    THINKING = "thinking"


# Which part is tried first where a refusal does not name one.
_PROBED = (Part.STRUCTURE, Part.THINKING, Part.TEMPERATURE, Part.TOKENS)


@dataclass(frozen=True, slots=True)
class Form:
    """What one request asks for: for each part the name of how it is asked for, None if it is left out."""

    structure: str | None
    tokens: str | None
    temperature: str | None
    thinking: str | None

    def how(self, part: Part) -> str | None:
        """Return how a part is asked for."""
        return {
            Part.STRUCTURE: self.structure,
            Part.TOKENS: self.tokens,
            Part.TEMPERATURE: self.temperature,
            Part.THINKING: self.thinking,
        }[part]

    def with_part(self, part: Part, how: str | None) -> Form:
        """Return the form with one part asked for otherwise."""
        return replace(self, **{part.name.lower(): how})


class RequestForm:
    """The form of the calls to come, shared by all of a provider, single ones and those in batches.

    ``choices`` lists for each part the ways to ask for it, the preferred one first; after the last it is left out.
    """

    def __init__(self, choices: dict[Part, Sequence[str]]) -> None:
        """Start with the preferred way of each part."""
        self._choices = {part: [*ways, None] for part, ways in choices.items()}
        first = {part.name.lower(): self._choices.get(part, [None])[0] for part in Part}
        self._preferred = self.current = Form(**first)
        self._may_probe = True
        self._is_proven = False
        self._lock = threading.Lock()

    @property
    def adapted(self) -> tuple[str, ...]:
        """What is asked for otherwise than preferred, for people and records."""
        changes = [(part, self.current.how(part)) for part in Part if self._differs(part)]
        return tuple(f"{part.value} as {how}" if how else f"without {part.value}" for part, how in changes)

    @property
    def is_proven(self) -> bool:
        """Whether a call in the current form was answered, so that a refusal is about its article."""
        return self._is_proven

    def answered(self, sent: Form) -> None:
        """Note that a call was answered."""
        self._is_proven = self._is_proven or sent == self.current

    def weaken(self, part: Part, sent: Form) -> bool:
        """Ask otherwise for a part that was refused; tell whether the next call differs from the one that was sent."""
        with self._lock:
            if self.current.how(part) != sent.how(part):
                return True  # calls in flight are refused for what is changed already
            ways = self._choices.get(part, [None])
            at = ways.index(sent.how(part))
            if at + 1 == len(ways):
                return False
            self.current = self.current.with_part(part, ways[at + 1])
            self._is_proven = False
            return True

    def probe(self, sent: Form) -> bool:
        """Weaken the next part after a refusal that names none; tell whether the next call differs.

        After a call in the current form was answered nothing is probed. Where no form is taken, the preferred one
        comes back and probing ends, since the fault is elsewhere.
        """
        if sent != self.current:
            return True
        if self._is_proven or not self._may_probe:
            return False
        if any(self.weaken(part, sent) for part in _PROBED):
            return True
        self.current, self._may_probe = self._preferred, False
        return False

    def _differs(self, part: Part) -> bool:
        return self.current.how(part) != self._preferred.how(part)
