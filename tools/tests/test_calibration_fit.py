"""The content of calibration.json: what the core loads, from which fit, and with which effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from invented import DIMENSIONS, strict_json
from numpy.typing import NDArray

from distillery import CalibrationError, FilterConfig
from distillery.toolkit import AVERAGE, Calibration, CalibrationOrigin, EncoderSpec, Postfilter, resolve_encoder_spec
from distillery_tools.calibration.conformal import min_articles
from distillery_tools.calibration.effect import calibration_effects
from distillery_tools.calibration.fit import fit_calibration, intervals_note
from distillery_tools.records import write_json

Values = NDArray[np.float64]

N = 300


@pytest.fixture
def spec(garden: Path, config: FilterConfig) -> EncoderSpec:
    """How the untrained student reads."""
    return resolve_encoder_spec(config, garden)


def sample(seed: int) -> tuple[Values, Values]:
    """Return a student's outputs and the scores: green far too flat, shared true but for noise, tested bent."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(5, 1.5, (N, 3)).clip(0.5, 9.5)
    outputs = [scores[:, 0] * 0.4 + 4, scores[:, 1], 3 * np.sqrt(scores[:, 2])]
    return np.column_stack(outputs) + generator.normal(0, 0.2, (N, 3)), scores


def fit(config: FilterConfig, spec: EncoderSpec, sample: tuple[Values, Values], level: float = 0.9) -> dict[str, Any]:
    """Fit as the commands do."""
    return fit_calibration(config, CalibrationOrigin.of_student(config.student(), spec), *sample, level=level)


def parse(content: dict[str, Any], config: FilterConfig) -> Calibration:
    """Read content that was not written."""
    return Calibration.parse(content, config, source="the test's")


def test_a_map_is_kept_only_where_it_helps(config: FilterConfig, spec: EncoderSpec) -> None:
    """The true dimension has none; each kept map is of the kind that the file says."""
    content = fit(config, spec, sample(0))

    effects = content["held_out_effect"]
    assert list(effects) == list(DIMENSIONS)
    assert list(content["dimensions"]) == ["green", "tested"]
    assert effects["green"]["chosen"] == "affine"
    assert effects["shared"]["chosen"] == "none"
    for name in content["dimensions"]:
        candidates = effects[name]["candidates"]
        assert candidates[effects[name]["chosen"]]["mae"] < candidates["none"]["mae"]
    assert content["average_effect"]["after"]["mae"] < content["average_effect"]["before"]["mae"]


def test_the_method_is_that_of_the_maps(config: FilterConfig, spec: EncoderSpec) -> None:
    """One kind, several, or none at all."""
    raw, scores = sample(0)
    flat = np.column_stack([scores[:, 0] * 0.4 + 4] * 3) + np.random.default_rng(5).normal(0, 0.2, (N, 3))
    same = np.column_stack([scores[:, 0]] * 3)

    assert fit(config, spec, (flat, same))["method"] == "affine"
    assert fit(config, spec, (scores, scores))["method"] == "none"
    content = fit(config, spec, (raw, scores))
    kinds = {effect["chosen"] for effect in content["held_out_effect"].values()} - {"none"}
    assert content["method"] == ("mixed" if len(kinds) > 1 else kinds.pop())


def test_the_core_loads_what_was_written(config: FilterConfig, spec: EncoderSpec, tmp_path: Path) -> None:
    """For the student that it was fitted on, and no other."""
    content = fit(config, spec, sample(0))
    path = tmp_path / "calibration.json"
    write_json(path, content)

    raw, _ = sample(1)
    origin = CalibrationOrigin.of_student(config.student(), spec)
    loaded = Calibration.load(path, config, origin)
    assert strict_json(path.read_text(encoding="utf-8")) == content
    assert loaded.apply(raw).tolist() == parse(content, config).apply(raw).tolist()
    assert loaded.apply(raw)[:, 1].tolist() == raw[:, 1].tolist()
    assert (content["fitted_on"], content["n_samples"]) == ("val", N)

    write_json(path, {**content, "weights_sha256": "2" * 64})
    with pytest.raises(CalibrationError, match="was fitted with weights_sha256"):
        Calibration.load(path, config, origin)


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_intervals_hold_the_scores_of_further_articles(config: FilterConfig, spec: EncoderSpec, level: float) -> None:
    """By dimension and of the average; the errors of further articles are smaller with the maps."""
    calibration = parse(fit(config, spec, sample(0), level), config)
    raw, scores = (np.concatenate(parts) for parts in zip(*(sample(seed) for seed in range(1, 6)), strict=True))

    effects = calibration_effects(config, calibration, raw, scores)

    assert list(effects) == [*DIMENSIONS, AVERAGE]
    for name, effect in effects.items():
        assert effect.coverage is not None
        assert level - 0.05 < effect.coverage < level + 0.06
        assert effect.width is not None
        assert 0 < effect.width < 4
        assert (effect.after.mae < effect.before.mae) is (name != "shared")
    assert effects["shared"].before == effects["shared"].after


