"""Discovery of installed filters from metadata alone, and the checks before any import.

Why: docs/decisions/filters-are-packages.md
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..errors import DistilleryError, DuplicateFilterError, FilterImportError, FilterNotFoundError
from ..names import EXPERIMENTAL, FILTER_PREFIX, distribution_of, normalise, package_of
from .manager import CORE_DISTRIBUTION, check_core_range
from .packages import (
    FILTER_GROUP,
    Package,
    changed_since_start,
    discover,
    editable_source,
    names_no_module,
    points_of,
    repair,
    version_before_upgrade,
)

ALLOW_LIST_VARIABLE = "DISTILLERY_FILTERS"


@dataclass(frozen=True)
class InstalledFilter:
    """A filter as its distribution's metadata describes it; nothing is imported.

    ``experimental`` is true of a filter that is to be tried, and not to be depended on. ``fault`` says what is wrong
    with the metadata itself, so that the filter cannot be loaded.
    """

    name: str
    version: str
    distribution: str
    summary: str
    requires_core: str
    entry_point: EntryPoint
    fault: str | None = None
    experimental: bool = False

    @property
    def title(self) -> str:
        """The distribution and its full version, as messages name it."""
        return f"{self.distribution} {self.version}".rstrip()


def _discovered() -> tuple[InstalledFilter, ...]:
    found = [_described(package, point) for package, point in points_of(discover().packages, FILTER_GROUP)]
    return tuple(sorted(found, key=lambda item: (item.name, item.distribution)))


def list_filters() -> list[InstalledFilter]:
    """Return every installed filter by name; a name that two packages provide is listed twice.

    ``DISTILLERY_FILTERS=a,b`` keeps only the filters it names, and none if it is empty.
    """
    allowed = _allow_list()
    return [item for item in _discovered() if allowed is None or item.name in allowed]


def find_filter(name: str) -> InstalledFilter:
    """Return the one installed filter of this name whose core range holds; imports nothing.

    Raises FilterNotFoundError, DuplicateFilterError, FilterVersionError, or FilterImportError if the package is
    damaged or was upgraded after this process imported it.
    """
    candidates = list_filters()
    matches = [item for item in candidates if item.name == normalise(name)]
    sound = [item for item in matches if not item.fault]
    if not matches:
        raise _not_found(name, candidates)
    if not sound:
        raise FilterImportError(f"The filter '{matches[0].name}' cannot be loaded: {matches[0].fault}")
    if len(sound) > 1:
        raise _duplicate(sound)
    _check_files(sound[0])
    check_core_range(sound[0].name, sound[0].version, sound[0].requires_core, sound[0].distribution)
    return sound[0]


def fault_of(item: InstalledFilter) -> str | None:
    """Return why a filter cannot be loaded, as far as metadata shows, or None."""
    if item.fault:
        return item.fault
    try:
        find_filter(item.name)
    except DistilleryError as error:
        return str(error)
    return None


def remedy_for_another_version(item: InstalledFilter, folder: Path) -> str:
    """Return what to do about files of another version than the metadata states; the files are in ``folder``."""
    distribution = getattr(item.entry_point, "dist", None)
    again = f'pip install --force-reinstall "{item.distribution}=={item.version}"'
    if changed_since_start(folder):
        return f"The files changed while this process was running.  Restart it; if this remains: {again}"
    if distribution and (source := editable_source(distribution)):
        return f"It is a link to its source, whose version changed.  Install it again: pip install -e {source}"
    site = Path(str(distribution.locate_file(""))).resolve() if distribution else None
    if site and site not in folder.resolve().parents:
        return (
            f"Python imports it from {folder}, which hides the copy in {site}.\n"
            f"  Take that folder off the path (PYTHONPATH), or delete it."
        )
    return f"Reinstall it: {again}"


def _described(package: Package, point: EntryPoint) -> InstalledFilter:
    requires_core, fault = _core_range(package.requirements)
    if names_no_module(point):
        fault = f"its entry point is '{point.name} = {point.value}', which names no module"
    damage = f"{package.name} is damaged: {fault}.\n  {repair(package)}" if fault else None
    return InstalledFilter(
        name=normalise(point.name),
        version=package.version,
        distribution=package.name,
        summary=package.summary,
        requires_core=requires_core,
        entry_point=point,
        fault=package.fault or damage,
        experimental=EXPERIMENTAL in package.classifiers,
    )


def _core_range(requirements: Iterable[str]) -> tuple[str, str | None]:
    """Return the range of cores among requirements, and what is wrong with it."""
    for line in requirements:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            if canonicalize_name(re.split(r"[^\w.-]", line.strip(), maxsplit=1)[0]) == CORE_DISTRIBUTION:
                return "", f"it requires '{line}', which is not a requirement"
            continue
        if canonicalize_name(requirement.name) == CORE_DISTRIBUTION and requirement.marker is None:
            return str(requirement.specifier), None
    return "", None


def _allow_list() -> set[str] | None:
    value = os.environ.get(ALLOW_LIST_VARIABLE)
    return None if value is None else {normalise(name.strip()) for name in value.split(",") if name.strip()}


def _not_found(name: str, candidates: list[InstalledFilter]) -> FilterNotFoundError:
    listed = ", ".join(f"{item.name} {item.version}".rstrip() for item in candidates) or "none"
    if any(item.name == normalise(name) for item in _discovered()):
        excluded = os.environ.get(ALLOW_LIST_VARIABLE)
        return FilterNotFoundError(
            f"Filter '{name}' is installed, but {ALLOW_LIST_VARIABLE}='{excluded}' leaves it out.  Allowed: {listed}\n"
            f"  Add it to {ALLOW_LIST_VARIABLE}, or unset that variable."
        )
    return FilterNotFoundError(f"No filter '{name}' is installed.  Installed: {listed}\n  {_advice(name, candidates)}")


def _advice(name: str, candidates: list[InstalledFilter]) -> str:
    """Return what to do about a name that is not installed; never to install what may be misspelt."""
    if _is_folder(name):
        return f"There is a folder of that name here; to use it, write ./{name}"
    if files := _files_without_metadata(name):
        distribution = distribution_of(name)
        return (
            f"Its files are in {files}, but the metadata of {distribution} is gone.\n"
            f"  Install it again: pip install --force-reinstall {distribution}"
        )
    meant = normalise(name).removeprefix(FILTER_PREFIX)
    close = difflib.get_close_matches(meant, sorted({item.name for item in candidates}), n=1)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Check the name (distillery list).  The package of a filter is called {FILTER_PREFIX}NAME."


def _is_folder(name: str) -> bool:
    try:
        return bool(name) and Path(name).is_dir()
    except OSError:  # a name that is too long for one
        return False


def _files_without_metadata(name: str) -> Path | None:
    """Return the folder of an import package whose distribution pip does not know of (any more)."""
    package = package_of(name)
    origin = _origin_of(package) if package.isidentifier() else None
    return Path(origin).parent if origin else None


def _origin_of(module: str) -> str | None:
    """Return the file of a top-level module; None if it has none, as a folder that only ``__pycache__`` is left of."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec else None


def _duplicate(matches: list[InstalledFilter]) -> DuplicateFilterError:
    name, official = matches[0].name, distribution_of(matches[0].name)
    providers = list(dict.fromkeys(item.title for item in matches))
    if len(providers) == 1:
        return DuplicateFilterError(
            f"{providers[0]} registers the filter '{name}' more than once.\n"
            f"  Its author must register the name once; until then it cannot be used."
        )
    others = [item.distribution for item in matches if item.distribution != official]
    return DuplicateFilterError(
        f"'{name}' is provided by {' and '.join(providers)}.  Remove one: pip uninstall {others[0]}"
    )


def _check_files(item: InstalledFilter) -> None:
    """Raise FilterImportError if the package's files are gone, or are newer than what this process imported."""
    top = item.entry_point.module.partition(".")[0]
    if before := version_before_upgrade(top, item.version):
        raise FilterImportError(
            f"'{item.name}' was changed from {before} to {item.version} while this process was running.\n"
            f"  Restart the process to use the installed version."
        )
    if top not in sys.modules and _origin_of(top) is None:
        raise FilterImportError(
            f"'{item.name}' is only half installed: the files of {item.title} are gone.\n"
            f"  Install it again: pip install --force-reinstall {item.distribution}"
        )
