"""One thing wrong at a time: each broken package fails with its own clear error and harms nothing else.

Every case has a clean environment with the core, the good filter 'steady' and one broken package.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import NewVenv
from tiny_student import TinyStudent
from venvs import CleanVenv, Outcome
from wheels import OFFERS_ITS_FOLDER, TINY_VERSION, tiny_config, tiny_filter_wheel, tiny_wheel

OK, FAILED, USAGE = 0, 1, 2
CORE_VERSION = "1.0.0"
ARTICLE = "{'title': 'A bridge', 'content': 'It opened on Monday and a town of thousands can cross.'}"
STRICT = {"DISTILLERY_STRICT": "1"}

HOOK = "from pathlib import Path\nfrom distillery import hookimpl\n\n@hookimpl\n"
OTHER_HOOKS = "There are: distillery_filter"


@dataclass(frozen=True)
class Case:
    """A broken filter 'broken': how it is built, when its fault shows, and what the error says."""

    id: str
    error: str
    says: tuple[str, ...]
    wheel: Mapping[str, Any] = field(default_factory=dict)
    config: Callable[[dict[str, Any]], object] | None = None
    cause: str | None = None
    in_metadata: bool = False
    needs: str = "load_config"

    def build(self, folder: Path, student: TinyStudent) -> Path:
        """Build the wheel of the broken filter."""
        arguments = dict(self.wheel)
        if self.config:
            arguments["config"] = tiny_config("broken", student)
            self.config(arguments["config"])
        return tiny_filter_wheel(folder, name="broken", student=student, **arguments)


def _unknown_key_and_weights(config: dict[str, Any]) -> None:
    config["colour"] = "blue"
    config["dimensions"][0]["weight"] = 0.5


def _other_weights(config: dict[str, Any]) -> None:
    config["students"]["compact"]["sha256"]["adapter_model.safetensors"] = "0" * 64


def _other_base(config: dict[str, Any]) -> None:
    config["students"]["compact"]["base"]["sha256"]["model.safetensors"] = "0" * 64


def _no_base(config: dict[str, Any]) -> None:
    config["students"]["compact"]["base"]["path"] = "/nowhere/tiny-bert"


REINSTALL = "pip install --force-reinstall distillery-filter-broken"
REMOVE = "pip uninstall distillery-filter-broken"
NOT_IMPORTED = f"broken {TINY_VERSION} could not be imported: "
TITLE = f"distillery-filter-broken {TINY_VERSION}"

CASES = [
    # Its package does not import.
    Case(
        "third package missing",
        "FilterImportError",
        (
            f"{NOT_IMPORTED}ModuleNotFoundError: No module named 'nope_nope'",
            "pip install nope_nope",
            REMOVE,
            "distillery doctor broken",
        ),
        {"module_source": "import nope_nope.inner\n"},
        cause="ModuleNotFoundError",
    ),
    Case(
        "own module missing",
        "FilterImportError",
        (f"{NOT_IMPORTED}ModuleNotFoundError: No module named 'distillery_filter_broken.rules'", REINSTALL, REMOVE),
        {"module_source": "import distillery_filter_broken.rules\n"},
        cause="ModuleNotFoundError",
    ),
    Case(
        "module of another core",
        "FilterImportError",
        (f"{NOT_IMPORTED}ModuleNotFoundError: No module named 'distillery.not_yet'", "distillery-core", REMOVE),
        {"module_source": "import distillery.not_yet\n"},
        cause="ModuleNotFoundError",
    ),
    Case(
        "exception at import",
        "FilterImportError",
        (f"{NOT_IMPORTED}RuntimeError: no luck today", REINSTALL, REMOVE, "distillery doctor broken"),
        {"module_source": "raise RuntimeError('no luck today')\n"},
        cause="RuntimeError",
    ),
    Case(
        "exit at import",
        "FilterImportError",
        (f"{NOT_IMPORTED}SystemExit: 3", REINSTALL, REMOVE),
        {"module_source": "import sys\nsys.exit(3)\n"},
        cause="SystemExit",
    ),
    Case(
        "syntax error",
        "FilterImportError",
        (f"{NOT_IMPORTED}SyntaxError: ", "__init__.py, line 1", REINSTALL, REMOVE),
        {"module_source": "def distillery_filter(:\n"},
        cause="SyntaxError",
    ),
    # It and the core exclude each other; the module would raise if it were imported.
    Case(
        "core too old",
        "FilterVersionError",
        (
            f"broken {TINY_VERSION} needs distillery-core >=9.0,<10 but {CORE_VERSION} is installed.",
            'pip install "distillery-core>=9.0,<10"',
        ),
        {"requires_core": ">=9.0,<10", "module_source": "raise RuntimeError('imported')\n"},
        in_metadata=True,
    ),
    Case(
        "core too new",
        "FilterVersionError",
        (
            f"broken {TINY_VERSION} needs distillery-core >=0.1,<0.9 but {CORE_VERSION} is installed.",
            "pip install -U distillery-filter-broken",
            'pip install "distillery-core>=0.1,<0.9"',
        ),
        {"requires_core": ">=0.1,<0.9", "module_source": "raise RuntimeError('imported')\n"},
        in_metadata=True,
    ),
    # It imports, but is not what a filter must be.
    Case(
        "unknown hook",
        "FilterContractError",
        (TITLE, "unknown hook 'distillery_filtr'", f"hooks of distillery-core {CORE_VERSION}", OTHER_HOOKS),
        {"module_source": f"{HOOK}def distillery_filtr():\n    return Path(__file__).parent\n"},
        cause="PluginValidationError",
    ),
    Case(
        "wrong argument",
        "FilterContractError",
        (TITLE, "distillery_filter(mood)", "{'mood'}", f"hooks of distillery-core {CORE_VERSION}", OTHER_HOOKS),
        {"module_source": f"{HOOK}def distillery_filter(mood):\n    return Path(__file__).parent\n"},
        cause="PluginValidationError",
    ),
    Case(
        "no hook",
        "FilterContractError",
        (TITLE, "distillery_filter", "pathlib.Path", "FilterBaseScorer"),
        {"module_source": "colour = 'blue'\n"},
    ),
    Case(
        "text for an answer",
        "FilterContractError",
        (TITLE, "answers the hook distillery_filter with '/some/folder'", "pathlib.Path", "FilterBaseScorer"),
        {"module_source": f"{HOOK}def distillery_filter():\n    return '/some/folder'\n"},
    ),
    Case(
        "hook raises",
        "FilterImportError",
        (f"broken {TINY_VERSION}", "RuntimeError: not on Sundays", REINSTALL, REMOVE),
        {"module_source": f"{HOOK}def distillery_filter():\n    raise RuntimeError('not on Sundays')\n"},
        cause="RuntimeError",
    ),
    Case(
        "another name in the config",
        "FilterContractError",
        (f"{TITLE} registers a filter 'broken', but its config.yaml names 'other'", "tell the filter's author"),
        config=lambda config: config.update(name="other"),
    ),
    Case(
        "another version in the config",
        "FilterContractError",
        (
            f"{TITLE} holds a config.yaml of version 1.2.2",
            f'pip install --force-reinstall "distillery-filter-broken=={TINY_VERSION}"',
        ),
        config=lambda config: config.update(version="1.2.2"),
    ),
    # Its config is wrong.
    Case(
        "two faults in the config",
        "ConfigError",
        (
            "distillery_filter_broken/config.yaml has 2 fault(s):",
            "  colour: Extra inputs are not permitted",
            "  dimensions: the weights sum to 0.75, not to 1",
        ),
        config=_unknown_key_and_weights,
        cause="ValidationError",
    ),
    Case(
        "config is no YAML",
        "ConfigError",
        ("distillery_filter_broken/config.yaml cannot be read as YAML", "line 1"),
        {"config": "name: [broken\n"},
        cause="ParserError",
    ),
    Case(
        "no config",
        "ConfigError",
        ("distillery_filter_broken/config.yaml does not exist",),
        {"leave_out": ["config.yaml"]},
    ),
    # Its weights are not those that were released.
    Case(
        "other weights",
        "WeightsError",
        (
            f"broken {TINY_VERSION}: adapter_model.safetensors has sha256 ",
            "config.yaml says 000000000000",
            f'pip install --force-reinstall "distillery-filter-broken=={TINY_VERSION}"',
        ),
        config=_other_weights,
        needs="load_filter",
    ),
    Case(
        "no weights",
        "WeightsError",
        (
            f"broken {TINY_VERSION}: ",
            "distillery_filter_broken/compact/adapter_model.safetensors is missing",
            f'pip install --force-reinstall "distillery-filter-broken=={TINY_VERSION}"',
        ),
        {"leave_out": ["compact/adapter_model.safetensors"]},
        needs="load_filter",
    ),
    Case(
        "other base",
        "WeightsError",
        ("tests/tiny-bert: model.safetensors has sha256 ", "config.yaml says 000000000000"),
        config=_other_base,
        needs="load_filter",
    ),
    Case(
        "no base",
        "BaseModelNotFoundError",
        ("The base model tests/tiny-bert was not found.", "folder /nowhere/tiny-bert", "provider packages", "Hub"),
        config=_no_base,
        needs="load_filter",
    ),
]


@dataclass(frozen=True)
class Trial:
    """A case with its environment and what using the broken and then the good filter gave."""

    case: Case
    venv: CleanVenv
    broken: Outcome
    steady_config: Outcome
    steady_listed: Outcome


@pytest.fixture(scope="module")
def broken_wheels(student: TinyStudent, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The broken filter of each case by the case's id."""
    return {case.id: case.build(tmp_path_factory.mktemp("broken"), student) for case in CASES}


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.id.replace(" ", "-"))
def trial(
    request: pytest.FixtureRequest, new_venv: NewVenv, steady_wheel: Path, broken_wheels: dict[str, Path]
) -> Trial:
    """A case in its own environment, tried out in one process."""
    case: Case = request.param
    venv = new_venv(steady_wheel, broken_wheels[case.id])
    return Trial(
        case,
        venv,
        *venv.evaluate(
            f"{case.needs}('broken')",
            "load_config('steady').version",
            "[(item.name, item.version) for item in list_filters()]",
        ),
    )


