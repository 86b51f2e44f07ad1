"""What loading a filter and loading an extension have in common: pluggy, the core's version, messages."""

from __future__ import annotations

from functools import cache

import pluggy
from packaging.specifiers import SpecifierSet

from ..errors import FilterVersionError
from ..names import distribution_of
from .hookspecs import PROJECT
from .packages import installed_version

CORE_DISTRIBUTION = "distillery-core"


@cache
def core_version() -> str:
    """Return the version of the core that this process runs; raise PluginError if its metadata is lost."""
    return installed_version(CORE_DISTRIBUTION)


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


def check_core_range(name: str, filter_version: str, requires_core: str, distribution: str | None = None) -> None:
    """Raise FilterVersionError unless the core lies in the range; an empty range allows every core."""
    core = core_version()
    specifiers = SpecifierSet(requires_core)
    if specifiers.contains(core, prereleases=True):
        return
    written = ",".join(sorted((str(part) for part in specifiers), reverse=True))
    raise FilterVersionError(
        f"{name} {filter_version} needs {CORE_DISTRIBUTION} {written} but {core} is installed.\n"
        f"  {_remedy(specifiers, written, distribution or distribution_of(name))}"
    )


def _remedy(specifiers: SpecifierSet, written: str, distribution: str) -> str:
    core, on_disk = core_version(), installed_version(CORE_DISTRIBUTION)
    if core != on_disk:
        return f"{CORE_DISTRIBUTION} is {on_disk} by now; restart this process, which began with {core}."
    change_core = f'pip install "{CORE_DISTRIBUTION}{written}"'
    # A core too new is cured by a newer filter, a core too old is not.
    too_new = any(part.operator in {"<", "<="} and not part.contains(core, prereleases=True) for part in specifiers)
    if too_new:
        return f"Upgrade the filter: pip install -U {distribution}   (or change the core: {change_core})"
    return f"Upgrade the core: {change_core}"
