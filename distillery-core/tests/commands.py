"""What the tests of the ``distillery`` command share: ways to run it, articles, and what they read back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import processes
from click.testing import CliRunner, Result

from distillery.cli import cli

OK, FAILED, USAGE = 0, 1, 2
SCRIPT = Path(sys.executable).with_name("distillery")
JSON = ("--format", "json")
NAME = "tiny-filter"
TITLE = "village clinic"
CONTENT = "verified study of shared water in the village"


def article(**fields: Any) -> dict[str, Any]:
    return {"title": TITLE, "content": CONTENT} | fields


def as_line(data: Any) -> bytes:
    return json.dumps(data).encode()


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    """Run the command in this process; an exception that is no clear error fails the test."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)


def score(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return run("score", "--backend", "torch", *arguments, stdin=stdin)


def json_records(content: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.split("\n") if line]


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def distillery(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return processes.run(SCRIPT, *arguments, **options)