def test_broken_filter_raises_its_own_error(trial: Trial) -> None:
    """The error is of the right class, and names the object, its full version and the remedy."""
    assert trial.broken.error == trial.case.error, trial.broken
    assert "DistilleryError" in trial.broken.family
    assert "KeyError" not in trial.broken.family
    assert trial.broken.cause == trial.case.cause
    for text in trial.case.says:
        assert text in trial.broken.message


def test_good_filter_works_in_the_same_process(trial: Trial) -> None:
    """After the failure the good filter still loads, and the list still shows both."""
    assert trial.steady_config.value == TINY_VERSION, trial.steady_config
    assert trial.steady_listed.value == [["broken", TINY_VERSION], ["steady", TINY_VERSION]]


def test_commands_are_unharmed(trial: Trial) -> None:
    """list, --help, --version and info run as ever; doctor reports the broken filter and only that one."""
    assert_commands_work(trial.venv)
    listed = {entry["name"]: entry for entry in json.loads(trial.venv.distillery("list", "--format", "json").stdout)}
    assert listed["broken"]["fault"] == (trial.broken.message if trial.case.in_metadata else None)
    faults = doctors_faults(trial.venv, status=FAILED)
    assert faults == {
        f"distillery-filter-broken {TINY_VERSION}": trial.broken.message,
        f"distillery-filter-steady {TINY_VERSION}": None,
    }


