"""Every filter of the repository has one name and one version, everywhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from wheels import CORE, FILTERS, ROOT, version_of

from distillery.names import distribution_of, normalise, package_of

LOWER, UPPER = {">=", ">", "==", "~="}, {"<", "<=", "==", "~="}


@pytest.fixture(params=FILTERS, ids=lambda folder: folder.name)
def project(request: pytest.FixtureRequest) -> Path:
    """The folder of each filter package."""
    return request.param


@pytest.fixture
def metadata(project: Path) -> dict[str, Any]:
    """Its pyproject.toml."""
    return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture
def config(project: Path) -> dict[str, Any]:
    """Its config.yaml, the only one under src/."""
    (path,) = project.glob("src/*/config.yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_there_are_filters() -> None:
    """Every folder in filters/ is a package, and there is at least one."""
    folders = [path for path in (ROOT / "filters").iterdir() if path.is_dir() and not path.name.startswith((".", "_"))]
    assert sorted(folders) == FILTERS
    assert FILTERS


def test_one_name_everywhere(project: Path, metadata: dict[str, Any], config: dict[str, Any]) -> None:
    """Folder, distribution, import package, entry point and config.yaml agree."""
    name = project.name
    assert name == normalise(name)
    assert config["name"] == name
    assert metadata["project"]["name"] == distribution_of(name)
    assert [path.name for path in (project / "src").iterdir() if path.is_dir()] == [package_of(name)]
    assert metadata["project"]["entry-points"]["distillery.filters"] == {name: package_of(name)}
    wheel = metadata["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == [f"src/{package_of(name)}"]


def test_only_the_config_states_facts(metadata: dict[str, Any]) -> None:
    """Version, summary, requirements and the mark of experiments are read from config.yaml, not repeated."""
    facts = {"version", "description", "dependencies", "classifiers"}
    assert facts == set(metadata["project"]["dynamic"])
    assert facts & set(metadata["project"]) == set()


def test_core_range_has_both_bounds(config: dict[str, Any]) -> None:
    """A filter states from which core to which, and the core of this repository is in that range."""
    specifiers = SpecifierSet(config["requires_core"])
    operators = {specifier.operator for specifier in specifiers}
    assert operators & LOWER
    assert operators & UPPER
    assert specifiers.contains(version_of(CORE))


def test_changelog_has_the_version(project: Path, config: dict[str, Any]) -> None:
    """CHANGELOG.md has a heading for the version, and none for a later one."""
    path = project / "CHANGELOG.md"
    assert path.is_file(), f"{path.relative_to(ROOT)} does not exist"
    assert_newest(path, config["version"])


def test_changelog_of_the_core_has_its_version() -> None:
    """The same holds for the core."""
    assert_newest(CORE / "CHANGELOG.md", version_of(CORE))


def assert_newest(changelog: Path, version: str) -> None:
    """Check that a version is the newest one that a changelog has a heading for."""
    headings = re.findall(r"^## v?(\d[\w.!+-]*)", changelog.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings, f"{changelog} has no heading of a version, such as '## {version}'"
    assert max(headings, key=Version) == version


def test_prompt_is_where_the_config_says(project: Path, config: dict[str, Any]) -> None:
    """The prompt that made the labels is beside the config."""
    (folder,) = (path.parent for path in project.glob("src/*/config.yaml"))
    assert (folder / config["oracle"]["prompt"]).read_text(encoding="utf-8").strip()
