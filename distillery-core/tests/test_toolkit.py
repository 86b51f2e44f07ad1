"""distillery.toolkit: every name resolves, once, and importing it imports nothing heavy."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable

import pytest

from distillery import toolkit


def typed_imports() -> dict[str, set[str]]:
    """Return the names that type checkers see, by module."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(inspect.getsource(toolkit))):
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            found.setdefault(node.module, set()).update(alias.name for alias in node.names)
    return found


def test_type_checkers_see_what_is_there() -> None:
    assert typed_imports() == {home: set(names) for home, names in toolkit._HOMES.items()}


def test_names_are_sorted_and_single() -> None:
    names = [name for group in toolkit._HOMES.values() for name in group]

    assert len(names) > 50
    assert sorted(names) == sorted(toolkit.__all__) == dir(toolkit)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", toolkit.__all__)
def test_every_name_resolves(name: str) -> None:
    assert getattr(toolkit, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'distillery\.toolkit' has no attribute 'nothing'"):
        getattr(toolkit, "nothing")  # noqa: B009  # the name is wrong on purpose


def test_importing_it_imports_nothing_heavy(run_python: Callable[..., str]) -> None:
    code = "import sys, distillery.toolkit; print({'torch', 'numpy', 'pydantic', 'click'} & set(sys.modules))"

    assert run_python(code) == "set()"