def assert_commands_work(venv: CleanVenv, **variables: str) -> None:
    """Check the commands that no broken package may touch, each in a process of its own."""
    helped = venv.distillery("--help", **variables)
    assert (helped.returncode, helped.stderr) == (OK, "")
    assert all(f"\n  {command} " in helped.stdout for command in ("list", "info", "score", "doctor"))
    version = venv.distillery("--version", **variables)
    assert (version.returncode, version.stdout, version.stderr) == (OK, f"distillery {CORE_VERSION}\n", "")
    listed = venv.distillery("list", "--format", "json", **variables)
    assert (listed.returncode, listed.stderr) == (OK, "")
    assert steady_entry(json.loads(listed.stdout)) == {
        "name": "steady",
        "version": TINY_VERSION,
        "distribution": "distillery-filter-steady",
        "summary": "A tiny package for the tests",
        "requires_core": "<2,>=1.0",
        "fault": None,
    }
    shown = venv.distillery("info", "steady", "--format", "json", **variables)
    assert (shown.returncode, shown.stderr) == (OK, "")
    assert json.loads(shown.stdout)["config"]["version"] == TINY_VERSION


def steady_entry(listed: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the list says of the good filter, once."""
    (entry,) = (entry for entry in listed if entry["name"] == "steady")
    return entry


def doctors_faults(venv: CleanVenv, *names: str, status: int) -> dict[str, str | None]:
    """Run doctor, check its exit status, and return the fault of each distribution."""
    done = venv.distillery("doctor", *names, "--format", "json")
    assert (done.returncode, done.stderr) == (status, "")
    return {entry["distribution"]: entry["fault"] for entry in json.loads(done.stdout)["filters"]}
