"""The tools as a plugin: their commands are listed and explained without a heavy import."""

from __future__ import annotations

import importlib
import json
import sys

import click
import processes
import pytest

from distillery_tools.plugin import distillery_commands

HEAVY = ("torch", "transformers", "peft", "sklearn", "scipy", "openvino", "openai", "google.genai", "httpx2")

RUN = """
import json, sys
from distillery.cli import main
sys.argv = ["distillery", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print(json.dumps([end.code or 0, sorted(sys.modules)]))
"""


def run(*arguments: str) -> tuple[str, set[str]]:
    """Run a command as the script does; return what it prints and what it imports."""
    done = processes.run(sys.executable, "-c", RUN, *arguments, text=True)
    *printed, last = done.stdout.splitlines()
    status, modules = json.loads(last)
    assert status == 0, done.stderr
    return "\n".join(printed), set(modules)


def test_help_lists_both_commands_and_imports_nothing_heavy() -> None:
    """Not even numpy: the group's help comes from names alone."""
    printed, modules = run("--help")
    for name, (_, text) in distillery_commands().items():
        assert f"  {name} " in printed
        assert text in printed
    assert "distillery_tools.plugin" in modules
    assert modules & {*HEAVY, "numpy", "tokenizers", "distillery_tools.cli.train"} == set()


@pytest.mark.parametrize(("command", "option"), [("train", "--data"), ("evaluate", "--data"), ("label", "--budget")])
def test_help_of_a_command_builds_no_model(command: str, option: str) -> None:
    """Its options and their defaults need no library of models."""
    printed, modules = run(command, "--help")
    assert option in printed
    assert modules & set(HEAVY) == set()


def test_help_of_select_builds_no_model() -> None:
    """Though it may load a filter when it runs."""
    printed, modules = run("select", "--help")
    assert "--shares" in printed
    assert modules & set(HEAVY) == set()


@pytest.mark.parametrize("name", ["train", "evaluate", "select", "label"])
def test_each_command_is_where_the_plugin_says(name: str) -> None:
    """And is called what it is listed as; its first sentence may be longer."""
    module, _, attribute = distillery_commands()[name][0].partition(":")
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.name == name
