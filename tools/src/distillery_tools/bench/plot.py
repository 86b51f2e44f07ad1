"""A benchmark as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PLOT_FILE = "speed.png"
INCHES_PER_WAY = 0.45


def plot_speed(folder: Path, report: dict[str, Any]) -> Path:
    """Draw the milliseconds per article of each way, and how many times as fast as the naive path it is."""
    from matplotlib.figure import Figure

    ways = report["ways"][::-1]
    figure = Figure(figsize=(9, 1.2 + INCHES_PER_WAY * len(ways)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh([way["name"] for way in ways], [way["ms_per_article"] for way in ways])
    axes.bar_label(bars, [f" {way['ms_per_article']:.0f} ms, {way['times_naive']:.1f}x" for way in ways])
    axes.set(xscale="log", xlabel="milliseconds per article (and times as fast as the naive path with as many filters)")
    axes.margins(x=0.3)
    figure.savefig(folder / PLOT_FILE, dpi=120)
    return folder / PLOT_FILE
