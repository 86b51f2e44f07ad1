"""Fixtures of the cross-package tests: wheels built once, and environments to install them in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tiny_student import TinyStudent
from venvs import CleanVenv, NewVenv, link_dependencies
from wheels import CORE, built_wheel, tiny_filter_wheel


@pytest.fixture(scope="session")
def student(tmp_path_factory: pytest.TempPathFactory) -> TinyStudent:
    """The student of every tiny filter."""
    return TinyStudent.build(tmp_path_factory.mktemp("student"))


@pytest.fixture(scope="session")
def core_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core, built from this repository."""
    return built_wheel(CORE, tmp_path_factory.mktemp("core"))


@pytest.fixture(scope="session")
def steady_wheel(student: TinyStudent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The good filter, which must work beside any other package."""
    return tiny_filter_wheel(tmp_path_factory.mktemp("steady"), name="steady", student=student)


@pytest.fixture(scope="session")
def new_venv(core_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> NewVenv:
    """A function that makes clean environments."""
    dependencies = tmp_path_factory.mktemp("dependencies") / "site-packages"
    link_dependencies(dependencies)

    def make(*wheels: Path) -> CleanVenv:
        return CleanVenv.create(tmp_path_factory.mktemp("venv") / "env", dependencies, core_wheel, *wheels)

    return make


@pytest.fixture(scope="session")
def steady_venv(new_venv: NewVenv, steady_wheel: Path) -> CleanVenv:
    """An environment with the core and the good filter, for tests that install nothing else."""
    return new_venv(steady_wheel)
