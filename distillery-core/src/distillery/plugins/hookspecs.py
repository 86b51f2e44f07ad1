"""The hooks through which packages extend distillery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pluggy

PROJECT = "distillery"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class FilterHooks:
    """Hooks of a filter package, entry-point group ``distillery.filters``."""

    @hookspec
    def distillery_filter(self) -> Path | type[Any]:  # type: ignore[empty-body]
        """Return the folder of config.yaml, or a FilterBaseScorer subclass with a ``folder``."""


class HostHooks:
    """Hooks of a package that extends the host, entry-point group ``distillery.plugins``."""

    @hookspec
    def distillery_base_models(self) -> Mapping[str, Callable[[], Path]]:  # type: ignore[empty-body]
        """Return, for each base model by its Hub name, a function that gives its local folder."""

    @hookspec
    def distillery_encoders(self) -> Mapping[str, Path]:  # type: ignore[empty-body]
        """Return, for each shared encoder by its name, the folder of its encoder.yaml."""

    @hookspec
    def distillery_commands(self) -> Mapping[str, tuple[str, str]]:  # type: ignore[empty-body]
        """Return, for each command by its name, ``("module:attribute", "one line of help")``."""

    @hookspec
    def distillery_providers(self) -> Mapping[str, str]:  # type: ignore[empty-body]
        """Return, for each provider of an oracle by its name, ``"module:attribute"`` of what makes it.

        What makes it takes a ``distillery_tools.oracle.providers.ProviderSettings`` and returns a ``Provider``.
        """
