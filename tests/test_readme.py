"""The README's examples do what it says they do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_first_example_prints_what_the_readme_shows() -> None:
    """The first Python block is followed by its real output."""
    block = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)
    assert block is not None

    result = subprocess.run([sys.executable, "-c", block[1]], capture_output=True, text=True, check=True)

    assert _without_last_digit(result.stdout) == _without_last_digit(block[2])


def test_set_up_commands_name_files_that_exist() -> None:
    """What the two set-up commands install and read is in the repository."""
    commands = re.findall(r"```bash\n(python3 -m venv .*?)\n```", README)

    assert len(commands) == 2
    named = {word for command in commands for word in command.split() if (ROOT / word).exists()}
    assert {"constraints.txt", "./distillery-core", "./filters/uplifting", "examples/articles.jsonl"} <= named


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """CI installs nox and runs the tests as the README says."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    for part in ("python3 -m venv .venv", '"nox>=2025.2,<2027"', ".venv/bin/nox -s tests"):
        assert part in README
        assert part in script


@pytest.mark.parametrize("path", re.findall(r"\]\((?!http)([^)#]+)", README))
def test_links_lead_to_files(path: str) -> None:
    """No link of the README is broken."""
    assert (ROOT / path).exists()


def _without_last_digit(text: str) -> list[str]:
    """Scores differ by up to 0.1 between backends: compare words, and numbers without their decimals."""
    return re.sub(r"(\d+)\.\d", r"\1", text).split()
