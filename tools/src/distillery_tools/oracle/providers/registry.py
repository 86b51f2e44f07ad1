"""The installed providers, the tools' own and the plugins'."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit, urlunsplit

from distillery import DistilleryError, PluginError
from distillery.toolkit import host_plugins

from ..errors import SetupError
from .contract import Provider, ProviderSettings
from .keys import Redactor

# The default endpoints of our own providers, and the environment variables that replace them.
_ENDPOINTS = {
    "openai": ("OPENAI_BASE_URL", "https://api.openai.com/v1"),
    "gemini": ("GOOGLE_GEMINI_BASE_URL", "https://generativelanguage.googleapis.com"),
}


def installed_providers() -> dict[str, str]:
    """Return where each provider's factory is, as ``module:attribute`` by the provider's name."""
    return {name: target for plugin in host_plugins() for name, target in sorted(plugin.providers.items())}


def provider_target(name: str) -> str:
    """Return where a provider's factory is; raise PluginError, listing what is installed, if there is none."""
    offers = installed_providers()
    if name not in offers:
        raise PluginError(f"No provider is called '{name}'.  Installed: {', '.join(sorted(offers)) or 'none'}")
    return offers[name]


def make_provider(name: str, settings: ProviderSettings) -> Provider:
    """Import and make a provider.

    Raises PluginError if there is none of that name or its package is not installed, HardStopError without a key,
    and SetupError in one line if the provider cannot be made, as with a broken proxy setting.
    """
    module, _, attribute = provider_target(name).partition(":")
    try:
        factory = cast("Callable[[ProviderSettings], Provider]", getattr(importlib.import_module(module), attribute))
        return factory(settings)
    except DistilleryError:
        raise
    except Exception as error:  # whatever a client or a stranger's plugin raises
        reason = Redactor.of(settings)(" ".join(str(error).split()))
        raise SetupError(
            f"The provider '{name}' cannot be made: {type(error).__name__}: {reason}{_suspects(error)}"
        ) from error


def endpoint_of(provider: str, base_url: str | None) -> str | None:
    """Return the endpoint that is part of a label's identity: the URL without user, query and final slash."""
    variable, usual = _ENDPOINTS.get(provider, ("", None))
    url = base_url or os.environ.get(variable) or usual
    if url is None:
        return None
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # the first call says what is wrong with it
        return url
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return urlunsplit((parts.scheme.lower(), f"{host}{port}", parts.path.rstrip("/"), "", "")) or url


def require(module: str, provider: str, extra: str) -> None:
    """Raise PluginError, naming the extra to install, unless a module can be found."""
    try:
        found = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even its parent package is there
        found = False
    if not found:
        raise PluginError(
            f"The provider '{provider}' needs a package that is not installed.\n"
            f'  Install it with: pip install "distillery-tools[{extra}]"'
        )


def _suspects(error: Exception) -> str:
    """Return which settings of the environment a client's error is likely about."""
    text = f"{type(error).__name__} {error}".lower()
    if "proxy" in text or "socks" in text:
        return "  Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY."
    if isinstance(error, OSError) and (certificates := os.environ.get("SSL_CERT_FILE")):
        return f"  Check SSL_CERT_FILE ({certificates})."
    return ""
