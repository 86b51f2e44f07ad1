"""The README's examples do what it says they do."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import processes
import pytest
from click.testing import CliRunner

from distillery.cli import cli

ROOT = Path(__file__).parents[1]
# Backends may differ by 0.1 (docs/decisions/precision-gate.md), and what is shown is rounded to 0.1.
TOLERANCE = 0.1 + 0.1 / 2

_NUMBER = re.compile(r"\d+\.\d+")

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_first_example_prints_what_the_readme_shows() -> None:
    """The first Python block is followed by its real output."""
    block = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)
    assert block is not None

    result = processes.run(sys.executable, "-c", block[1], text=True, check=True)

    words, numbers = _words_and_numbers(result.stdout)
    shown_words, shown_numbers = _words_and_numbers(block[2])
    assert words == shown_words
    assert len(numbers) > 1
    assert numbers == pytest.approx(shown_numbers, abs=TOLERANCE)


def test_set_up_command_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """The table after the first command is what it prints: numbers of articles, reasons, and the highest averages."""
    command, shown = re.findall(r"```bash\n(python3 -m venv .*?)\n```\n\n```text\n(.*?)```", README, re.DOTALL)[0]
    arguments = shlex.split(command.rpartition("bin/distillery ")[2])
    arguments[arguments.index("examples/articles.jsonl")] = str(ROOT / "examples" / "articles.jsonl")
    arguments[arguments.index("scored.jsonl")] = str(tmp_path / "scored.jsonl")

    result = CliRunner().invoke(cli, arguments)

    assert result.exit_code == 0, result.output
    words, numbers = _words_and_numbers(_table(result.output))
    shown_words, shown_numbers = _words_and_numbers(_table(shown))
    assert words == shown_words
    assert numbers == pytest.approx(shown_numbers, abs=TOLERANCE)
    assert len(numbers) > 1


def test_it_is_short() -> None:
    """The README introduces; what is longer is in the documentation."""
    assert len(README.splitlines()) < 150


def test_set_up_commands_name_files_that_exist() -> None:
    """What the two set-up commands install and read is in the repository."""
    commands = re.findall(r"```bash\n(python3 -m venv .*?)\n```", README)

    assert len(commands) == 2
    words = {word for command in commands for word in command.split()}
    folders = {word for word in words if word.startswith("./")}
    assert len(folders) == 4
    for path in (*folders, "constraints.txt", "examples/articles.jsonl"):
        assert (ROOT / path).exists(), path
    assert {"constraints.txt", "examples/articles.jsonl"} <= words


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """CI installs nox and runs the tests as the README says."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    for part in ("python3 -m venv .venv", '"nox>=2025.2,<2027"', ".venv/bin/nox -s tests"):
        assert part in README
        assert part in script


def _table(output: str) -> str:
    """Return the rows that hold articles: those of tiers and reasons, and those of the highest averages."""
    return "\n".join(line for line in output.splitlines() if re.search(r"%\s*$|^ +\d\.\d\d ", line))


def _words_and_numbers(text: str) -> tuple[list[str], list[float]]:
    """Return the words of an output and its numbers, apart."""
    words = text.split()
    return [word for word in words if not _NUMBER.fullmatch(word)], [
        float(word) for word in words if _NUMBER.fullmatch(word)
    ]
