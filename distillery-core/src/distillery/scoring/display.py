"""How scores look in a console and in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .score import Score


def score_text(score: Score) -> str:
    """Return one line: the filter, what became of the article, and its scores."""
    return f"<Score {_title(score)}: {_outcome(score)}{_dimensions(score)}>"


def score_html(score: Score) -> str:
    """Return a table of the dimensions with their intervals; everything from outside is escaped."""
    from ..config.scale import AVERAGE

    caption = escape(f"{_title(score)}: {_outcome(score)}")
    if score.scores is None:
        return f"<p>{caption}</p>"
    rows = [(name, value) for name, value in score.scores.items()]
    rows.append((AVERAGE, score.weighted_average or 0.0))
    cells = "".join(
        f"<tr><td>{escape(name)}</td><td>{value:.1f}</td><td>{_interval(score, name)}</td></tr>" for name, value in rows
    )
    return (
        f"<table><caption>{caption}</caption><thead><tr><th>dimension</th><th>score</th><th>interval</th></tr></thead>"
        f"<tbody>{cells}</tbody></table>"
    )


def _title(score: Score) -> str:
    return f"{score.provenance.filter} {score.provenance.version}".strip()


def _outcome(score: Score) -> str:
    if score.invalid:
        return f"invalid article, {score.error}"
    if score.failed:
        return f"failed, {score.error}"
    if score.blocked:
        return f"set aside, {score.prefilter_reason}"
    return f"{score.tier} {score.weighted_average:.2f}" if score.weighted_average is not None else "no score"


def _dimensions(score: Score) -> str:
    if not score.scores:
        return ""
    return " (" + ", ".join(f"{name} {value:.1f}" for name, value in score.scores.items()) + ")"


def _interval(score: Score, name: str) -> str:
    if not score.intervals or name not in score.intervals:
        return ""
    low, high = score.intervals[name]
    return f"{low:.1f} to {high:.1f}"
