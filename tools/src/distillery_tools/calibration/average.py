"""The weighted average under the chosen maps: what helps each dimension must not harm the average."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from distillery import FilterConfig
from distillery.toolkit import HIGHEST, LOWEST, Postfilter

from .maps import FLOOR, NONE, Values
from .selection import MIN_GAIN, Choice, Effect


def average_effect(config: FilterConfig, held_out: Values, scores: Values) -> Effect:
    """Measure the averages of held-out scores [n_repeats, n, n_dimensions] against the oracle's [n, n_dimensions]."""
    postfilter = Postfilter(config)
    averages = np.array([postfilter.averages(predicted) for predicted in held_out])
    return Effect.of_held_out(averages, postfilter.averages(scores))


def with_average(config: FilterConfig, scores: Values) -> Values:
    """Return clamped scores [n, n_dimensions] with the final weighted average as a further column."""
    return np.column_stack([scores.clip(LOWEST, HIGHEST), Postfilter(config).averages(scores)])


def held_out_together(choices: Mapping[str, Choice], chosen: Mapping[str, str]) -> Values:
    """Return the held-out scores [n_repeats, n, n_dimensions] of each dimension's chosen candidate."""
    return np.stack([choice.held_out[chosen[name]] for name, choice in choices.items()], axis=-1)


def choose_together(config: FilterConfig, choices: Mapping[str, Choice], scores: Values) -> dict[str, str]:
    """Return each dimension's candidate; the weakest maps go until the average is no worse than without maps.

    Worse is a larger error, a lower rank correlation, or a tier without a single article that had some without maps.
    Where a map goes, a floor takes its place if it helps: it brings what is nearly 0 to 0 and changes no high score.
    """
    chosen = {name: choice.chosen for name, choice in choices.items()}
    unmapped = held_out_together(choices, dict.fromkeys(choices, NONE))
    plain = average_effect(config, unmapped, scores)
    while any(candidate != NONE for candidate in chosen.values()):
        mapped_scores = held_out_together(choices, chosen)
        effect = average_effect(config, mapped_scores, scores)
        if (
            effect.mae <= plain.mae
            and effect.keeps_ranks_of(plain)
            and _keeps_tiers(config, unmapped, mapped_scores, scores)
        ):
            break
        _replace_weakest(choices, chosen)
    return chosen


def _replace_weakest(choices: Mapping[str, Choice], chosen: dict[str, str]) -> None:
    """Replace the weakest map by a floor, if that helps its dimension; once only floors are left, drop the weakest."""
    maps = [name for name, candidate in chosen.items() if candidate not in (NONE, FLOOR)]
    floors = [name for name, candidate in chosen.items() if candidate == FLOOR]
    weakest = min(maps or floors, key=lambda name: choices[name].gain(chosen[name]))
    chosen[weakest] = FLOOR if maps and choices[weakest].gain(FLOOR) >= MIN_GAIN else NONE


def _keeps_tiers(config: FilterConfig, unmapped: Values, mapped: Values, scores: Values) -> bool:
    """Say whether each tier that articles reach, by the oracle and without maps, is still reached with them."""
    postfilter = Postfilter(config)
    before, after, expected = (
        postfilter.averages(values).max(initial=LOWEST)
        for values in (unmapped.mean(axis=0), mapped.mean(axis=0), scores)
    )
    reached = [tier.at_least for tier in config.tiers if tier.at_least <= min(before, expected)]
    return bool(after >= max(reached))
