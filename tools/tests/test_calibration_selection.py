"""Choosing a map: by articles it was not fitted on, the simplest of the good ones, and the average must not suffer."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest
from invented import DIMENSIONS
from numpy.typing import NDArray

from distillery import FilterConfig
from distillery.toolkit import Breakpoints
from distillery_tools.calibration.average import average_effect, choose_together, held_out_together
from distillery_tools.calibration.maps import CANDIDATES, fit_isotonic
from distillery_tools.calibration.selection import (
    DIVIDED_ONCE,
    MAX_RANK_LOSS,
    MIN_SAMPLE,
    N_FOLDS,
    N_REPEATS,
    Choice,
    Effect,
    choose_map,
    folds,
    held_out_scores,
)

Values = NDArray[np.float64]

N = 300
WANTED = np.random.default_rng(1).uniform(1, 9, N)


def noise(scale: float, seed: int = 0) -> Values:
    """Return what a student adds by mistake."""
    return np.random.default_rng(seed).normal(0, scale, N)


def test_a_sound_student_needs_no_map() -> None:
    """What a map gains on it is chance."""
    assert choose_map(WANTED + noise(0.2), WANTED).chosen == "none"


def test_a_flat_student_gets_a_line() -> None:
    """Curves do it as well, but not better than by chance."""
    expected = np.random.default_rng(3).normal(5, 1.2, N)

    choice = choose_map(expected * 0.4 + 4 + noise(0.4), expected)

    assert choice.chosen == "affine"
    assert choice.effects["affine"].mae < 0.7 * choice.effects["none"].mae
    assert choice.effects["affine"].spearman == choice.effects["none"].spearman, "a line leaves the ranks"
    assert list(choice.effects) == list(choice.held_out) == list(CANDIDATES)


def test_a_bent_student_gets_a_curve() -> None:
    """No line makes it straight."""
    choice = choose_map(np.sqrt(WANTED) + noise(0.02), WANTED)

    assert choice.chosen in {"monotone_cubic", "isotonic"}
    assert choice.effects[choice.chosen].mae < 0.7 * choice.effects["affine"].mae


def test_a_useless_student_is_not_mapped_at_the_cost_of_its_ranks() -> None:
    """Every map lowers the error; none may scatter what little order there is."""
    choice = choose_map(WANTED + noise(8.0), np.full(N, 5.0) + 0.01 * WANTED)
    plain, kept = choice.effects["none"], choice.effects[choice.chosen]

    assert kept.spearman is not None
    assert plain.spearman is not None
    assert kept.spearman >= plain.spearman - MAX_RANK_LOSS


def test_the_effect_is_that_on_held_out_articles() -> None:
    """On pure noise a map always helps where it was fitted."""
    generator = np.random.default_rng(2)
    expected = generator.uniform(3, 7, 60)
    raw = expected + generator.normal(0, 1, 60)
    fitted = np.abs(fit_isotonic(raw, expected).apply(raw) - expected).mean()

    held_out = held_out_scores(fit_isotonic, raw, expected)

    assert fitted < 0.9 * np.abs(held_out - expected).mean()
    assert held_out.tolist() == held_out_scores(fit_isotonic, raw, expected).tolist(), "folds are drawn from a seed"


def test_no_article_is_mapped_by_a_map_that_knows_it() -> None:
    """A fit that learns its articles by heart is of no use to the others."""
    raw, expected = np.arange(60.0), np.full(60, 1.0)

    def by_heart(seen: Values, scores: Values) -> Breakpoints:
        x = np.sort(np.concatenate([seen - 0.01, seen, seen + 0.01]))
        return Breakpoints(x, np.isin(x, seen).astype(np.float64))

    assert held_out_scores(by_heart, raw, expected).max() == 0


@pytest.mark.parametrize("size", [1, 4, 5, MIN_SAMPLE - 1])
def test_few_articles_get_no_map(size: int) -> None:
    """What cannot be held out cannot be shown to help."""
    choice = choose_map(WANTED[:size] * 0.4 + 4, WANTED[:size])

    assert choice.chosen == "none"
    assert choice.held_out["none"] == pytest.approx(np.tile(WANTED[:size] * 0.4 + 4, (N_REPEATS, 1)))


def test_many_articles_are_divided_once() -> None:
    """Each is held out once, as it is in every repeat with fewer."""
    for size, repeats in ((DIVIDED_ONCE - 1, N_REPEATS), (DIVIDED_ONCE, 1)):
        left = [np.concatenate([fold.left for fold in folds(size) if fold.repeat == n]) for n in range(repeats)]

        assert [sorted(each) for each in left] == [list(range(size))] * repeats
        assert len(folds(size)) == repeats * N_FOLDS


def test_ranks_that_are_not_defined_are_no_loss() -> None:
    """The oracle may give one score to all, the student may not."""
    defined, undefined = Effect(1.0, 0.5), Effect.of(np.full(3, 2.0), np.array([1.0, 2.0, 4.0]))

    assert undefined.spearman is None
    assert undefined.mae == 1.0
    assert defined.keeps_ranks_of(undefined)
    assert undefined.keeps_ranks_of(undefined)
    assert not undefined.keeps_ranks_of(defined)


@pytest.mark.parametrize(("after", "kept"), [(0.6, True), (0.499, True), (0.497, False)])
def test_a_small_loss_of_ranks_is_chance(after: float, kept: bool) -> None:
    """Two thousandths."""
    assert Effect(1.0, after).keeps_ranks_of(Effect(1.0, 0.5)) is kept


class TestTogether:
    """choose_together."""

    scores = np.column_stack([WANTED, WANTED, np.full(N, 5.0)])

    def choice(self, mapped: Values, plain: Values) -> Choice:
        """Return a choice of a map that gains on its own dimension."""
        unmapped = np.tile(plain, (N_REPEATS, 1))
        held_out = {"none": unmapped, "floor": unmapped, "affine": np.tile(mapped, (N_REPEATS, 1))}
        effects = {"none": Effect(1.0, 0.9), "floor": Effect(1.0, 0.9), "affine": Effect(0.8, 0.9)}
        return Choice("affine", MappingProxyType(held_out), MappingProxyType(effects))

    def test_maps_that_help_the_average_stay(self, config: FilterConfig) -> None:
        """All of them."""
        choices = {name: self.choice(self.scores[:, i], self.scores[:, i] * 0.5) for i, name in enumerate(DIMENSIONS)}

        assert choose_together(config, choices, self.scores) == dict.fromkeys(DIMENSIONS, "affine")

    def test_a_map_that_scatters_the_average_goes(self, config: FilterConfig) -> None:
        """The others stay."""
        choices = {name: self.choice(self.scores[:, i], self.scores[:, i] * 0.9) for i, name in enumerate(DIMENSIONS)}
        scattered = self.choice(10 - WANTED, WANTED)
        weak = MappingProxyType({**scattered.effects, "affine": Effect(0.98, 0.9)})
        choices["shared"] = Choice("affine", scattered.held_out, weak)

        chosen = choose_together(config, choices, self.scores)

        assert chosen == {"green": "affine", "shared": "none", "tested": "affine"}

    def test_a_floor_that_harms_the_average_leaves_the_other_maps_alone(self, config: FilterConfig) -> None:
        """Only its own dimension goes without a map."""
        choices = {name: self.choice(self.scores[:, i], self.scores[:, i] * 0.9) for i, name in enumerate(DIMENSIONS)}
        scattered = self.choice(10 - WANTED, WANTED)
        choices["shared"] = Choice(
            "affine",
            MappingProxyType({**scattered.held_out, "floor": scattered.held_out["affine"]}),
            MappingProxyType({"none": Effect(1.0, 0.9), "floor": Effect(0.97, 0.9), "affine": Effect(0.95, 0.9)}),
        )

        chosen = choose_together(config, choices, self.scores)

        assert chosen == {"green": "affine", "shared": "none", "tested": "affine"}

    @pytest.mark.parametrize(
        ("floor", "kept"), [(Effect(0.5, 0.9), True), (Effect(0.995, 0.9), False), (Effect(0.5, 0.8), False)]
    )
    def test_a_floor_takes_the_place_of_a_map_where_it_helps(
        self, config: FilterConfig, floor: Effect, kept: bool
    ) -> None:
        """By the rules of every map: a smaller error, and no lower rank correlation."""
        choices = {name: self.choice(self.scores[:, i], self.scores[:, i] * 0.9) for i, name in enumerate(DIMENSIONS)}
        scattered = self.choice(10 - WANTED, WANTED * 0.9)
        choices["shared"] = Choice(
            "affine",
            MappingProxyType({**scattered.held_out, "floor": np.tile(WANTED, (N_REPEATS, 1))}),
            MappingProxyType({"none": Effect(1.0, 0.9), "floor": floor, "affine": Effect(0.98, 0.9)}),
        )

        chosen = choose_together(config, choices, self.scores)

        assert chosen == {"green": "affine", "shared": "floor" if kept else "none", "tested": "affine"}

    def test_what_was_chosen_is_put_together(self, config: FilterConfig) -> None:
        """A column a dimension; its average is measured as the user gets it."""
        choices = {name: self.choice(self.scores[:, i], self.scores[:, i] * 0) for i, name in enumerate(DIMENSIONS)}
        chosen = {"green": "affine", "shared": "none", "tested": "affine"}

        together = held_out_together(choices, chosen)

        assert together.shape == (N_REPEATS, N, 3)
        assert together[0].tolist() == np.column_stack([WANTED, WANTED * 0, self.scores[:, 2]]).tolist()
        assert average_effect(config, together, self.scores).mae == pytest.approx((0.3 * WANTED).mean())
