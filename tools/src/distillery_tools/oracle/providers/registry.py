"""The installed providers, the tools' own and the plugins'."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from distillery import PluginError
from distillery.plugins.host import host_plugins

from .contract import Provider, ProviderSettings


def installed_providers() -> dict[str, str]:
    """Return where each provider's factory is, as ``module:attribute`` by the provider's name."""
    return {name: target for plugin in host_plugins() for name, target in sorted(plugin.providers.items())}


def place_of(name: str) -> str:
    """Return where a provider's factory is; raise PluginError, listing what is installed, if there is none."""
    offers = installed_providers()
    if name not in offers:
        raise PluginError(f"No provider is called '{name}'.  Installed: {', '.join(sorted(offers)) or 'none'}")
    return offers[name]


def make_provider(name: str, settings: ProviderSettings) -> Provider:
    """Import and make a provider; raise what place_of raises, or its factory."""
    module, _, attribute = place_of(name).partition(":")
    factory = cast("Callable[[ProviderSettings], Provider]", getattr(importlib.import_module(module), attribute))
    return factory(settings)
