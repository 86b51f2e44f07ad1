"""How a score looks in a console and in a notebook, made from what `Score.to_dict` returns."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

Values = Mapping[str, Any]


def score_text(score: Values) -> str:
    """Return one line: the filter, what became of the article, and its scores."""
    return f"<Score {_title(score)}: {_outcome(score)}{_dimensions(score)}>"


def score_html(score: Values) -> str:
    """Return a table of the dimensions with their intervals; everything from outside is escaped."""
    from ..config.scale import AVERAGE

    caption = escape(f"{_title(score)}: {_outcome(score)}")
    if score["scores"] is None:
        return f"<p>{caption}</p>"
    rows = [*score["scores"].items(), (AVERAGE, score[AVERAGE] or 0.0)]
    cells = "".join(
        f"<tr><td>{escape(name)}</td><td>{value:.1f}</td><td>{_interval(score, name)}</td></tr>" for name, value in rows
    )
    return (
        f"<table><caption>{caption}</caption><thead><tr><th>dimension</th><th>score</th><th>interval</th></tr></thead>"
        f"<tbody>{cells}</tbody></table>"
    )


def _title(score: Values) -> str:
    return f"{score['provenance']['filter']} {score['provenance']['version']}".strip()


def _outcome(score: Values) -> str:
    if score["error"] is not None:
        return f"{'failed' if score['passed_prefilter'] else 'invalid article'}, {score['error']}"
    if not score["passed_prefilter"]:
        return f"set aside, {score['prefilter_reason']}"
    average, confidence = score["weighted_average"], score["confidence"]
    if average is None:
        return "no score"
    return f"{score['tier']} {average:.2f}" + ("" if confidence is None else f", confidence {confidence:.2f}")


def _dimensions(score: Values) -> str:
    if not score["scores"]:
        return ""
    return " (" + ", ".join(f"{name} {value:.1f}" for name, value in score["scores"].items()) + ")"


def _interval(score: Values, name: str) -> str:
    if not score["intervals"] or name not in score["intervals"]:
        return ""
    low, high = score["intervals"][name]
    return f"{low:.1f} to {high:.1f}"
