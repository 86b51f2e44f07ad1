"""distillery label."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from distillery import PluginError
from distillery.cli.lazy import FAILED, OK
from distillery.cli.output import format_option, print_json

from ..records import write_json
from .label_agreement import agreement_command
from .label_consensus import consensus_command
from .label_options import label_options
from .label_order import LabelOptions

if TYPE_CHECKING:
    from ..oracle.providers import Provider
    from ..oracle.run.labelling import LabelRun


@click.group("label", invoke_without_command=True)
@label_options
@format_option
@click.pass_context
def label_command(context: click.Context, /, output_format: str, **given: Any) -> None:
    """Label articles by an LLM, for a filter's prompt.

    Every answer is kept in a store beside the labels: the same command again costs nothing for what is answered, and
    goes on where a run was cut short. Keys are read from the environment alone. Exit status: 0 all articles were
    labelled or set aside, 1 some were not, 2 the command was used wrongly.
    """
    if context.invoked_subcommand is not None:
        return
    options = LabelOptions(**given)
    options.check()
    order = options.order()
    if options.dry_run:
        _show_plan(order, output_format)
    else:
        context.exit(_label(order, options, output_format))


for command in (agreement_command, consensus_command):
    label_command.add_command(command)


def _show_plan(order: LabelRun, output_format: str) -> None:
    from ..oracle.providers import place_of
    from ..oracle.run.dry_run import plan, plan_text

    try:
        place_of(order.oracle.provider)
    except PluginError as error:
        raise click.UsageError(str(error)) from error
    planned = asyncio.run(plan(order))
    if output_format == "json":
        print_json(planned)
    else:
        click.echo(plan_text(planned))


def _label(order: LabelRun, options: LabelOptions, output_format: str) -> int:
    """Run, report, and return the exit status."""
    from ..oracle.run.report import report_text

    report = asyncio.run(_run(order, options))
    write_json(order.files.report, report)
    text = report_text(report)
    order.files.report_text.write_text(f"{text}\n", encoding="utf-8")
    if output_format == "json":
        print_json(report)
    elif not options.quiet:
        click.echo(text)
    return FAILED if report["stopped"] or report["articles"]["left"] or report["articles"]["dead_letters"] else OK


async def _run(order: LabelRun, options: LabelOptions) -> dict[str, Any]:
    from ..oracle.run.labelling import label_articles

    provider = _provider(options)
    try:
        return await label_articles(order, provider)
    finally:
        await provider.close()


def _provider(options: LabelOptions) -> Provider:
    """Make the provider; one that is unknown, not installed or without a key is a wrong use of the command."""
    from ..oracle.failures import HardStopError
    from ..oracle.providers import make_provider

    try:
        return make_provider(options.provider or "", options.settings())
    except (PluginError, HardStopError) as error:
        raise click.UsageError(str(error)) from error
