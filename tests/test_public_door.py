"""The public door: tools, filters, encoders and bases import nothing of the core but its public modules."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from wheels import ROOT

KINDS = ("bases", "encoders", "filters")
PUBLIC = ("distillery", "distillery.plugins", "distillery.testing", "distillery.toolkit")
PACKAGES = [ROOT / "tools", *sorted(path.parent for kind in KINDS for path in ROOT.glob(f"{kind}/*/src"))]


def private_imports(path: Path) -> Iterator[str]:
    """Yield each import of a module of the core, or of a name, that is not public."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found: list[tuple[str, str | None]] = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        for module, name in found:
            if module.partition(".")[0] == "distillery" and not is_public(module, name):
                yield f"{path}:{node.lineno}: {module}" + (f".{name}" if name else "")


def is_public(module: str, name: str | None) -> bool:
    """Tell whether a module is public, and a name imported from it too."""
    if f"{module}.{name}" in PUBLIC:
        return True
    return module in PUBLIC and (name is None or name in importlib.import_module(module).__all__)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_package_uses_the_public_door(package: Path) -> None:
    modules = list(package.glob("src/**/*.py"))

    assert modules
    assert [fault for module in modules for fault in private_imports(module)] == []


@pytest.mark.parametrize(
    ("line", "private"),
    [
        ("from distillery import load_filter, hookimpl", False),
        ("from distillery import toolkit", False),
        ("import distillery", False),
        ("from distillery.plugins import hookimpl", False),
        ("from distillery.testing import FilterConformance", False),
        ("import distillery_tools.oracle", False),
        ("from .errors import Strange", False),
        ("from distillery.plugins.host import host_plugins", True),
        ("from distillery.plugins import packages", True),
        ("from distillery import scoring", True),
        ("import distillery.scoring.score", True),
        ("def score():\n    from distillery.loading import load_filter", True),
        ("if TYPE_CHECKING:\n    from distillery.config import FilterConfig", True),
    ],
)
def test_private_imports_are_found(tmp_path: Path, line: str, private: bool) -> None:
    path = tmp_path / "module.py"
    path.write_text(line, encoding="utf-8")

    assert bool(list(private_imports(path))) == private
