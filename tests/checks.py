"""Checks that hold in every environment, also with broken packages."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from packaging.specifiers import SpecifierSet
from venvs import CleanVenv
from wheels import CORE, CORE_RANGE, TINY_VERSION, version_of

OK, FAILED, USAGE = 0, 1, 2
JSON = ("--format", "json")
CORE_VERSION = version_of(CORE)


def assert_commands_work(venv: CleanVenv, **variables: str) -> dict[str, str | None]:
    """Check the commands that no broken package may affect; return the fault that the list shows for each filter.

    Each runs in a process of its own. Of two filters of one name the list's last one is returned.
    """
    commands = (["--help"], ["--version"], ["list", *JSON], ["info", "steady", *JSON])
    with ThreadPoolExecutor() as pool:
        helped, version, listed, shown = pool.map(lambda command: venv.distillery(*command, **variables), commands)
    assert (helped.returncode, helped.stderr) == (OK, "")
    assert all(f"\n  {command} " in helped.stdout for command in ("list", "info", "score", "doctor"))
    assert (version.returncode, version.stdout, version.stderr) == (OK, f"distillery {CORE_VERSION}\n", "")
    assert (listed.returncode, listed.stderr) == (OK, "")
    assert (shown.returncode, shown.stderr) == (OK, "")
    assert json.loads(shown.stdout)["config"]["version"] == TINY_VERSION
    entries = json.loads(listed.stdout)
    (steady,) = (entry for entry in entries if entry["name"] == "steady")
    assert SpecifierSet(steady["requires_core"]) == SpecifierSet(CORE_RANGE)
    assert steady | {"requires_core": ""} == {
        "name": "steady",
        "version": TINY_VERSION,
        "distribution": "distillery-filter-steady",
        "summary": "A tiny package for the tests",
        "requires_core": "",
        "experimental": False,
        "fault": None,
    }
    return {entry["name"]: entry["fault"] for entry in entries}


def assert_fails(venv: CleanVenv, *arguments: str, status: int, message: str, **variables: str) -> None:
    """Check that a command prints exactly this error, nothing on stdout, and exits with the status."""
    done = venv.distillery(*arguments, **variables)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", f"error: {message}\n")


def faults_from_doctor(venv: CleanVenv, *names: str, status: int) -> dict[str, str | None]:
    """Run doctor, check its exit status, and return the fault of each filter by name."""
    done = venv.distillery("doctor", *names, *JSON)
    assert (done.returncode, done.stderr) == (status, "")
    return {entry["name"]: entry["fault"] for entry in json.loads(done.stdout)["filters"]}
