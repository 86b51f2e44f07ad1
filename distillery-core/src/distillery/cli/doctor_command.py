"""distillery doctor."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import click

from ..cache import cache_folder
from ..errors import DistilleryError
from ..names import normalise
from ..plugins.filters import InstalledFilter, find_filter, list_filters
from ..plugins.host import host_plugins
from ..plugins.packages import discover, unreadable_strangers
from .lazy import FAILED, OK
from .output import format_option, print_json, print_table

if TYPE_CHECKING:
    from ..golden import GoldenCheck
    from ..scoring.scorer import FilterBaseScorer

PACKAGES = ("distillery-core", "distillery-tools", "torch", "transformers", "tokenizers", "openvino")


@click.command("doctor")
@click.argument("names", nargs=-1)
@click.option(
    "--scores",
    is_flag=True,
    help="Also load each filter, score its golden articles and compare with the release (seconds each).",
)
@format_option
@click.pass_context
def doctor_command(context: click.Context, names: tuple[str, ...], scores: bool, output_format: str) -> None:
    """Check the filters NAMES, or all installed ones: metadata, import, config, weights. Offline."""
    found = list_filters() if not names else [_installed(name) for name in names]
    loaded: list[FilterBaseScorer] = []
    report: dict[str, Any] = {
        "versions": _versions(),
        "cache": str(cache_folder()),
        "filters": [_examined(item, loaded if scores else None) for item in found],
        "plugins": [{"distribution": plugin.title, "fault": plugin.fault} for plugin in host_plugins()],
        "remarks": [*discover().remarks, *unreadable_strangers()],
    }
    if output_format == "json":
        print_json(report)
    else:
        _print_report(report, scores=scores)
    context.exit(FAILED if any(entry["fault"] for entry in report["filters"] + report["plugins"]) else OK)


def _installed(name: str) -> InstalledFilter:
    """Return a filter by name even if it cannot be loaded; raise FilterNotFoundError if there is none."""
    matches = [item for item in list_filters() if item.name == normalise(name)]
    return matches[0] if matches else find_filter(name)


def _examined(item: InstalledFilter, loaded: list[FilterBaseScorer] | None) -> dict[str, Any]:
    """Return a filter's fault, and how near its golden scores are unless ``loaded`` is None; see `_check_scores`."""
    golden: GoldenCheck | None = None
    fault = item.fault
    try:
        if not fault:
            find_filter(item.name)
            _check_parts(item)
        if not fault and loaded is not None:
            golden = _check_scores(item, loaded)
            fault = _difference_from_release(item, golden)
    except DistilleryError as error:
        fault = str(error)
    entry: dict[str, Any] = {"name": item.name, "distribution": item.title, "fault": fault}
    if loaded is not None:
        entry["golden"] = golden and {"articles": golden.n_articles, "largest_difference": golden.largest_difference}
    return entry


def _check_scores(item: InstalledFilter, loaded: list[FilterBaseScorer]) -> GoldenCheck:
    """Score a filter's golden articles; ``loaded`` holds the filter before it, so that their encoder is loaded once."""
    from ..golden import check_golden
    from ..loading import load_filter

    loaded[:] = [load_filter(item.name)]
    return check_golden(loaded[0])


def _difference_from_release(item: InstalledFilter, golden: GoldenCheck) -> str | None:
    if not golden.faults:
        return None
    return "\n  ".join([f"{item.title} does not score as its release did:", *golden.faults])


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


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(distribution: str) -> str:
    try:
        return str(version(distribution))
    except PackageNotFoundError:
        return "not installed"
    except Exception as error:  # a damaged package must not keep doctor from its report
        return f"metadata unreadable ({type(error).__name__})"


def _print_report(report: dict[str, Any], *, scores: bool) -> None:
    print_table(["package", "version"], list(report["versions"].items()))
    entries = report["filters"] + report["plugins"]
    headers = ["distribution", "status", *(["golden articles"] if scores else [])]
    rows = [
        (entry["distribution"], "FAULTY" if entry["fault"] else "ok", *([_golden_in_words(entry)] if scores else []))
        for entry in entries
    ]
    print_table(headers, rows)
    for entry in entries:
        if entry["fault"]:
            click.echo(f"{entry['distribution']}: {entry['fault']}", err=True)
    for remark in report["remarks"]:
        click.echo(f"note: {remark}", err=True)


def _golden_in_words(entry: dict[str, Any]) -> str:
    """Return how many golden articles were checked, and the largest difference from the release."""
    if "golden" not in entry:
        return ""
    if not entry["golden"]:
        return "not checked"
    if not entry["golden"]["articles"]:
        return "the package has none"
    difference = entry["golden"]["largest_difference"]
    return f"{entry['golden']['articles']} checked" + ("" if difference is None else f", at most {difference:.4f} off")
