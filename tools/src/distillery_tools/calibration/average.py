"""The weighted average under the chosen maps: what helps each dimension must not harm the average."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from distillery import FilterConfig
from distillery.toolkit import HIGHEST, LOWEST, Postfilter

from .maps import FLOOR, NONE, Values
from .selection import Choice, Effect


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
    Then floors take the place of maps that went, the best first, where they help and the average stays no worse.
    """
    chosen = {name: choice.chosen for name, choice in choices.items()}
    unmapped = held_out_together(choices, dict.fromkeys(choices, NONE))
    plain = average_effect(config, unmapped, scores)

    def does_no_harm(candidates: Mapping[str, str]) -> bool:
        mapped = held_out_together(choices, candidates)
        effect = average_effect(config, mapped, scores)
        return (
            effect.mae <= plain.mae and effect.keeps_ranks_of(plain) and _keeps_tiers(config, unmapped, mapped, scores)
        )

    gone = []
    while (mapped := [name for name in chosen if chosen[name] != NONE]) and not does_no_harm(chosen):
        gone.append(min(mapped, key=lambda name: choices[name].gain(chosen[name])))
        chosen[gone[-1]] = NONE
    for name in sorted(gone, key=lambda name: -choices[name].gain(FLOOR)):
        if choices[name].helps(FLOOR) and does_no_harm({**chosen, name: FLOOR}):
            chosen[name] = FLOOR
    return chosen


def _keeps_tiers(config: FilterConfig, unmapped: Values, mapped: Values, scores: Values) -> bool:
    """Say whether each tier that articles reach, by the oracle and without maps, is still reached with them."""
    postfilter = Postfilter(config)
    before, after, expected = (
        postfilter.averages(values).max(initial=LOWEST)
        for values in (unmapped.mean(axis=0), mapped.mean(axis=0), scores)
    )
    reached = [tier.at_least for tier in config.tiers if tier.at_least <= min(before, expected)]
    return bool(after >= max(reached))
