"""What loading a filter and loading an extension have in common: pluggy, and how faults are told."""

from __future__ import annotations

from importlib.metadata import EntryPoint, version

import pluggy
from packaging.specifiers import SpecifierSet

from ..errors import FilterVersionError
from ..names import distribution_of
from .hookspecs import PROJECT

CORE_DISTRIBUTION = "distillery-core"


def core_version() -> str:
    """Return the version of the installed core."""
    return version(CORE_DISTRIBUTION)


def manager_of(specification: type) -> pluggy.PluginManager:
    """Return a plugin manager for one plugin, so that a broken one touches no other."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(specification)
    return manager


def hook_fault(title: str, error: pluggy.PluginValidationError, specification: type) -> str:
    """Return the message for a plugin whose hooks are not those of the specification."""
    hooks = ", ".join(name for name in vars(specification) if name.startswith(PROJECT))
    return f"{title} does not fit the hooks of {CORE_DISTRIBUTION} {core_version()}: {error}\n  There are: {hooks}"


def described_error(error: BaseException) -> str:
    """Return an error's kind and text."""
    return f"{type(error).__name__}: {error}"


def title_of(entry_point: EntryPoint) -> str:
    """Return the distribution and version that an entry point belongs to."""
    distribution = entry_point.dist
    return f"{distribution.name} {distribution.version}" if distribution else entry_point.value


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
