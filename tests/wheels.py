"""Real wheels: the repository's own packages, and tiny filters and plugins with one thing wrong."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import tomllib
import zipfile
from collections.abc import Collection, Mapping
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import processes
import yaml
from hatchling.build import build_wheel as hatchling_build_wheel
from tiny_student import DIMENSIONS, TinyStudent

from distillery.names import distribution_of

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "distillery-core"
BASES = sorted(path.parent for path in ROOT.glob("bases/*/pyproject.toml"))
ENCODERS = sorted(path.parent for path in ROOT.glob("encoders/*/pyproject.toml"))
FILTERS = sorted(path.parent for path in ROOT.glob("filters/*/pyproject.toml"))

TINY_VERSION = "1.2.3"
CORE_RANGE = ">=1.0,<2"

OFFERS_ITS_FOLDER = """
from pathlib import Path

from distillery import hookimpl


@hookimpl
def distillery_filter() -> Path:
    return Path(__file__).parent
"""


def built_wheel(project: Path, output: Path) -> Path:
    """Build a package of the repository as a release does, and return the wheel."""
    command = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", output, project)
    done = processes.run(*command, text=True)
    assert done.returncode == 0, f"{project.name} does not build:\n{done.stdout}\n{done.stderr}"
    (wheel,) = output.glob("*.whl")
    return wheel


def version_of(project: Path) -> str:
    """Return the version that a package's pyproject.toml states."""
    version: str = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return version


def tiny_config(
    name: str, student: TinyStudent, *, version: str = TINY_VERSION, requires_core: str = CORE_RANGE
) -> dict[str, Any]:
    """Return a valid config.yaml of a filter with two dimensions and the tiny student."""
    return {
        "name": name,
        "version": version,
        "requires_core": requires_core,
        "summary": f"The tiny filter {name}",
        "dimensions": [
            {"name": DIMENSIONS[0], "weight": 0.75, "description": "How warm it is"},
            {"name": DIMENSIONS[1], "weight": 0.25, "description": "How clear it is"},
        ],
        "tiers": [
            {"name": "high", "at_least": 5.0, "description": "Warm and clear"},
            {"name": "low", "at_least": 0.0, "description": "Neither"},
        ],
        "prefilter": {"min_content_chars": 0},
        "students": {"compact": student.section()},
        "default_student": "compact",
        "oracle": {"prompt": "prompt.md"},
    }


def tiny_filter_wheel(
    folder: Path,
    *,
    name: str,
    student: TinyStudent,
    version: str = TINY_VERSION,
    distribution: str | None = None,
    requires_core: str = CORE_RANGE,
    module_source: str = OFFERS_ITS_FOLDER,
    config: Mapping[str, Any] | str | None = None,
    leave_out: Collection[str] = (),
) -> Path:
    """Build a filter package in ``folder``; only what the arguments say is wrong with it.

    ``version`` and ``requires_core`` go into the metadata and, unless ``config`` is given, into
    config.yaml; a ``config`` in text is written as it is. ``leave_out`` names files that are lost.
    """
    distribution = distribution or distribution_of(name)
    config = config or tiny_config(name, student, version=version, requires_core=requires_core)
    files = {
        "config.yaml": (config if isinstance(config, str) else yaml.safe_dump(dict(config))).encode(),
        "prompt.md": b"Rate the article.\n",
        **{f"compact/{path.name}": path.read_bytes() for path in student.adapter.iterdir()},
    }
    return tiny_wheel(
        folder,
        distribution=distribution,
        version=version,
        requires=[f"distillery-core{requires_core}"],
        entry_points={"distillery.filters": {name: distribution.replace("-", "_")}},
        module_source=module_source,
        files={path: content for path, content in files.items() if path not in leave_out},
    )


def tiny_wheel(
    folder: Path,
    *,
    distribution: str,
    entry_points: Mapping[str, Mapping[str, str]],
    module_source: str,
    version: str = TINY_VERSION,
    requires: Collection[str] = (),
    files: Mapping[str, bytes] | None = None,
) -> Path:
    """Build a package of one module and some files with hatchling, and return the wheel."""
    package = folder / "src" / distribution.replace("-", "_")
    for path, content in {"__init__.py": module_source.encode(), **(files or {})}.items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_bytes(content)
    project = f"""
        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"
        [project]
        name = "{distribution}"
        version = "{version}"
        description = "A tiny package for the tests"
        dependencies = {json.dumps(list(requires))}
        [tool.hatch.build.targets.wheel]
        packages = ["src/{package.name}"]
        """
    for group, points in entry_points.items():
        project += f'[project.entry-points."{group}"]\n'
        project += "".join(f'"{name}" = "{target}"\n' for name, target in points.items())
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    with contextlib.chdir(folder):
        return folder / "dist" / hatchling_build_wheel(str(folder / "dist"))


def files_of(wheel: Path) -> set[str]:
    """Return the names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata_of(wheel: Path, name: str = "METADATA") -> Message:
    """Return METADATA, or another file of the wheel's dist-info folder, with its headers parsed."""
    return Parser().parsestr(text_of(wheel, name))


def text_of(wheel: Path, name: str) -> str:
    """Return a file of the wheel's dist-info folder."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (path for path in archive.namelist() if path.endswith(f".dist-info/{name}"))
        return archive.read(path).decode("utf-8")


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
