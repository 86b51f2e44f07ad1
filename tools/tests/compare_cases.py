"""Two versions of the invented filter: changed folders, files of scores, and short ways to compare them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from click.testing import Result
from invented import DIMENSIONS, NAME, Trained, run_cli, strict_json
from safetensors.numpy import load_file, save_file

from distillery.testing import restate

USAGE, FAILED, OK = 2, 1, 0
TITLE = "Trees near the old school"


def compare(*arguments: object) -> Result:
    """Run the command without timing."""
    return run_cli("compare", *arguments, "--rounds", 0)


def report_of(*arguments: object) -> dict[str, Any]:
    """Return what the command prints as JSON; it must succeed."""
    done = compare(*arguments, "--format", "json")
    assert done.exit_code == OK, (done.output, done.exception)
    report: dict[str, Any] = strict_json(done.stdout)
    return report


def another(trained: Trained, folder: Path, **changes: Any) -> Path:
    """Return a copy of the trained filter with other lines in its config."""
    copy = Path(shutil.copytree(trained.folder, folder / NAME))
    config = yaml.safe_load((copy / "config.yaml").read_text())
    (copy / "config.yaml").write_text(yaml.safe_dump(config | changes, sort_keys=False))
    return copy


def moved(trained: Trained, folder: Path, by: float, **changes: Any) -> Path:
    """Return a copy whose student gives so much more on each dimension."""
    copy = another(trained, folder, **changes)
    path = copy / "compact" / "adapter_model.safetensors"
    tensors = load_file(path)
    (bias,) = [name for name in tensors if name.endswith("bias")]
    save_file(tensors | {bias: tensors[bias] + np.float32(by)}, path, metadata={"format": "pt"})
    return restate(copy)


def refused(*arguments: object) -> str:
    """Return the message of a comparison that is refused."""
    done = compare(*arguments)
    assert done.exit_code == USAGE, (done.output, done.exception)
    return done.stderr


class Scores:
    """A file of scores as ``distillery score`` writes them, free to be changed before it is written."""

    def __init__(self, version: str = "1.2.0", n: int = 6) -> None:
        self.records: list[dict[str, Any]] = [
            {"id": f"a{number}", "results": {NAME: self.result(float(number % 6), version)}} for number in range(n)
        ]

    @staticmethod
    def result(average: float, version: str = "1.2.0") -> dict[str, Any]:
        """Return a result as `Score.to_dict` does, the same on each dimension."""
        tier = "high" if average >= 7 else "medium" if average >= 4 else "low"
        origin = {"version": version, "weights_sha256": "0" * 64, "backend": "torch-float32", "core_version": "1.0.0"}
        scores = dict.fromkeys(DIMENSIONS, average)
        return {"passed_prefilter": True, "scores": scores, "weighted_average": average, "tier": tier} | {
            "error": None,
            "intervals": None,
            "provenance": origin,
        }

    def move(self, number: int, average: float) -> None:
        """Give an article another average."""
        version = self.records[number]["results"][NAME]["provenance"]["version"]
        self.records[number]["results"][NAME] = self.result(average, version)

    def lose(self, number: int, **facts: Any) -> None:
        """Take an article's scores away."""
        self.records[number]["results"][NAME] |= {"scores": None, "weighted_average": None, "tier": None} | facts

    def write(self, path: Path) -> Path:
        """Write the file."""
        path.write_text("".join(f"{json.dumps(record)}\n" for record in self.records))
        return path


def write_articles(path: Path, n: int = 6) -> Path:
    """Write articles that have scores."""
    lines = [{"id": f"a{number}", "title": f"{TITLE} {number}", "content": "trees " * 20} for number in range(n)]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path
