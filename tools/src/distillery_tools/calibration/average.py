"""The weighted average under the chosen maps: what helps each dimension must not harm the average."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from distillery import FilterConfig
from distillery.toolkit import Postfilter

from .maps import NONE, Values
from .selection import Choice, Effect


def average_effect(config: FilterConfig, held_out: Values, scores: Values) -> Effect:
    """Measure the averages of held-out scores [n_repeats, n, n_dimensions] against the oracle's [n, n_dimensions]."""
    postfilter = Postfilter(config)
    averages = np.array([postfilter.averages(predicted) for predicted in held_out])
    return Effect.of_held_out(averages, postfilter.averages(scores))


def held_out_together(choices: Mapping[str, Choice], chosen: Mapping[str, str]) -> Values:
    """Return the held-out scores [n_repeats, n, n_dimensions] of each dimension's chosen candidate."""
    return np.stack([choice.held_out[chosen[name]] for name, choice in choices.items()], axis=-1)


def choose_together(config: FilterConfig, choices: Mapping[str, Choice], scores: Values) -> dict[str, str]:
    """Return each dimension's candidate; the weakest maps go until the average is no worse than without maps."""
    chosen = {name: choice.chosen for name, choice in choices.items()}
    plain = average_effect(config, held_out_together(choices, dict.fromkeys(choices, NONE)), scores)
    while any(candidate != NONE for candidate in chosen.values()):
        effect = average_effect(config, held_out_together(choices, chosen), scores)
        if effect.mae <= plain.mae and effect.keeps_ranks_of(plain):
            break
        mapped = [name for name, candidate in chosen.items() if candidate != NONE]
        chosen[min(mapped, key=lambda name: choices[name].gain)] = NONE
    return chosen
