"""What every run's record shares."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any


def git_commit() -> str | None:
    """Return the commit of the working tree, marked if it is changed, or None outside of git."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"],  # noqa: S607  git is where the user has it
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def write_json(path: Path, data: Any) -> None:
    """Write data as indented JSON."""
    path.write_text(json.dumps(data, indent=2, allow_nan=False) + "\n", encoding="utf-8")
