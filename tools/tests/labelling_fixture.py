"""A labelling to label at: an invented filter with its prompt, articles that we write, and the command on both."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import Result
from invented import DIMENSIONS, run_cli
from oracle_server import OracleServer

PROMPT = """\
# The garden

Score green, shared and tested from 0 to 10. Reply with one JSON object.

Title: {{title}}
Source: {{source}}
Published: {{published_date}}

{{article}}
"""

MODELS = {"openai": "gpt-4.1-mini", "gemini": "gemini-2.5-flash"}

CONFIG = """\
name: garden
version: "1.2.0"
requires_core: ">=1.0,<2"
summary: Trees near a school, together
dimensions:
  - {name: green, weight: 0.5, description: How many trees and flowers}
  - {name: shared, weight: 0.3, description: How many people of the street}
  - {name: tested, weight: 0.2, description: What was measured and counted}
tiers:
  - {name: high, at_least: 7.0, description: All of it}
  - {name: medium, at_least: 4.0, description: Much of it}
  - {name: low, at_least: 0.0, description: Little of it}
students:
  compact:
    base:
      model: acme/tiny
      sha256: {config.json: ZEROS, tokenizer.json: ZEROS, model.safetensors: ZEROS}
    adapter: compact
    sha256: {adapter_config.json: ZEROS, adapter_model.safetensors: ZEROS}
    pooling: mean
default_student: compact
oracle:
  prompt: prompt.md
"""


def article(number: int) -> dict[str, Any]:
    """Return an article that differs from all others."""
    return {
        "id": f"a{number}",
        "title": f"Neighbours planted {number} trees near the school",
        "content": f"On day {number} the people of the street came together and planted trees. "
        f"They counted {number + 3} flowers, measured the old wall and met again after {number % 7} days.",
        "source": "The Lane",
        "published_date": "2026-05-01",
        "language": "en",
    }


@dataclass
class LabellingFixture:
    """The files of one labelling, and short ways to run it and to look at what it left."""

    folder: Path

    @property
    def filter(self) -> Path:
        """The filter's folder."""
        return self.folder / "garden"

    @property
    def articles(self) -> Path:
        """The articles' file."""
        return self.folder / "articles.jsonl"

    @property
    def labels(self) -> Path:
        """The labels' file."""
        return self.folder / "labels" / "garden.jsonl"

    @property
    def records(self) -> Path:
        """The folder of everything else."""
        return self.folder / "labels" / "garden.oracle"

    def write(self, articles: Sequence[dict[str, Any]], prompt: str = PROMPT) -> None:
        """Write the filter and the articles."""
        self.filter.mkdir(exist_ok=True)
        (self.filter / "config.yaml").write_text(CONFIG.replace("ZEROS", f'"{"0" * 64}"'), encoding="utf-8")
        (self.filter / "prompt.md").write_text(prompt, encoding="utf-8")
        self.articles.write_text("".join(f"{json.dumps(each)}\n" for each in articles), encoding="utf-8")

    def arguments(self, server: OracleServer, provider: str = "openai", *more: object) -> list[str]:
        """Return the arguments of ``distillery`` that label at a server."""
        url = server.openai_url if provider == "openai" else server.url
        given = {
            "--filter": self.filter,
            "-o": self.labels,
            "--provider": provider,
            "--model": MODELS[provider],
            "--base-url": url,
        }
        return ["label", str(self.articles), *(str(part) for pair in given.items() for part in pair), *map(str, more)]

    def label(self, server: OracleServer, *more: object, provider: str = "openai") -> Result:
        """Run ``distillery label`` in this process."""
        return run_cli(*self.arguments(server, provider, *more))

    def command(self, server: OracleServer, *more: object) -> list[str]:
        """Return the command for a process of its own."""
        return [str(Path(sys.executable).with_name("distillery")), *self.arguments(server, "openai", *more)]

    def read(self, name: str) -> list[dict[str, Any]]:
        """Return the records of a file beside the labels, or of the labels."""
        path = self.labels if name == "labels" else self.records / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    @property
    def report(self) -> dict[str, Any]:
        """The last run's report."""
        found: dict[str, Any] = json.loads((self.records / "report.json").read_text(encoding="utf-8"))
        return found

    def most_attempts(self) -> int:
        """Return how many attempts were counted against one article at most."""
        with sqlite3.connect(self.records / "store.sqlite") as store:
            rows = store.execute("SELECT sum(counts) FROM attempts GROUP BY key").fetchall()
        store.close()
        return max(number for (number,) in rows)


def is_sound(labels: Sequence[dict[str, Any]]) -> bool:
    """Tell whether every label has the scores of the filter's dimensions, and every id stands once."""
    ids = [label["id"] for label in labels]
    return len(set(ids)) == len(ids) and all(set(label["scores"]) == set(DIMENSIONS) for label in labels)


def without_keys() -> dict[str, str]:
    """Return an environment without any provider's key."""
    return {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
