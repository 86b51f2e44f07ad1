"""The ``distillery`` command itself: version, help and misuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import JSON, OK, USAGE, run

from distillery.plugins.manager import core_version

COMMANDS = ("list", "info", "score", "doctor")

Install = Callable[..., None]


def test_version() -> None:
    result = run("--version")

    assert (result.exit_code, result.stdout, result.stderr) == (OK, f"distillery {core_version()}\n", "")


def test_version_as_json_names_the_filters(install: Install, bert_filter: Path) -> None:
    install(bert_filter)

    assert json.loads(run("--version", *JSON).stdout) == {
        "distillery-core": core_version(),
        "filters": {"tiny-filter": "1.2.3"},
    }


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []], ids=["--help", "-h", "nothing"])
def test_help_names_the_commands_and_the_exit_status(arguments: list[str]) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stderr) == (OK, "")
    assert all(f"\n  {command} " in result.stdout for command in COMMANDS)
    assert "Exit status: 0" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_and_a_format(command: str) -> None:
    result = run(command, "--help")

    assert result.exit_code == OK
    assert "--format [table|json]" in result.stdout


@pytest.mark.parametrize(
    ("name", "hint"), [("scor", "Did you mean 'score'?"), ("wash", "Packages such as distillery-tools")]
)
def test_a_command_that_does_not_exist_is_answered_with_what_may_be_meant(name: str, hint: str) -> None:
    result = run(name)

    assert result.exit_code == USAGE
    assert f"No such command '{name}'. {hint}" in result.stderr


@pytest.mark.parametrize("arguments", [["scor"], ["--nope"], ["list", "--nope"], ["list", "extra"], ["info"]])
def test_misuse(arguments: list[str]) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert "Error: " in result.stderr
