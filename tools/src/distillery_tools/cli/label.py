"""distillery label."""

from __future__ import annotations

import asyncio
import shlex
from typing import TYPE_CHECKING, Any

import click

from distillery import OutputFileError, PluginError
from distillery.toolkit import FAILED, OK, format_option, print_json

from ..records import write_json
from .label_agreement import agreement_command
from .label_consensus import consensus_command
from .label_options import label_options
from .label_run import LabelOptions

if TYPE_CHECKING:
    from ..oracle.providers import Provider
    from ..oracle.run.report import Report
    from ..oracle.run.spec import LabelRun

COMMAND = "distillery label"
GIVEN = "distillery_label_arguments"


class LabelGroup(click.Group):
    """A command with an argument of its own and commands below it: a first word that names one of those goes there.

    A file of that name is given as ``./agreement``.
    """

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return the context of a command below, or of the labelling itself."""
        if args and args[0] in self.commands:
            below = self.commands[args[0]]
            return below.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        given = list(args)
        context = super().make_context(info_name, args, parent, **extra)
        context.meta[GIVEN] = given
        return context


@click.group(
    "label",
    cls=LabelGroup,
    invoke_without_command=True,
    context_settings={"allow_interspersed_args": True},
    subcommand_metavar="",
)
@label_options
@format_option
@click.pass_context
def label_command(context: click.Context, /, output_format: str, **given: Any) -> None:
    """Label ARTICLES by an LLM, for a filter's prompt.

    Every answer is kept in a store beside the labels: the same command again costs nothing for what is answered, and
    goes on where a run was stopped. Keys are read from the environment alone. Exit status: 0 all articles were
    labelled or set aside, 1 some were not, 2 wrong usage, 130 or 143 after Ctrl-C or SIGTERM.
    """
    options = LabelOptions.of(**given, command=_command(context.meta[GIVEN], given["base_url"]))
    options.check()
    run = options.label_run()
    if options.dry_run:
        _show_plan(run, output_format)
    else:
        context.exit(_label(run, options, output_format))


for command in (agreement_command, consensus_command):
    label_command.add_command(command)


def _command(arguments: list[str], base_url: str | None) -> str:
    """Return the command that goes on, without secrets that its URL may hold."""
    from ..oracle.providers.keys import Redactor

    return Redactor.of_url(base_url)(shlex.join([*COMMAND.split(), *arguments]))


def _show_plan(run: LabelRun, output_format: str) -> None:
    from ..oracle.providers import provider_target
    from ..oracle.run.dry_run import plan, plan_text

    try:
        provider_target(run.oracle.provider)
    except PluginError as error:
        raise click.UsageError(str(error)) from error
    planned = asyncio.run(plan(run))
    if output_format == "json":
        print_json(planned)
    else:
        click.echo(plan_text(planned))


def _label(run: LabelRun, options: LabelOptions, output_format: str) -> int:
    """Run, report, and return the exit status."""
    from ..oracle.run.report import how_it_ended, report_text
    from ..oracle.run.stop import EXIT_STATUSES

    report = asyncio.run(_run(run, options))
    text = report_text(report)
    _write_report(run, report, text)
    if output_format == "json":
        print_json(report)
    elif not options.quiet:
        click.echo(text)
    if (options.quiet or output_format == "json") and (ended := how_it_ended(report)):
        click.echo(ended, err=True)
    stopped = report["stopped"]
    status = FAILED if stopped or report["articles"]["left"] or report["articles"]["dead_letters"] else OK
    return EXIT_STATUSES.get(stopped["kind"], status) if stopped else status


def _write_report(run: LabelRun, report: Report, text: str) -> None:
    try:
        write_json(run.files.report, report)
        run.files.report_text.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise OutputFileError(f"{run.files.report} cannot be written: {error.strerror or error}.") from error


async def _run(run: LabelRun, options: LabelOptions) -> Report:
    from ..oracle.providers.keys import Redactor
    from ..oracle.run.labelling import label_articles

    settings = options.settings()
    provider = _provider(options)
    try:
        return await label_articles(run, provider, Redactor.of(settings))
    finally:
        await provider.close()


def _provider(options: LabelOptions) -> Provider:
    """Make the provider; one that is unknown, not installed or without a key is a wrong use of the command."""
    from ..oracle.errors import HardStopError
    from ..oracle.providers import make_provider

    try:
        return make_provider(options.provider or "", options.settings())
    except (PluginError, HardStopError) as error:
        raise click.UsageError(str(error)) from error
