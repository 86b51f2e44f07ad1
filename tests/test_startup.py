"""Commands that need no model import nothing heavy, and none imports a filter to list it."""

from __future__ import annotations

import json

import pytest
from tiny_student import TinyStudent
from venvs import CleanVenv, NewVenv
from wheels import tiny_filter_wheel

NAMES = ("calm", "keen", "mild", "warm-sea")
MODELS = {"openvino", "torch", "transformers"}
HEAVY = MODELS | {
    "huggingface_hub",
    "numpy",
    "pandas",
    "peft",
    "pyarrow",
    "pydantic",
    "safetensors",
    "scipy",
    "sklearn",
    "tokenizers",
}

# Runs a command as the installed script does, then writes what has been imported.
RUN = """
import json, sys
from distillery.cli import main
sys.argv = ["distillery", *sys.argv[1:]]
try:
    main()
except SystemExit as exit:
    status = exit.code
json.dump([status or 0, sorted({name.partition(".")[0] for name in sys.modules})], open("modules.json", "w"))
"""


@pytest.fixture(scope="module")
def four_filters(new_venv: NewVenv, student: TinyStudent, tmp_path_factory: pytest.TempPathFactory) -> CleanVenv:
    """Four filters, each of which would load."""
    return new_venv(*(tiny_filter_wheel(tmp_path_factory.mktemp(name), name=name, student=student) for name in NAMES))


def imported_by(venv: CleanVenv, *arguments: str) -> set[str]:
    """Return the top-level packages that a command imports; it must succeed."""
    done = venv.run("python", "-c", RUN, *arguments)
    status, modules = json.loads((venv.work / "modules.json").read_text(encoding="utf-8"))
    assert status == 0, done.stderr
    assert "distillery" in modules
    return set(modules)


def filters_in(modules: set[str]) -> set[str]:
    """Return the filter packages among modules."""
    return {name for name in modules if name.startswith("distillery_filter_")}


@pytest.mark.parametrize(
    "command",
    ["list", "list --format json", "list --requirements", "--help", "-h", "", "--version", "--version --format json"],
)
def test_nothing_heavy_and_no_filter_is_imported(four_filters: CleanVenv, command: str) -> None:
    """What users run most answers from metadata alone."""
    modules = imported_by(four_filters, *command.split())
    assert modules & HEAVY == set()
    assert filters_in(modules) == set()


@pytest.mark.parametrize("command", ["list", "info", "score", "doctor"])
def test_help_of_a_command_imports_no_model(four_filters: CleanVenv, command: str) -> None:
    """Help of any command needs no library of models and no filter."""
    modules = imported_by(four_filters, command, "--help")
    assert modules & MODELS == set()
    assert filters_in(modules) == set()


def test_info_imports_one_filter_and_no_model(four_filters: CleanVenv) -> None:
    """Of four filters only the one asked for is imported."""
    modules = imported_by(four_filters, "info", "warm-sea")
    assert modules & (MODELS | {"pyarrow"}) == set()
    assert filters_in(modules) == {"distillery_filter_warm_sea"}


def test_import_of_the_package_is_light(four_filters: CleanVenv) -> None:
    """``import distillery`` and its version cost no heavy import either."""
    probe = "import distillery, sys; distillery.__version__; print(*sys.modules)"
    modules = {name.partition(".")[0] for name in four_filters.run("python", "-c", probe).stdout.split()}
    assert "distillery" in modules
    assert modules & HEAVY == set()
