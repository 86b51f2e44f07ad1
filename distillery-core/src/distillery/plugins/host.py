"""Packages that extend the host: base models, encoders, commands and providers, each loaded alone."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pluggy

from ..errors import PluginError
from .hookspecs import HostHooks
from .manager import described_error, hook_fault, manager_of
from .packages import HOST_GROUP, Package, discover, forget_packages, points_of, version_before_upgrade

STRICT_VARIABLE = "DISTILLERY_STRICT"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class HostPlugin:
    """A package that extends the host: what it offers, or the reason it offers nothing."""

    title: str
    commands: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    base_models: Mapping[str, Callable[[], Path]] = field(default_factory=dict)
    encoders: Mapping[str, Path] = field(default_factory=dict)
    providers: Mapping[str, str] = field(default_factory=dict)
    fault: str | None = None


def host_plugins() -> tuple[HostPlugin, ...]:
    """Load every host plugin, each alone; a broken one is reported and left out.

    ``DISTILLERY_STRICT=1`` raises PluginError instead. After an installation the plugins are loaded again.
    """
    plugins = _loaded(discover().packages)
    faults = [plugin.fault for plugin in plugins if plugin.fault]
    if faults and os.environ.get(STRICT_VARIABLE) == "1":
        raise PluginError(faults[0])
    return plugins


def forget_plugins() -> None:
    """Read all metadata and load every host plugin again at the next call."""
    forget_packages()
    _loaded.cache_clear()


@lru_cache(maxsize=1)
def _loaded(packages: tuple[Package, ...]) -> tuple[HostPlugin, ...]:
    found = sorted(points_of(packages, HOST_GROUP), key=lambda item: item[1].name)
    plugins = tuple(_host_plugin(package, point) for package, point in found)
    for plugin in plugins:
        if plugin.fault and os.environ.get(STRICT_VARIABLE) != "1":
            logger.warning(plugin.fault)
    return plugins


def _host_plugin(package: Package, entry_point: EntryPoint) -> HostPlugin:
    title, name = package.title, package.name
    if package.fault:
        return HostPlugin(title, fault=package.fault)
    if before := version_before_upgrade(entry_point.value.partition(":")[0], package.version):
        fault = f"{package.name} was changed from {before} to {package.version} while this process was running."
        return HostPlugin(title, fault=f"{fault}\n  Restart the process to use the installed version.")
    manager = manager_of(HostHooks)
    try:
        manager.register(entry_point.load(), name=title)
        manager.check_pending()
        commands = _offered(manager.hook.distillery_commands, _is_command)
        base_models = _offered(manager.hook.distillery_base_models, callable)
        encoders = _offered(manager.hook.distillery_encoders, _is_path)
        providers = _offered(manager.hook.distillery_providers, _is_target)
    except pluggy.PluginValidationError as error:
        return HostPlugin(title, fault=hook_fault(title, error, HostHooks))
    except (Exception, SystemExit) as error:  # whatever a stranger's module raises, the host must go on
        fault = (
            f"{title} could not be loaded: {described_error(error)}\n"
            f"  Install it again: pip install --force-reinstall {name}, or remove it: pip uninstall {name}"
        )
        return HostPlugin(title, fault=fault)
    return HostPlugin(title, commands, base_models, encoders, providers)


def _offered(hook: pluggy.HookCaller, fits: Callable[[Any], bool]) -> dict[str, Any]:
    """Return what one plugin answers to a hook; raise TypeError unless it maps names to what fits."""
    offered: dict[str, Any] = {}
    for answer in hook():
        if not (isinstance(answer, Mapping) and all(map(fits, answer.values()))):
            raise TypeError(f"the hook {hook.name} returned {answer!r}, which is not what it must return")
        offered |= answer
    return offered


def _is_path(target: object) -> bool:
    return isinstance(target, Path)


def _is_command(target: object) -> bool:
    return isinstance(target, tuple) and [type(part) for part in target] == [str, str]


def _is_target(target: object) -> bool:
    """Tell whether a value names a module and something in it."""
    return isinstance(target, str) and all(target.partition(":"))
