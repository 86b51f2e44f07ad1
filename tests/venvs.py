"""Clean environments: a virtual environment that sees third-party packages and nothing of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import processes

EVALUATE = Path(__file__).with_name("evaluate_expressions.py")

# An audit hook costs no import, so that what a command imports can still be asserted.
_REFUSE_NETWORK = """
import sys


def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo") and "127.0.0.1" not in str(arguments):
        raise RuntimeError(f"the tests allow no network: {event} {arguments}")


sys.addaudithook(refuse)
"""


def link_dependencies(folder: Path) -> None:
    """Fill a folder with links to the running environment's packages, leaving out everything of ours.

    Left out are all entries with distillery in the name, which are wheels, editable installs and
    their metadata, and every .pth file, which may lead to a source tree.
    """
    folder.mkdir(parents=True)
    for site in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(site).iterdir():
            if "distillery" not in entry.name and entry.suffix != ".pth" and entry.name != "__pycache__":
                (folder / entry.name).symlink_to(entry)


@dataclass(frozen=True)
class Outcome:
    """The result of an expression: a value, or an error with its message, its base classes and its cause."""

    value: Any = None
    error: str | None = None
    message: str = ""
    family: Sequence[str] = field(default=())
    cause: str | None = None


@dataclass(frozen=True)
class CleanVenv:
    """A virtual environment with its own home, cache and working folder, without a network."""

    folder: Path
    cache: Path

    @classmethod
    def create(cls, folder: Path, dependencies: Path, *wheels: Path) -> CleanVenv:
        """Make an environment over the linked dependencies and install wheels in it with pip."""
        venv.create(folder, symlinks=True)
        environment = cls(folder, folder / "cache")
        environment.work.mkdir()
        (environment.site / "_dependencies.pth").write_text(f"{dependencies}\nimport _refuse_network\n")
        (environment.site / "_refuse_network.py").write_text(_REFUSE_NETWORK)
        environment.install(*wheels)
        return environment

    @property
    def site(self) -> Path:
        """Where pip installs."""
        return self.folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

    @property
    def work(self) -> Path:
        """The folder in which every command runs, outside the repository."""
        return self.folder / "work"

    def install(self, *wheels: Path) -> None:
        """Install wheels for real; nothing is fetched, and nothing but the wheels is installed."""
        options = ["--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check", "--force-reinstall"]
        done = self.run("python", "-m", "pip", "install", "-q", *options, *map(str, wheels))
        assert done.returncode == 0, done.stderr

    def run(self, command: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment's bin folder with these variables added."""
        home = {"HOME": str(self.folder), "DISTILLERY_CACHE": str(self.cache)}
        quiet = {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", "COLUMNS": "300", "NO_COLOR": "1"}
        program = self.folder / "bin" / command
        return processes.run(program, *arguments, cwd=self.work, env=home | quiet | variables, text=True)

    def distillery(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command."""
        return self.run("distillery", *arguments, **variables)

    def evaluate(self, *expressions: str, **variables: str) -> list[Outcome]:
        """Evaluate expressions one after the other in one new process; see `evaluate_expressions` for their names."""
        answers = self.work / "answers.json"
        answers.unlink(missing_ok=True)
        done = self.run("python", "-P", str(EVALUATE), str(answers), *expressions, **variables)
        assert done.returncode == 0, done.stderr
        return [Outcome(**entry) for entry in json.loads(answers.read_text(encoding="utf-8"))]


class NewVenv(Protocol):
    """Makes a clean environment with the core and the wheels given."""

    def __call__(self, *wheels: Path) -> CleanVenv:
        """Return a new environment."""
