"""The broken filters: each with one fault, and the texts that its error must contain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks import CORE_VERSION
from tiny_student import TinyStudent
from wheels import TINY_VERSION, tiny_config, tiny_filter_wheel

HOOK = "from pathlib import Path\nfrom distillery import hookimpl\n\n@hookimpl\n"
REINSTALL = "pip install --force-reinstall distillery-filter-broken"
REMOVE = "pip uninstall distillery-filter-broken"
NOT_IMPORTED = f"broken {TINY_VERSION} could not be imported: "
TITLE = f"distillery-filter-broken {TINY_VERSION}"
THE_HOOKS = f"hooks of distillery-core {CORE_VERSION}", "There are: distillery_filter"


@dataclass(frozen=True)
class Case:
    """A broken filter: how its wheel differs from a good one, and what its error says.

    ``wheel`` goes to `tiny_filter_wheel`, ``config`` changes the config.yaml. ``in_metadata`` is true
    if the fault shows without an import, ``needs`` names the function that meets it.
    """

    id: str
    error: str
    says: tuple[str, ...]
    wheel: Mapping[str, Any] = field(default_factory=dict)
    config: Callable[[dict[str, Any]], object] | None = None
    cause: str | None = None
    never_says: tuple[str, ...] = ()
    in_metadata: bool = False
    needs: str = "load_config"

    def build(self, folder: Path, student: TinyStudent, name: str = "broken") -> Path:
        """Build the wheel of the broken filter."""
        arguments = dict(self.wheel)
        if self.config:
            arguments["config"] = tiny_config(name, student)
            self.config(arguments["config"])
        return tiny_filter_wheel(folder, name=name, student=student, **arguments)


def _unknown_key_and_weights(config: dict[str, Any]) -> None:
    config["colour"] = "blue"
    config["dimensions"][0]["weight"] = 0.5


def _other_weights(config: dict[str, Any]) -> None:
    config["students"]["compact"]["sha256"]["adapter_model.safetensors"] = "0" * 64


def _other_base(config: dict[str, Any]) -> None:
    config["students"]["compact"]["base"]["sha256"]["model.safetensors"] = "0" * 64


def _no_base(config: dict[str, Any]) -> None:
    config["students"]["compact"]["base"]["path"] = "/nowhere/tiny-bert"


CASES = [
    # Its package does not import.
    Case(
        "third package missing",
        "FilterImportError",
        (
            f"{NOT_IMPORTED}ModuleNotFoundError: No module named 'nope_nope'",
            "pip install distillery-filter-broken",
            REMOVE,
            "distillery doctor broken",
        ),
        {"module_source": "import nope_nope.inner\n"},
        cause="ModuleNotFoundError",
        never_says=("pip install nope_nope",),  # a module's name need not be that of a package
    ),
    Case(
        "own module missing",
        "FilterImportError",
        (f"{NOT_IMPORTED}ModuleNotFoundError: No module named 'distillery_filter_broken.rules'", REINSTALL, REMOVE),
        {"module_source": "import distillery_filter_broken.rules\n"},
        cause="ModuleNotFoundError",
        never_says=("pip install distillery_filter_broken",),
    ),
    Case(
        "module of another core",
        "FilterImportError",
        (f"{NOT_IMPORTED}ModuleNotFoundError: No module named 'distillery.not_yet'", "distillery-core", REMOVE),
        {"module_source": "import distillery.not_yet\n"},
        cause="ModuleNotFoundError",
        never_says=("pip install distillery,", "pip install distillery "),  # somebody else's package on PyPI
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
    Case(
        "other publisher and core too new",
        "FilterVersionError",
        (f"broken {TINY_VERSION} needs distillery-core >=0.1,<0.9", "pip install -U acme-broken"),
        {"requires_core": ">=0.1,<0.9", "distribution": "acme-broken", "module_source": "raise RuntimeError\n"},
        never_says=("distillery-filter-broken",),
        in_metadata=True,
    ),
    # It imports, but is not what a filter must be.
    Case(
        "unknown hook",
        "FilterContractError",
        (TITLE, "unknown hook 'distillery_filtr'", *THE_HOOKS),
        {"module_source": f"{HOOK}def distillery_filtr():\n    return Path(__file__).parent\n"},
        cause="PluginValidationError",
    ),
    Case(
        "wrong argument",
        "FilterContractError",
        (TITLE, "distillery_filter(mood)", "{'mood'}", *THE_HOOKS),
        {"module_source": f"{HOOK}def distillery_filter(mood):\n    return Path(__file__).parent\n"},
        cause="PluginValidationError",
    ),
    Case(
        "no hook",
        "FilterContractError",
        (TITLE, "does not implement the hook distillery_filter", "@distillery.hookimpl"),
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
        (f"{TITLE} registers a filter 'broken', but its config.yaml names 'other'", "Tell the filter's author"),
        config=lambda config: config.update(name="other"),
    ),
    Case(
        "another version in the config",
        "FilterContractError",
        (
            f"{TITLE} is installed, but its config.yaml is of version 1.2.2.",
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
            "  colour: there is no such key here",
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
            "its config says 000000000000",
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
        ("tests/tiny-bert: model.safetensors has sha256 ", "its config says 000000000000"),
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
