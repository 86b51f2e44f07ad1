"""distillery list."""

from __future__ import annotations

import os

import click

from ..names import distribution_of
from ..plugins.filters import ALLOW_LIST_VARIABLE, InstalledFilter, fault_of, list_filters
from .output import format_option, print_json, print_table


@click.command("list")
@click.option("--requirements", is_flag=True, help="Print lines for a requirements file: distribution==version.")
@format_option
def list_command(requirements: bool, output_format: str) -> None:
    """Show the installed filters; imports none of them."""
    found = list_filters()
    if requirements:
        _print_requirements(found)
    elif output_format == "json":
        print_json([_described(item) for item in found])
    elif not found and ALLOW_LIST_VARIABLE in os.environ:
        click.echo(
            f"{ALLOW_LIST_VARIABLE}='{os.environ[ALLOW_LIST_VARIABLE]}' leaves out every installed filter.", err=True
        )
    elif not found:
        click.echo(f'No filters are installed.  Install one: pip install "{distribution_of("uplifting")}"', err=True)
    else:
        _print_filters(found)


def _print_requirements(found: list[InstalledFilter]) -> None:
    for item in found:
        if item.fault:
            click.echo(f"warning: {item.name} is left out: {item.fault}", err=True)
        else:
            click.echo(f"{item.distribution}=={item.version}")


def _print_filters(found: list[InstalledFilter]) -> None:
    faults = [fault_of(item) for item in found]
    rows = [
        (item.name, item.version, _status(item, fault), item.summary) for item, fault in zip(found, faults, strict=True)
    ]
    print_table(["filter", "version", "status", "summary"], rows)
    for fault in dict.fromkeys(fault for fault in faults if fault):
        click.echo(f"warning: {fault}", err=True)


def _status(item: InstalledFilter, fault: str | None) -> str:
    if fault:
        return "cannot load"
    return "experimental" if item.experimental else "ok"


def _described(item: InstalledFilter) -> dict[str, str | bool | None]:
    return {
        "name": item.name,
        "version": item.version,
        "distribution": item.distribution,
        "summary": item.summary,
        "requires_core": item.requires_core,
        "experimental": item.experimental,
        "fault": fault_of(item),
    }
