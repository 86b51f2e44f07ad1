"""Discovery of installed filters from metadata alone, and the checks before any import."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..errors import DistilleryError, DuplicateFilterError, FilterImportError, FilterNotFoundError, PluginError
from ..names import distribution_of, normalise
from .manager import CORE_DISTRIBUTION, check_core_range, title_of

FILTER_GROUP = "distillery.filters"
ALLOW_LIST_VARIABLE = "DISTILLERY_FILTERS"


@dataclass(frozen=True)
class InstalledFilter:
    """A filter as its distribution's metadata describes it; nothing is imported."""

    name: str
    version: str
    distribution: str
    summary: str
    requires_core: str
    entry_point: EntryPoint

    @property
    def title(self) -> str:
        """The distribution and its full version, as messages name it."""
        return f"{self.distribution} {self.version}"


@cache
def _discovered() -> tuple[InstalledFilter, ...]:
    found = {(normalise(point.name), point.value, title_of(point)): point for point in entry_points(group=FILTER_GROUP)}
    return tuple(sorted(map(_described, found.values()), key=lambda item: (item.name, item.distribution)))


def list_filters() -> list[InstalledFilter]:
    """Return every installed filter by name; a name provided twice stands twice.

    ``DISTILLERY_FILTERS=a,b`` keeps only the filters it names, and none if it is empty.
    """
    allowed = _allow_list()
    return [item for item in _discovered() if allowed is None or item.name in allowed]


def find_filter(name: str) -> InstalledFilter:
    """Return the one installed filter of this name whose core range holds.

    Raises FilterNotFoundError, DuplicateFilterError or FilterVersionError; imports nothing.
    """
    candidates = list_filters()
    matches = [item for item in candidates if item.name == normalise(name)]
    if not matches:
        raise _not_found(name, candidates)
    if len(matches) > 1:
        raise _duplicate(matches)
    item = matches[0]
    if not item.version:
        raise _half_installed(item)
    check_core_range(item.name, item.version, item.requires_core, item.distribution)
    return item


def fault_of(item: InstalledFilter) -> str | None:
    """Return why a filter cannot be loaded, as far as metadata tells, or None."""
    try:
        find_filter(item.name)
    except DistilleryError as error:
        return str(error)
    return None


def _described(entry_point: EntryPoint) -> InstalledFilter:
    distribution = entry_point.dist
    if distribution is None:
        raise PluginError(f"the entry point {entry_point} belongs to no distribution; reinstall its package.")
    metadata: Any = distribution.metadata or {}  # empty if the METADATA file is lost, after a broken-off pip
    return InstalledFilter(
        name=normalise(entry_point.name),
        version=metadata.get("Version") or "",
        distribution=canonicalize_name(metadata.get("Name") or distribution_of(entry_point.name)),
        summary=metadata.get("Summary") or "",
        requires_core=_core_range(metadata.get_all("Requires-Dist") or []) if metadata else "",
        entry_point=entry_point,
    )


def _core_range(requirements: Iterable[str]) -> str:
    for line in requirements:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) == CORE_DISTRIBUTION and requirement.marker is None:
            return str(requirement.specifier)
    return ""


def _allow_list() -> set[str] | None:
    value = os.environ.get(ALLOW_LIST_VARIABLE)
    return None if value is None else {normalise(name.strip()) for name in value.split(",") if name.strip()}


def _not_found(name: str, candidates: list[InstalledFilter]) -> FilterNotFoundError:
    names = sorted({item.name for item in candidates})
    close = difflib.get_close_matches(normalise(name), names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    listed = ", ".join(f"{item.name} {item.version}" for item in candidates) or "none"
    if any(item.name == normalise(name) for item in _discovered()):
        excluded = os.environ.get(ALLOW_LIST_VARIABLE)
        return FilterNotFoundError(
            f"Filter '{name}' is installed, but {ALLOW_LIST_VARIABLE}='{excluded}' leaves it out.  Allowed: {listed}\n"
            f"  Add it to {ALLOW_LIST_VARIABLE}, or unset that variable."
        )
    return FilterNotFoundError(
        f"No filter '{name}' is installed.{hint}  Installed: {listed}\n"
        f'  Install it with: pip install "{distribution_of(name)}"'
    )


def _duplicate(matches: list[InstalledFilter]) -> DuplicateFilterError:
    providers = " and ".join(item.title for item in matches)
    official = distribution_of(matches[0].name)
    strangers = [item.distribution for item in matches if item.distribution != official] or [matches[-1].distribution]
    return DuplicateFilterError(
        f"'{matches[0].name}' is provided by {providers}.  Remove one: pip uninstall {strangers[0]}"
    )


def _half_installed(item: InstalledFilter) -> FilterImportError:
    return FilterImportError(
        f"'{item.name}' is only half installed: the metadata of {item.distribution} is lost.\n"
        f"  Reinstall it: pip install --force-reinstall {item.distribution}"
    )
