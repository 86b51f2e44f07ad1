"""Fitting the calibration.json of a student or a probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from distillery import CalibrationError, FilterConfig
from distillery.toolkit import AVERAGE, Breakpoints, CalibrationOrigin, Postfilter

from .average import average_effect, choose_together, held_out_together, with_average
from .conformal import fit_half_widths, min_articles
from .maps import CANDIDATES, NONE, Values
from .probabilities import fit_probabilities
from .selection import Choice, choose_map

LEVEL = 0.9
VALIDATION = "val"
MIXED = "mixed"


def fit_calibration(
    config: FilterConfig,
    origin: CalibrationOrigin,
    raw: Values,
    scores: Values,
    *,
    fitted_on: str = VALIDATION,
    level: float = LEVEL,
) -> dict[str, Any]:
    """Fit maps where they help, intervals and probabilities, on raw outputs and scores [n, n_dimensions].

    The articles must be new to the student. Returns the content of a calibration.json: the maps, the intervals (None
    if the articles are too few for the level, see `min_articles`), the probabilities (None for too few articles), and
    the effect on held-out articles. Raises CalibrationError if an output is not a finite number.
    """
    if broken := int((~np.isfinite(raw)).any(axis=1).sum()):
        raise CalibrationError(
            f"{config.name} {config.version}: the {origin.what}'s outputs for {broken} of {len(raw)} articles are not "
            f"finite numbers.  Train it again."
        )
    choices = {name: choose_map(raw[:, i], scores[:, i]) for i, name in enumerate(config.dimension_names)}
    chosen = choose_together(config, choices, scores)
    held_out = held_out_together(choices, chosen)
    unmapped = held_out_together(choices, dict.fromkeys(choices, NONE))
    maps = _maps(chosen, raw, scores)
    postfilter = Postfilter(config)
    return {
        "method": _method(chosen),
        "fitted_on": fitted_on,
        "n_samples": len(raw),
        "filter_name": config.name,
        "filter_version": config.version,
        **origin.facts,
        "dimensions": {name: {"x": fitted.x.tolist(), "y": fitted.y.tolist()} for name, fitted in maps.items()},
        "intervals": _intervals(config, _mapped(config, maps, raw), held_out.mean(axis=0), scores, level),
        "probabilities": fit_probabilities(
            config, postfilter.averages(held_out.mean(axis=0)), postfilter.averages(scores)
        ),
        "held_out_effect": {name: _effects(choice, chosen[name]) for name, choice in choices.items()},
        "average_effect": {
            "before": asdict(average_effect(config, unmapped, scores)),
            "after": asdict(average_effect(config, held_out, scores)),
        },
    }


def _method(chosen: Mapping[str, str]) -> str:
    """Return the one kind of map, "mixed" for several, "none" without any."""
    kinds = set(chosen.values()) - {NONE} or {NONE}
    return kinds.pop() if len(kinds) == 1 else MIXED


def _maps(chosen: Mapping[str, str], raw: Values, scores: Values) -> dict[str, Breakpoints]:
    """Fit the chosen maps on all articles."""
    return {
        name: CANDIDATES[candidate](raw[:, column], scores[:, column])
        for column, (name, candidate) in enumerate(chosen.items())
        if candidate != NONE
    }


def _mapped(config: FilterConfig, maps: Mapping[str, Breakpoints], raw: Values) -> Values:
    """Return the scores [n, n_dimensions] that the maps make of raw outputs."""
    return np.column_stack(
        [maps[name].apply(raw[:, i]) if name in maps else raw[:, i] for i, name in enumerate(config.dimension_names)]
    )


def _intervals(
    config: FilterConfig, mapped: Values, held_out: Values, scores: Values, level: float
) -> dict[str, Any] | None:
    """Fit half-widths for each dimension and the final average; None for too few articles.

    Articles are grouped by their scores under the final maps, ``mapped``; errors are those of the scores ``held_out``.
    """
    if len(mapped) < min_articles(level):
        return None
    found, unseen, expected = (with_average(config, values) for values in (mapped, held_out, scores))
    names = [*config.dimension_names, AVERAGE]
    residuals = np.abs(unseen - expected)
    fitted = {name: fit_half_widths(found[:, i], residuals[:, i], level) for i, name in enumerate(names)}
    return {
        "level": level,
        "method": "split-conformal by groups of the score",
        "n": len(mapped),
        "edges": {name: half_widths.edges.tolist() for name, half_widths in fitted.items()},
        "half_widths": {name: half_widths.widths.tolist() for name, half_widths in fitted.items()},
    }


def _effects(choice: Choice, chosen: str) -> dict[str, Any]:
    return {"chosen": chosen, "candidates": {name: asdict(effect) for name, effect in choice.effects.items()}}


def intervals_note(content: Mapping[str, Any], level: float) -> str:
    """Return one line on the intervals of a calibration."""
    if content["intervals"] is not None:
        return f"intervals of {level:g} from {content['n_samples']} articles"
    return (
        f"no intervals: {content['n_samples']} articles are too few, a level of {level:g} needs {min_articles(level)}. "
        "Label more validation articles, or choose a lower --level"
    )
