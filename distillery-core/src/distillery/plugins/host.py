"""Packages that extend the host: base models, encoders, commands and providers, each loaded alone."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pluggy

from ..errors import PluginError
from .hookspecs import HostHooks
from .manager import described_error, hook_fault, manager_of, title_of

HOST_GROUP = "distillery.plugins"
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


@cache
def host_plugins() -> tuple[HostPlugin, ...]:
    """Load every host plugin, each alone; a broken one is reported and left out.

    ``DISTILLERY_STRICT=1`` raises PluginError instead.
    """
    found = sorted(entry_points(group=HOST_GROUP), key=lambda item: item.name)
    plugins = tuple(_host_plugin(entry_point) for entry_point in found)
    for plugin in plugins:
        if plugin.fault and os.environ.get(STRICT_VARIABLE) == "1":
            raise PluginError(plugin.fault)
        if plugin.fault:
            logger.warning(plugin.fault)
    return plugins


def _host_plugin(entry_point: EntryPoint) -> HostPlugin:
    title = title_of(entry_point)
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
    except (Exception, SystemExit) as error:  # whatever a stranger's module raises, the host must live
        fault = (
            f"{title} could not be loaded: {described_error(error)}\n"
            f"  Repair it, or remove it: pip uninstall {title.partition(' ')[0]}"
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
