"""Packages that extend the host: a broken one causes a warning and breaks no command and no filter."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from checks import CORE_VERSION, FAILED, OK, USAGE, assert_commands_work
from tiny_student import TinyStudent
from venvs import CleanVenv, NewVenv
from wheels import TINY_VERSION, tiny_config, tiny_filter_wheel, tiny_wheel

TITLE = f"acme-extras {TINY_VERSION}"
HOOK = "from distillery import hookimpl\n\n@hookimpl\n"
STRICT = {"DISTILLERY_STRICT": "1"}


@dataclass(frozen=True)
class Case:
    """A broken host plugin: its source, and what the warning says beside its name and version."""

    id: str
    source: str
    says: str


CASES = [
    Case("import", "import nope_nope\n", "ModuleNotFoundError: No module named 'nope_nope'"),
    Case("exit-at-import", "import sys\nsys.exit(4)\n", "SystemExit: 4"),
    Case("unknown-hook", f"{HOOK}def distillery_comands():\n    return {{}}\n", "unknown hook 'distillery_comands'"),
    Case(
        "commands-raise",
        f"{HOOK}def distillery_commands():\n    raise RuntimeError('no commands today')\n",
        "RuntimeError: no commands today",
    ),
    Case("commands-in-a-list", f"{HOOK}def distillery_commands():\n    return ['wash']\n", "distillery_commands"),
    Case(
        "provider-without-attribute",
        f"{HOOK}def distillery_providers():\n    return {{'dice': 'acme_extras'}}\n",
        "distillery_providers",
    ),
    Case(
        "command-without-help",
        f"{HOOK}def distillery_commands():\n    return {{'wash': 'acme_extras:wash'}}\n",
        "distillery_commands",
    ),
]

COMMANDS = f"""
import click

{HOOK}def distillery_commands():
    return {{"wash": ("acme_extras:wash", "Wash the news."), "list": ("acme_extras:wash", "Not this one.")}}

@click.command()
def wash():
    click.echo("washed")
"""


def plugin_wheel(folder: Path, source: str) -> Path:
    """Build the host plugin acme-extras."""
    return tiny_wheel(
        folder,
        distribution="acme-extras",
        entry_points={"distillery.plugins": {"extras": "acme_extras"}},
        module_source=source,
    )


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.id)
def broken(
    request: pytest.FixtureRequest, new_venv: NewVenv, steady_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Case, CleanVenv]:
    """A broken host plugin beside the good filter."""
    return request.param, new_venv(steady_wheel, plugin_wheel(tmp_path_factory.mktemp("plugin"), request.param.source))


def test_help_works_with_a_warning(broken: tuple[Case, CleanVenv]) -> None:
    """--help lists the core's commands, and the warning names the plugin, its version and the fault."""
    case, venv = broken
    helped = venv.distillery("--help")
    assert helped.returncode == OK, helped.stderr
    assert all(f"\n  {command} " in helped.stdout for command in ("list", "info", "score", "doctor"))
    assert helped.stderr.startswith(f"WARNING: {TITLE} ")
    assert helped.stderr.count("WARNING") == 1
    assert case.says in helped.stderr
    assert "Traceback" not in helped.stderr


def test_other_commands_work(broken: tuple[Case, CleanVenv]) -> None:
    """list, --version and info do what they do without the plugin."""
    _, venv = broken
    assert venv.distillery("--version").stdout == f"distillery {CORE_VERSION}\n"
    listed = venv.distillery("list", "--format", "json")
    assert listed.returncode == OK
    assert [(entry["name"], entry["fault"]) for entry in json.loads(listed.stdout)] == [("steady", None)]
    shown = venv.distillery("info", "steady", "--format", "json")
    assert (shown.returncode, json.loads(shown.stdout)["config"]["name"]) == (OK, "steady")


