"""A command group that imports a command when it runs, not when it is listed.

Why: docs/decisions/click.md
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Mapping
from typing import Any

import click

from ..errors import (
    DistilleryError,
    FilterNotFoundError,
    InputFileError,
    OperatingPointError,
    OutputFileError,
    StudentNotFoundError,
)
from ..plugins.host import host_plugins

OK, FAILED, USAGE = 0, 1, 2
_USAGE_ERRORS = (FilterNotFoundError, InputFileError, OperatingPointError, OutputFileError, StudentNotFoundError)

Target = tuple[str, str]


class LazyGroup(click.Group):
    """Commands by name as ``("module:attribute", "help")``, the core's own and the plugins'."""

    def __init__(self, *args: Any, lazy_commands: Mapping[str, Target], **kwargs: Any) -> None:
        """Keep the core's own commands; plugins cannot replace them."""
        super().__init__(*args, **kwargs)
        self._own = dict(lazy_commands)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of all commands, the core's own first."""
        return list(self._targets())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command."""
        target = self._own.get(cmd_name) or self._targets().get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target[0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant; a wrong name is answered with the nearest one, or where others come from."""
        name = args[0]
        if name not in self._targets() and name[:1].isalnum() and not ctx.resilient_parsing:
            ctx.fail(f"No such command {name!r}. {self._hint(name)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._targets().items()])

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line; an error of ours, even one in --help, is one clear message and an exit status."""
        try:
            return super().main(*args, **kwargs)
        except DistilleryError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(USAGE if isinstance(error, _USAGE_ERRORS) else FAILED)

    def _hint(self, name: str) -> str:
        near = difflib.get_close_matches(name, self._targets(), n=1)
        return f"Did you mean {near[0]!r}?" if near else "Packages such as distillery-tools add further commands."

    def _targets(self) -> dict[str, Target]:
        offered: dict[str, Target] = {}
        for plugin in host_plugins():
            offered |= plugin.commands
        return self._own | {name: target for name, target in sorted(offered.items()) if name not in self._own}
