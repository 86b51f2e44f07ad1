"""Calibration: a map is kept where it helps on articles it has not seen, and means to the core what it means here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from invented import DIMENSIONS, strict_json
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from distillery import FilterConfig
from distillery.calibration import Calibration
from distillery_tools.records import write_json
from distillery_tools.training.calibrator import SMALLEST_GAIN, DimensionFit, fit_calibration, held_out_effect

Values = NDArray[np.float64]

N = 300


@pytest.fixture
def raw() -> Values:
    """What a student gives: green far too flat, shared true but for a little noise, tested without any relation."""
    generator = np.random.default_rng(0)
    return np.column_stack(
        [
            scores()[:, 0] * 0.4 + 4 + generator.normal(0, 0.2, N),
            scores()[:, 1] + generator.normal(0, 0.1, N),
            generator.uniform(2, 8, N),
        ]
    )


def scores() -> Values:
    """Return the oracle's scores; those of ``tested`` lie all around 5."""
    generator = np.random.default_rng(1)
    return np.column_stack(
        [generator.uniform(0, 10, N), generator.uniform(2, 8, N), generator.normal(5, 0.1, N).clip(0, 10)]
    )


def test_a_map_is_kept_only_where_it_helps(config: FilterConfig, raw: Values) -> None:
    """The flat dimension and the unrelated one gain, the true one does not."""
    content = fit_calibration(config, config.student(), raw, scores())

    effect = content["held_out_effect"]
    assert list(content["dimensions"]) == ["green", "tested"]
    assert list(effect) == list(DIMENSIONS)
    for name in DIMENSIONS:
        helps = effect[name]["mae_after"] < effect[name]["mae_before"] * (1 - SMALLEST_GAIN)
        assert helps is (name != "shared")


def test_the_effect_is_measured_on_held_out_articles(config: FilterConfig) -> None:
    """On pure noise a map always helps where it was fitted; cross-validation sees that it does not."""
    generator = np.random.default_rng(2)
    truth = generator.uniform(3, 7, 60)
    raw = truth + generator.normal(0, 1, 60)
    fitted = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=10).fit(raw, truth).predict(raw)

    effect = held_out_effect(raw, truth)

    assert np.abs(fitted - truth).mean() < effect.mae_after
    assert effect.mae_before == pytest.approx(np.abs(raw.clip(0, 10) - truth).mean())
    assert effect == held_out_effect(raw, truth), "the folds are drawn from a seed"


@pytest.mark.parametrize(("after", "helps"), [(0.98, True), (0.995, False), (1.0, False), (1.5, False)])
def test_a_gain_within_the_noise_is_none(after: float, helps: bool) -> None:
    """Less than one per cent is noise."""
    assert DimensionFit(mae_before=1.0, mae_after=after).helps is helps


def test_the_core_maps_as_sklearn_predicts(config: FilterConfig, raw: Values, tmp_path: Path) -> None:
    """Within the range, between its corners, and beyond both ends; a dimension without a map passes through."""
    write_json(tmp_path / "calibration.json", fit_calibration(config, config.student(), raw, scores()))
    calibration = Calibration.load(tmp_path / "calibration.json", config, config.student())
    unseen = np.random.default_rng(3).uniform(-5, 15, size=(500, 3))

    found = calibration.apply(unseen)

    assert found[:, 1].tolist() == unseen[:, 1].tolist()
    for column in (0, 2):
        model = IsotonicRegression(out_of_bounds="clip", y_min=0.0, y_max=10.0).fit(raw[:, column], scores()[:, column])
        assert np.abs(found[:, column] - model.predict(unseen[:, column])).max() < 1e-9
    assert found[:, [0, 2]].min() >= 0
    assert found[:, [0, 2]].max() <= 10


def test_the_file_says_what_it_was_fitted_on(config: FilterConfig, raw: Values, tmp_path: Path) -> None:
    """Loading checks the student's weights, dtype and preprocessing."""
    content = fit_calibration(config, config.student(), raw, scores())
    write_json(tmp_path / "calibration.json", content)

    assert strict_json((tmp_path / "calibration.json").read_text(encoding="utf-8")) == content
    assert content["filter_name"] == config.name
    assert content["filter_version"] == config.version
    assert content["weights_sha256"] == config.student().weights_sha256
    assert content["dtype"] == "float32"
    assert content["preprocessing"] == {"head_tokens": 40, "tail_tokens": 16}
    assert (content["method"], content["fitted_on"], content["n_samples"]) == ("isotonic", "val", N)


def test_a_constant_output_gives_a_constant_map(config: FilterConfig, tmp_path: Path) -> None:
    """A map of one corner is a map; it moves a useless dimension to the mean of the labels."""
    raw = np.full((N, 3), 9.0)
    content = fit_calibration(config, config.student(), raw, scores())
    write_json(tmp_path / "calibration.json", content)

    calibrated = Calibration.load(tmp_path / "calibration.json", config, config.student()).apply(raw)

    assert list(content["dimensions"]) == list(DIMENSIONS)
    assert calibrated[0] == pytest.approx(scores().mean(axis=0))


@pytest.mark.parametrize("n_articles", [1, 4])
def test_too_few_articles_give_no_map(config: FilterConfig, raw: Values, n_articles: int) -> None:
    """What cannot be held out cannot be shown to help."""
    content = fit_calibration(config, config.student(), raw[:n_articles], scores()[:n_articles])
    assert content["dimensions"] == {}
    assert content["n_samples"] == n_articles
