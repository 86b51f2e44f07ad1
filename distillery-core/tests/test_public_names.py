"""The public names: sorted, all there, and the exceptions as one tree."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from importlib.metadata import version
from types import ModuleType

import pytest

import distillery
from distillery import errors


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(distillery.__path__, "distillery."):
        yield importlib.import_module(found.name)


def drawn_tree() -> dict[str, str | None]:
    """Return each exception in the docstring of errors.py and the one it hangs from."""
    parents: dict[str, str | None] = {}
    branch: list[str] = []
    for line in inspect.cleandoc(errors.__doc__ or "").replace("\n    ", "\n").splitlines():
        name = line.lstrip("│├└─ ").split(" ")[0]
        if name.endswith("Error") and line[:1] in "D│├└":
            depth = (len(line) - len(line.lstrip("│├└─ "))) // 4
            branch[depth:] = [name]
            parents[name] = branch[depth - 1] if depth else None
    return parents


def real_tree() -> dict[str, str | None]:
    classes = [value for value in vars(errors).values() if inspect.isclass(value)]
    return {
        found.__name__: next((base.__name__ for base in found.__bases__ if base in classes), None) for found in classes
    }


def test_names_are_sorted_and_single() -> None:
    assert distillery.__all__ == sorted(set(distillery.__all__))


@pytest.mark.parametrize("name", distillery.__all__)
def test_every_name_resolves_to_what_it_is_called(name: str) -> None:
    found = getattr(distillery, name)

    assert getattr(found, "__name__", name) == name
    assert inspect.getdoc(found)


def test_dir_lists_the_public_names() -> None:
    assert {*distillery.__all__, "__version__"} == set(dir(distillery))


def test_version_is_the_distributions() -> None:
    assert distillery.__version__ == version("distillery-core")


@pytest.mark.parametrize("name", ["load_filterz", "errors_", "_HOMEZ"])
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'distillery' has no attribute '{name}'"):
        getattr(distillery, name)


def test_exceptions_are_the_tree_that_is_drawn() -> None:
    assert drawn_tree() == real_tree()


def test_every_exception_is_public() -> None:
    assert {name for name in distillery.__all__ if name.endswith("Error")} == set(real_tree())


def test_every_exception_of_every_module_is_a_distillery_error() -> None:
    foreign = [
        f"{module.__name__}.{name}"
        for module in modules()
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, BaseException)
        and value.__module__ == module.__name__
        and not issubclass(value, distillery.DistilleryError)
    ]

    assert foreign == []
