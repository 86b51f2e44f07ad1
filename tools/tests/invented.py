"""A filter that we invent, its labelled articles, and short ways to run commands on them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner, Result

from distillery.toolkit import sha256_of

NAME = "garden"
DIMENSIONS = ("green", "shared", "tested")

# A dimension's score is the number of its words in the article.
SIGNALS = {"green": ("trees", "flowers"), "shared": ("together", "neighbours"), "tested": ("measured", "counted")}
FILLERS = "the a of and in to on near street school river old new year after people city road house day"
OTHERS = ("buy", "now", "report")
WORDS = [*(word for words in SIGNALS.values() for word in words), *FILLERS.split(), *OTHERS]

CONFIG = """\
# A filter that we invent for the tests.
name: garden
version: "1.2.0"
requires_core: ">=1.0,<2"
summary: Trees near a school, together   # the end of this line is a comment

dimensions:
  - {name: green, weight: 0.5, description: How many trees and flowers}
  - name: shared
    weight: 0.3
    description: >-
      How many people
      of the street
  - {name: tested, weight: 0.2, description: "What was measured, and counted"}

tiers:
  - {name: high, at_least: 7.0, description: "All of it"}
  - {name: medium, at_least: 4.0, description: "Much of it"}
  - {name: low, at_least: 0.0, description: "Little of it"}

gatekeepers:
  - {dimension: tested, below: 1.5, cap: 3.0, reason: "Nothing was counted"}

prefilter:
  min_content_chars: 20
  categories:
    - {name: advert, block: [buy now]}

students:
  # Ours is tiny.
  compact:
    base:
      model: acme/tiny
      revision: 1110a243fdf4706b3f48f1d95db1a4f5529b4d41
      path: BASE_PATH
      sha256:
BASE_SHA256
    adapter: compact
    sha256:
      adapter_config.json: "0000000000000000000000000000000000000000000000000000000000000001"
      adapter_model.safetensors: "0000000000000000000000000000000000000000000000000000000000000000"
    calibration: null
    pooling: mean
    preprocessing:
      head_tokens: 40   # the base reads 64
      tail_tokens: 16
default_student: compact

oracle:
  prompt: prompt.md
"""

GOLDEN = (
    {"id": "lane", "title": "Trees in the old lane", "content": "People together near the river measured the trees."},
    {"id": "sale", "title": "A new house", "content": "Buy now: a house in the city, on the road to the river."},
)


class Data(NamedTuple):
    """The two files of labelled articles, and what stands in them."""

    folder: Path
    articles: list[dict[str, Any]]
    labels: list[dict[str, Any]]

    @property
    def articles_file(self) -> Path:
        """Where the articles are."""
        return self.folder / "articles.jsonl"

    @property
    def labels_file(self) -> Path:
        """Where the labels are."""
        return self.folder / "labels" / f"{NAME}.jsonl"

    def write(self) -> None:
        """Write both files as they now are."""
        self.labels_file.parent.mkdir(parents=True, exist_ok=True)
        for path, records in ((self.articles_file, self.articles), (self.labels_file, self.labels)):
            path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")


class Trained(NamedTuple):
    """A training that went well: the filter's folder, its config before, the folder of runs, what was printed."""

    folder: Path
    config_before: str
    runs: Path
    output: str


def run_cli(*arguments: object) -> Result:
    """Run ``distillery`` in this process on a wide terminal."""
    from distillery.cli import cli

    return CliRunner(env={"COLUMNS": "250"}).invoke(cli, [str(argument) for argument in arguments])


def train(folder: Path, data: Path, runs: Path, *options: object) -> Result:
    """Train a filter's folder on a data folder quickly, into a folder of runs."""
    return run_cli(
        "train", folder, "--data", data, "--runs", runs, "--epochs", 2, "--learning-rate", 0.02, "--rank", 4, *options
    )


def write_filter(folder: Path, base: Path) -> Path:
    """Write the untrained filter into a new folder, on a base model."""
    folder.mkdir(parents=True)
    files = ("config.json", "model.safetensors", "tokenizer.json")
    stated = "\n".join(f"        {name}: {sha256_of(base / name)}" for name in files)
    text = CONFIG.replace("BASE_PATH", str(base)).replace("BASE_SHA256", stated)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    lines = [json.dumps({"article": article, "scores": {}, "weighted_average": 0, "tier": "low"}) for article in GOLDEN]
    (folder / "golden.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def strict_json(text: str) -> Any:
    """Read JSON as other languages do: NaN and Infinity are no JSON."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def make_data(folder: Path, size: int, seed: int = 0) -> Data:
    """Write labelled articles: of five, three are to train on, one is to validate and one to test."""
    chance = random.Random(seed)
    articles, labels = [], []
    for number in range(size):
        scores = {name: chance.randint(0, 10) for name in DIMENSIONS}
        words = [chance.choice(SIGNALS[name]) for name, score in scores.items() for _ in range(score)]
        words += chance.choices(FILLERS.split(), k=chance.randint(30, 44) - len(words))
        chance.shuffle(words)
        words += ["buy", "now"] if number % 10 == 4 else []
        articles.append({"id": f"a{number}", "title": "Report", "content": " ".join(words)})
        # As the oracle may give them: not in the order of the config.
        mixed = {name: scores[name] for name in chance.sample(DIMENSIONS, len(DIMENSIONS))}
        split = ("train", "train", "train", "val", "test")[number % 5]
        labels.append({"id": f"a{number}", "split": split, "scores": mixed})
    chance.shuffle(articles)
    data = Data(folder, articles, labels)
    data.write()
    return data
