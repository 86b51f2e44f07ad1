"""distillery doctor."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from ..cache import cache_folder
from ..errors import DistilleryError, WeightsError
from ..names import normalise
from ..plugins.filters import InstalledFilter, find_filter, list_filters
from ..plugins.host import host_plugins
from .lazy import FAILED, OK
from .output import format_option, print_json, print_table

PACKAGES = ("distillery-core", "distillery-tools", "torch", "transformers", "tokenizers", "openvino")


@click.command("doctor")
@click.argument("names", nargs=-1)
@click.option(
    "--scores", is_flag=True, help="Also load each filter and score its golden articles again (seconds each)."
)
@format_option
@click.pass_context
def doctor_command(context: click.Context, names: tuple[str, ...], scores: bool, output_format: str) -> None:
    """Check the filters NAMES, or all installed ones: metadata, import, config, weights. Offline."""
    found = list_filters() if not names else [_installed(name) for name in names]
    faults = [_fault(item, scores=scores) for item in found]
    plugin_faults = [plugin.fault for plugin in host_plugins() if plugin.fault]
    report = {
        "versions": _versions(),
        "cache": str(cache_folder()),
        "filters": [
            {"name": item.name, "distribution": item.title, "fault": fault}
            for item, fault in zip(found, faults, strict=True)
        ],
        "plugins": [{"distribution": plugin.title, "fault": plugin.fault} for plugin in host_plugins()],
    }
    if output_format == "json":
        print_json(report)
    else:
        _print_report(report)
    context.exit(FAILED if plugin_faults or any(faults) else OK)


def _installed(name: str) -> InstalledFilter:
    """Return a filter by name even if it cannot be loaded; raise FilterNotFoundError if there is none."""
    matches = [item for item in list_filters() if item.name == normalise(name)]
    return matches[0] if matches else find_filter(name)


def _fault(item: InstalledFilter, *, scores: bool) -> str | None:
    try:
        find_filter(item.name)
        _check_parts(item)
        if scores:
            _check_scores(item)
    except DistilleryError as error:
        return str(error)
    return None


def _check_parts(item: InstalledFilter) -> None:
    """Import the filter and check the files of each student and of the probe, building no model."""
    from ..config import FilterConfig
    from ..loading import locate_filter
    from ..stage1.probe import Probe
    from ..students.student import check_student_files

    folder, _ = locate_filter(item.name)
    config = FilterConfig.load(folder)
    for name in config.students:
        check_student_files(config, folder, name, offline=True)
    if config.probe:
        Probe.load(config, folder)


def _check_scores(item: InstalledFilter) -> None:
    from ..golden import golden_faults
    from ..loading import load_filter

    if faults := golden_faults(load_filter(item.name)):
        raise WeightsError(f"{item.title} does not score as its release did:\n  " + "\n  ".join(faults))


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def _print_report(report: dict[str, Any]) -> None:
    print_table(["package", "version"], list(report["versions"].items()))
    rows = [
        (entry["distribution"], "FAULTY" if entry["fault"] else "ok") for entry in report["filters"] + report["plugins"]
    ]
    print_table(["distribution", "status"], rows)
    for entry in report["filters"] + report["plugins"]:
        if entry["fault"]:
            click.echo(f"{entry['distribution']}: {entry['fault']}", err=True)
