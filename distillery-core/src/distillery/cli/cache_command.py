"""``distillery cache``: what is kept to be used again, how large it is, and removing it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import click

from ..cache import CacheEntry, cache_folder, entries, is_leftover, outdated, remove
from .output import format_option, print_json, print_table

DAY = 24 * 3600
_VERSIONED = ("distillery-core", "openvino", "torch")


@click.group("cache")
def cache_command() -> None:
    """Show or remove what is kept to be used again: base models, converted networks and vectors."""


@cache_command.command("info")
@format_option
def info_command(output_format: str) -> None:
    """Show what is in the cache, and how large it is."""
    _show(entries(), output_format)


@cache_command.command("clear")
@format_option
def clear_command(output_format: str) -> None:
    """Remove everything; the next run makes again what it needs."""
    _remove([entry for entry in entries() if not _in_progress(entry)], output_format)


@cache_command.command("prune")
@click.option(
    "--unused-for",
    "n_days",
    type=click.FloatRange(min=0),
    default=90,
    show_default=True,
    metavar="DAYS",
    help="Also remove what was not used for so many days.",
)
@format_option
def prune_command(n_days: float, output_format: str) -> None:
    """Remove what is no longer used.

    That is what other versions made, what interrupted conversions left, and what was not used for long.
    """
    versions = {name: _installed(name) for name in _VERSIONED}
    oldest = time.time() - n_days * DAY
    _remove(
        [
            entry
            for entry in entries()
            if not _in_progress(entry)
            and (is_leftover(entry.path) or outdated(entry, versions) or entry.last_used < oldest)
        ],
        output_format,
    )


def _in_progress(entry: CacheEntry) -> bool:
    """Return whether another process is at work on an entry."""
    return entry.path.name.startswith(".") and not is_leftover(entry.path)


def _installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _show(found: Sequence[CacheEntry], output_format: str) -> None:
    if output_format == "json":
        print_json({"folder": str(cache_folder()), "bytes": _total(found), "entries": [_facts(one) for one in found]})
        return
    kinds = sorted({entry.kind for entry in found})
    rows = [
        (kind, len(alike), f"{_total(alike) / 1e6:.1f}", _day(max(entry.last_used for entry in alike)))
        for kind in kinds
        if (alike := [entry for entry in found if entry.kind == kind])
    ]
    print_table(["kind", "entries", "MB", "last used"], rows)
    click.echo(f"{_total(found) / 1e6:.1f} MB in {cache_folder()}")


def _remove(doomed: Sequence[CacheEntry], output_format: str) -> None:
    removed = [entry for entry in doomed if remove(entry)]
    kept = [entry for entry in doomed if entry not in removed]
    if output_format == "json":
        facts = {"folder": str(cache_folder()), "bytes": _total(removed)}
        print_json(facts | {"removed": [_facts(one) for one in removed], "kept": [_facts(one) for one in kept]})
    else:
        click.echo(f"Removed {len(removed)} entries, {_total(removed) / 1e6:.1f} MB, from {cache_folder()}")
    for entry in kept:
        click.echo(f"error: {entry.path} could not be removed", err=True)
    if kept:
        raise SystemExit(1)


def _facts(entry: CacheEntry) -> dict[str, object]:
    return {"kind": entry.kind, "path": str(entry.path), "bytes": entry.size, "last_used": _day(entry.last_used)}


def _total(found: Sequence[CacheEntry]) -> int:
    return sum(entry.size for entry in found)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
