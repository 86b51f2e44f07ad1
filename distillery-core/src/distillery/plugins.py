"""Discovery of filters from metadata alone, the checks before any import, and loading by name."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from .errors import (
    DistilleryError,
    DuplicateFilterError,
    FilterContractError,
    FilterImportError,
    FilterNotFoundError,
    FilterVersionError,
    PluginError,
)
from .hookspecs import FilterHooks
from .names import distribution_of, normalise
from .registration import CORE_DISTRIBUTION, core_version, described_error, hook_fault, manager_of, title_of

if TYPE_CHECKING:
    from .config import FilterConfig
    from .scorer import FilterBaseScorer

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


@dataclass(frozen=True)
class FilterSource:
    """Where a filter's facts are, and the scorer class if the filter brings its own."""

    folder: Path
    scorer_class: type[FilterBaseScorer] | None = None


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


def check_core_range(name: str, filter_version: str, requires_core: str, distribution: str | None = None) -> None:
    """Raise FilterVersionError unless the installed core lies in the range; an empty one holds all."""
    core = core_version()
    specifiers = SpecifierSet(requires_core)
    if specifiers.contains(core, prereleases=True):
        return
    written = ",".join(sorted((str(part) for part in specifiers), reverse=True))
    change_filter = f"pip install -U {distribution or distribution_of(name)}"
    change_core = f'pip install "{CORE_DISTRIBUTION}{written}"'
    # A core too new is cured by a newer filter, a core too old is not.
    too_new = any(part.operator in {"<", "<="} and not part.contains(core, prereleases=True) for part in specifiers)
    remedy = (
        f"Upgrade the filter: {change_filter}   (or change the core: {change_core})"
        if too_new
        else f"Upgrade the core: {change_core}"
    )
    raise FilterVersionError(
        f"{name} {filter_version} needs {CORE_DISTRIBUTION} {written} but {core} is installed.\n  {remedy}"
    )


def load_source(item: InstalledFilter) -> FilterSource:
    """Import one filter's package, register it with pluggy, and return what it offers.

    Each filter has a plugin manager of its own, so a broken one touches no other. Raises
    FilterImportError or FilterContractError.
    """
    try:
        module = item.entry_point.load()
    except (Exception, SystemExit) as error:
        raise _import_failed(item, error) from error
    manager = manager_of(FilterHooks)
    try:
        manager.register(module, name=item.distribution)
        manager.check_pending()
        offers: list[Any] = manager.hook.distillery_filter()
    except pluggy.PluginValidationError as error:
        raise FilterContractError(hook_fault(item.title, error, FilterHooks)) from error
    except (Exception, SystemExit) as error:
        raise _import_failed(item, error) from error
    return _source(item, offers)


def check_identity(item: InstalledFilter, config: FilterConfig) -> None:
    """Raise FilterContractError unless entry point, distribution and config.yaml agree."""
    if config.normalised_name != item.name:
        raise FilterContractError(
            f"{item.title} registers a filter '{item.name}', but its config.yaml names '{config.name}'.\n"
            f"  The entry point and the config must carry the same name; tell the filter's author."
        )
    if config.version != item.version:
        raise FilterContractError(
            f"{item.title} holds a config.yaml of version {config.version}: the copy is not what was released.\n"
            f'  Reinstall it: pip install --force-reinstall "{item.distribution}=={item.version}"'
        )


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


def _source(item: InstalledFilter, offers: list[Any]) -> FilterSource:
    from .scorer import FilterBaseScorer

    offer = offers[0] if len(offers) == 1 else None
    if isinstance(offer, Path):
        return FilterSource(offer)
    if isinstance(offer, type) and issubclass(offer, FilterBaseScorer) and isinstance(offer.folder, Path):
        return FilterSource(offer.folder, offer)
    if not offers:
        raise FilterContractError(
            f"{item.title} does not implement the hook distillery_filter, or returns None from it.\n"
            f"  Its module needs a function distillery_filter under @distillery.hookimpl; tell the filter's author."
        )
    raise FilterContractError(
        f"{item.title} answers the hook distillery_filter with {offer!r}.\n"
        f"  It must return the folder of its config.yaml (a pathlib.Path), or a subclass of FilterBaseScorer "
        f"whose class attribute 'folder' is that path."
    )


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


def _import_failed(item: InstalledFilter, error: BaseException) -> FilterImportError:
    remedy = f"Reinstall it: pip install --force-reinstall {item.distribution}"
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if missing == __package__:
        remedy = (
            f"It was made for another {CORE_DISTRIBUTION} than {core_version()}. "
            f"Upgrade both: pip install -U {CORE_DISTRIBUTION} {item.distribution}"
        )
    elif missing and missing != item.entry_point.module.partition(".")[0]:
        remedy = f"Install what is missing: pip install {missing}"
    return FilterImportError(
        f"{item.name} {item.version} could not be imported: {described_error(error)}\n"
        f"  {remedy}, or remove the filter: pip uninstall {item.distribution}   "
        f"(details: distillery doctor {item.name})"
    )
