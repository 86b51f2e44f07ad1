"""Who judges: a prompt, a provider's model and the parameters that change its answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class OracleSpec:
    """Everything that an answer depends on besides the article.

    ``parameters`` are those that change answers: a higher limit of tokens or a longer timeout is none. ``sample``
    counts the times that the same oracle is to read the same article afresh.
    """

    filter: str
    filter_version: str
    dimensions: tuple[str, ...]
    prompt_sha256: str
    provider: str
    model: str
    parameters: Mapping[str, Any]
    sample: int = 1

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of what answers depend on; the filter's version is none of it while its prompt is the same."""
        facts = {name: value for name, value in asdict(self).items() if name != "filter_version"}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def key_of(self, prompt: str) -> str:
        """Return what an answer is stored under: this oracle and the prompt with the article in it."""
        return hashlib.sha256(self.fingerprint.encode() + b"\n" + prompt.encode("utf-8", "surrogatepass")).hexdigest()

    def made(self, label: Mapping[str, Any]) -> bool:
        """Tell whether a label is this oracle's; as for the fingerprint, the filter's version does not matter."""
        return all(label.get(name) == fact for name, fact in self.provenance().items() if name != "filter_version")

    def provenance(self) -> dict[str, Any]:
        """Return what every label says of its oracle."""
        return {
            "filter": self.filter,
            "filter_version": self.filter_version,
            "provider": self.provider,
            "model": self.model,
            "prompt_sha256": self.prompt_sha256,
            "parameters": dict(self.parameters),
            "sample": self.sample,
        }
