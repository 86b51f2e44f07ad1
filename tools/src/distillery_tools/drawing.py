"""How pictures in cards and documentation look, and how they are written."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Where a card keeps its pictures, beside README.md and outside the package.
PLOTS_FOLDER = "plots"

# Colours of Okabe and Ito (2008), which people tell apart with any colour vision; grey is for reference lines.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
GREY, LIGHT_GREY = "#666666", "#CCCCCC"

_STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "figure.facecolor": "white",  # legible on a dark page as well
    "legend.frameon": False,
    "svg.hashsalt": "distillery",  # instead of a random one
    # Wider than what a reader without it sees instead, so that the labels fit there, too.
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "svg.fonttype": "none",
}
# Neither date nor version, so that the same figures give the same bytes.
_NO_METADATA: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))


class Interval(NamedTuple):
    """A figure that is defined, with its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, figure: dict[str, Any] | None) -> Interval | None:
        """Return a figure of a report, None where there is none or it is undefined."""
        return cls(figure["value"], figure["low"], figure["high"]) if figure and figure["value"] is not None else None


def style() -> AbstractContextManager[None]:
    """Return the context in which a picture is made."""
    from matplotlib import rc_context

    return rc_context(_STYLE)


def save_svg(figure: Figure, path: Path) -> Path:
    """Write a picture, creating its folder; the same figures give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with style():
        _fix_layout(figure)
        figure.savefig(path, format="svg", metadata=_NO_METADATA)
    return path


def _fix_layout(figure: Figure) -> None:
    """Lay the panels out for good, at rounded places: the solver's last digits differ from process to process."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(share, 4) for share in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))