def test_the_average_is_that_after_the_gatekeepers(config: FilterConfig, spec: EncoderSpec) -> None:
    """Scores that the cap of ``tested`` holds at 3 are known exactly, whatever the other dimensions do."""
    generator = np.random.default_rng(0)
    scores = np.column_stack([generator.uniform(6, 10, N), generator.uniform(6, 10, N), np.zeros(N)])
    raw = scores + generator.normal(0, 1, (N, 3)) * [1, 1, 0.05]

    content = fit(config, spec, (raw, scores))

    assert content["average_effect"]["before"]["mae"] == 0
    assert max(content["intervals"]["half_widths"][AVERAGE]) == 0
    assert min(content["intervals"]["half_widths"]["green"]) > 0.5


def test_few_articles_give_no_intervals_and_no_map(config: FilterConfig, spec: EncoderSpec) -> None:
    """Four articles show nothing: scores stay as they are, and there is nothing to be sure of."""
    raw, scores = (values[:4] for values in sample(0))

    content = fit(config, spec, (raw, scores))

    assert (content["dimensions"], content["method"], content["intervals"]) == ({}, "none", None)
    calibration = parse(content, config)
    assert calibration.intervals(raw, np.full(4, 5.0)) is None
    assert calibration.apply(raw).tolist() == raw.tolist()
    effects = calibration_effects(config, calibration, raw, scores)
    assert [(effect.coverage, effect.width) for effect in effects.values()] == [(None, None)] * 4
    assert "no intervals: 4 articles are too few, a level of 0.9 needs 60." in intervals_note(content, 0.9)


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_intervals_start_at_the_number_of_articles_that_makes_them_stable(
    config: FilterConfig, spec: EncoderSpec, level: float
) -> None:
    enough = min_articles(level)

    for n, has_intervals in ((enough - 1, False), (enough, True)):
        raw, scores = (np.resize(values, (n, 3)) for values in sample(0))
        assert (fit(config, spec, (raw, scores), level)["intervals"] is not None) is has_intervals


def test_constant_labels_are_no_fault(config: FilterConfig, spec: EncoderSpec) -> None:
    """Ranks are not defined then, and JSON has no NaN."""
    raw, scores = sample(0)
    scores[:, 2] = 0.0

    content = fit(config, spec, (raw, scores))

    assert content["held_out_effect"]["tested"]["candidates"]["none"]["spearman"] is None
    assert parse(content, config).apply(raw)[:, 2] == pytest.approx(np.zeros(N), abs=0.1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_outputs_that_are_no_numbers_are_refused(config: FilterConfig, spec: EncoderSpec, value: float) -> None:
    """The student is broken; a map would hide it."""
    raw, scores = sample(0)
    raw[[3, 5], 1] = value

    with pytest.raises(CalibrationError, match=r"garden 1.2.0: the student's outputs for 2 of 300 articles"):
        fit(config, spec, (raw, scores))


def test_a_map_that_empties_a_tier_is_not_kept(config: FilterConfig, spec: EncoderSpec) -> None:
    """The median of rare high scores is low: the error falls, and nobody would be found any more."""
    generator = np.random.default_rng(0)
    scores = np.repeat(generator.exponential(0.4, (N, 1)), 3, axis=1).clip(0, 3.5)
    raw = scores + generator.normal(0, 0.3, (N, 3)).clip(-0.5, 0.5) + 1.0
    scores[:6], raw[:12] = 8.0, np.linspace(7.5, 8.0, 12)[:, None]

    fitted = parse(fit(config, spec, (raw, scores)), config)

    reached = min(tier.at_least for tier in config.tiers if tier.at_least > 0)
    assert Postfilter(config).averages(fitted.apply(raw)).max() >= reached


def test_a_floor_takes_the_place_of_a_map_that_empties_a_tier(config: FilterConfig, spec: EncoderSpec) -> None:
    """What is nearly 0 becomes 0; what is high stays as it is."""
    generator = np.random.default_rng(0)
    scores = np.zeros((N, 3))
    raw = generator.uniform(0.05, 0.35, (N, 3))
    scores[:6], raw[:12] = 8.0, np.linspace(7.0, 8.0, 12)[:, None]

    content = fit(config, spec, (raw, scores))

    assert content["method"] == "floor"
    mapped = parse(content, config).apply(raw)
    assert mapped[:12] == pytest.approx(raw[:12])
    assert (mapped[12:] == 0).mean() > 0.95
    assert content["average_effect"]["after"]["mae"] < content["average_effect"]["before"]["mae"]


def test_probabilities_are_part_of_the_file(config: FilterConfig, spec: EncoderSpec) -> None:
    """And of the calibration that the core makes of it."""
    content = fit(config, spec, sample(0))

    assert content["probabilities"]["n"] == N
    assert parse(content, config).probabilities is not None
    raw, scores = sample(0)
    assert fit(config, spec, (raw[:20], scores[:20]))["probabilities"] is None
