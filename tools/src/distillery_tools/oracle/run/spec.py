"""What a run is: who is asked, about which articles, within which bounds, and where its files are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from ..prompt.prompt import Prompt
from .spending import Prices

MOST_OUTPUT_TOKENS = 65_536


@dataclass(frozen=True)
class OracleSpec:
    """Everything that an answer depends on besides the article.

    ``endpoint`` is the URL that is asked: two servers may give the same name to different models. ``parameters``
    are those that change answers; a higher limit of tokens or a longer timeout does not. ``sample`` numbers
    independent answers of the same oracle to the same article.
    """

    filter: str
    filter_version: str
    dimensions: tuple[str, ...]
    prompt_sha256: str
    provider: str
    model: str
    parameters: Mapping[str, Any]
    endpoint: str | None = None
    sample: int = 1

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of what answers depend on; the filter's version is not part of it while its prompt is the same."""
        facts = {name: value for name, value in asdict(self).items() if name != "filter_version"}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def key_of(self, prompt: str) -> str:
        """Return the key of an answer: this oracle and the prompt with the article in it."""
        return hashlib.sha256(self.fingerprint.encode() + b"\n" + prompt.encode("utf-8", "surrogatepass")).hexdigest()

    def differences(self, label: Mapping[str, Any]) -> list[str]:
        """Return what distinguishes the oracle of a label from this one; the filter's version does not."""
        own = self.provenance()
        return [name for name, fact in own.items() if name != "filter_version" and label.get(name) != fact]

    def provenance(self) -> dict[str, Any]:
        """Return what every label says of its oracle."""
        return {
            "filter": self.filter,
            "filter_version": self.filter_version,
            "provider": self.provider,
            "endpoint": self.endpoint,
            "model": self.model,
            "prompt_sha256": self.prompt_sha256,
            "parameters": dict(self.parameters),
            "sample": self.sample,
        }


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The labels, and the folder beside them with the store, the other records and the report."""

    labels: Path
    folder: Path
    store: Path

    @classmethod
    def beside(cls, labels: Path, store: Path | None = None) -> Self:
        """Return the places for a file of labels: ``labels/a.jsonl`` has the folder ``labels/a.oracle``."""
        folder = labels.with_name(f"{labels.stem}.oracle")
        return cls(labels, folder, store or folder / "store.sqlite")

    @property
    def dead_letters(self) -> Path:
        """The articles that no further attempt is made for."""
        return self.folder / "dead_letters.jsonl"

    @property
    def set_aside(self) -> Path:
        """The articles that were not asked about, with the reason."""
        return self.folder / "set_aside.jsonl"

    @property
    def report(self) -> Path:
        """The run's figures."""
        return self.folder / "report.json"

    @property
    def report_text(self) -> Path:
        """The same for people."""
        return self.folder / "report.txt"


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """How calls are made: attempts for an article over all runs, tokens of a reply, and seconds of a call."""

    max_attempts: int = 5
    max_output_tokens: int = 4096
    timeout: float = 120.0

    def output_limit(self, n_truncated: int) -> int:
        """Return the token limit of a reply: doubled for each that was cut short."""
        return int(min(self.max_output_tokens * 2**n_truncated, max(MOST_OUTPUT_TOKENS, self.max_output_tokens)))


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Most requests and tokens a minute; None means no limit."""

    requests: float | None = None
    tokens: float | None = None


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """How many requests a batch holds at most, and how many seconds lie between checks of it."""

    size: int = 1000
    poll_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class LabelRun:
    """What is to be labelled, by whom, and within which bounds; ``command`` is what goes on with it."""

    articles: Path
    files: RunFiles
    prompt: Prompt
    oracle: OracleSpec
    prices: Prices | None
    policy: CallPolicy = field(default_factory=CallPolicy)
    rates: RateLimits = field(default_factory=RateLimits)
    batches: BatchPolicy | None = None
    concurrency: int = 8
    budget: float | None = None
    retry_dead: bool = False
    quiet: bool = False
    command: str | None = None
