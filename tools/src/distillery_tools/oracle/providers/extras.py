"""What is said when the package of a provider is absent."""

from __future__ import annotations

import importlib.util

from distillery import PluginError


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