def test_doctor_reports_it(broken: tuple[Case, CleanVenv]) -> None:
    """Doctor names the plugin and its fault, finds the filter sound, and exits 1."""
    case, venv = broken
    done = venv.distillery("doctor", "--format", "json")
    assert done.returncode == FAILED
    report = json.loads(done.stdout)
    assert [entry["fault"] for entry in report["filters"]] == [None]
    (plugin,) = report["plugins"]
    assert plugin["distribution"] == TITLE
    assert case.says in plugin["fault"]


def test_unknown_command_is_a_usage_error(broken: tuple[Case, CleanVenv]) -> None:
    """The command that the plugin would have added is unknown, not a traceback."""
    _, venv = broken
    done = venv.distillery("wash")
    assert done.returncode == USAGE
    assert "No such command 'wash'" in done.stderr
    assert "Traceback" not in done.stderr


def test_strict_raises(broken: tuple[Case, CleanVenv]) -> None:
    """With DISTILLERY_STRICT=1 the fault is a PluginError, and on the command line a clean error."""
    case, venv = broken
    done = venv.distillery("--help", **STRICT)
    assert done.returncode == FAILED
    assert done.stderr.startswith(f"error: {TITLE} ")
    assert case.says in done.stderr
    assert "Traceback" not in done.stderr
    assert venv.distillery("doctor", **STRICT).returncode == FAILED


def test_strict_error_is_a_plugin_error(new_venv: NewVenv, tmp_path_factory: pytest.TempPathFactory) -> None:
    """In Python the class is PluginError, and each attempt raises it again."""
    venv = new_venv(plugin_wheel(tmp_path_factory.mktemp("plugin"), "import nope_nope\n"))
    first, second = venv.evaluate("host_plugins()", "host_plugins()", **STRICT)
    assert first.error == second.error == "PluginError"
    assert "DistilleryError" in first.family
    assert first.message.startswith(f"{TITLE} could not be loaded: ModuleNotFoundError: No module named 'nope_nope'\n")
    assert "pip uninstall" in first.message


def test_good_plugin_adds_its_command(
    new_venv: NewVenv, steady_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Its command is listed and runs; it cannot replace one of the core's."""
    venv = new_venv(steady_wheel, plugin_wheel(tmp_path_factory.mktemp("plugin"), COMMANDS))
    assert assert_commands_work(venv, **STRICT) == {"steady": None}
    helped = venv.distillery("--help").stdout
    assert "Wash the news." in helped
    assert "Not this one." not in helped
    washed = venv.distillery("wash")
    assert (washed.returncode, washed.stdout, washed.stderr) == (OK, "washed\n", "")


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ("return {'tests/tiny-bert': lambda: Path(BASE)}", None, ""),
        ("raise RuntimeError('no models today')", "BaseModelNotFoundError", "RuntimeError: no models today"),
        ("return ['tests/tiny-bert']", "BaseModelNotFoundError", "distillery_base_models"),
        ("return {'tests/tiny-bert': lambda: open('/nowhere/at/all')}", "BaseModelNotFoundError", "/nowhere/at/all"),
    ],
    ids=["good", "hook-raises", "list", "function-raises"],
)
def test_provider_of_base_models(
    new_venv: NewVenv,
    student: TinyStudent,
    tmp_path_factory: pytest.TempPathFactory,
    answer: str,
    error: str | None,
    says: str,
) -> None:
    """A base model comes from a provider; from a broken one comes an error of ours that names it."""
    config = tiny_config("homeless", student)
    del config["students"]["compact"]["base"]["path"]
    hook = (
        f"from pathlib import Path\nBASE = {str(student.base)!r}\n{HOOK}def distillery_base_models():\n    {answer}\n"
    )
    venv = new_venv(
        tiny_filter_wheel(tmp_path_factory.mktemp("homeless"), name="homeless", student=student, config=config),
        plugin_wheel(tmp_path_factory.mktemp("plugin"), hook),
    )
    done = venv.distillery("doctor", "homeless", "--format", "json")
    assert "Traceback" not in done.stderr
    assert done.returncode == (FAILED if error else OK)
    if error:
        (homeless,) = venv.evaluate("load_filter('homeless', backend='torch')")
        assert homeless.error == error, homeless
        assert TITLE in homeless.message
        assert says in homeless.message
