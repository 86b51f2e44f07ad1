"""Choosing operating points: steady where positives are few, and honest where there are too few."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from distillery import FilterConfig
from distillery.toolkit import Calibration
from distillery_tools.calibration.operating_points import choose_operating_points, point_figures
from distillery_tools.calibration.probabilities import fit_probabilities

Values = NDArray[np.float64]


def sample(size: int, seed: int) -> tuple[Values, Values]:
    """Return outputs of a student that shrinks high scores, and the oracle's scores; few are high."""
    generator = np.random.default_rng(seed)
    scores = generator.exponential(1.1, size).clip(0, 10)
    outputs = 0.6 * scores + 0.3 + generator.normal(0, 0.3, size)
    return np.repeat(outputs[:, None], 3, axis=1), np.repeat(scores[:, None], 3, axis=1)


def choose(config: FilterConfig, raw: Values, scores: Values) -> dict[str, Any]:
    """Choose as the command does, without maps."""
    averages = raw[:, 0].clip(0, 10)
    content = {"dimensions": {}, "intervals": None, "probabilities": fit_probabilities(config, averages, scores[:, 0])}
    return choose_operating_points(config, Calibration.parse(content, config, source="test"), raw, scores)


def measured(averages: Values, positive: NDArray[np.bool_], threshold: float) -> dict[str, float]:
    """Return what each point is chosen for, at a threshold."""
    found = averages >= threshold
    both = float((found & positive).sum())
    return {
        "recall-80": both / positive.sum(),
        "precision-80": both / found.sum(),
        "balanced": 2 * both / (found.sum() + positive.sum()),
    }


@pytest.fixture
def free(config: FilterConfig) -> FilterConfig:
    """The filter without gatekeepers, which would cap averages."""
    return config.model_copy(update={"gatekeepers": []})


def test_points_keep_their_promise_on_further_articles(free: FilterConfig) -> None:
    """On average over samples with some 20 positives."""
    raw, scores = sample(20_000, 99)
    averages, positive = raw[:, 0], scores[:, 0] >= free.positive_from
    found: dict[str, list[float]] = {"recall-80": [], "precision-80": [], "balanced": []}
    for seed in range(12):
        chosen = choose(free, *sample(700, seed))
        assert 8 <= chosen["n_positives"] <= 40
        for name, point in chosen["points"].items():
            found[name].append(measured(averages, positive, point["threshold"])[name])

    assert 0.78 < np.mean(found["recall-80"]) < 0.93
    assert np.mean(found["precision-80"]) > 0.75
    assert np.mean(found["balanced"]) > measured(averages, positive, free.positive_from)["balanced"] + 0.1


def test_a_point_states_what_the_articles_give(free: FilterConfig) -> None:
    raw, scores = sample(700, 0)
    chosen = choose(free, raw, scores)

    assert list(chosen["points"]) == ["balanced", "recall-80", "precision-80"]
    point = chosen["points"]["balanced"]
    figures = point_figures(raw[:, 0], scores[:, 0] >= free.positive_from, point["threshold"])
    for name in ("precision", "recall", "f1"):
        value, low, high = point[name]
        assert low <= value <= high
        assert value == pytest.approx(figures[name].value, abs=0.001)


def test_few_positives_give_no_points(free: FilterConfig) -> None:
    raw, scores = sample(200, 0)
    scores = scores.clip(max=free.positive_from - 0.5)
    scores[:4] = 9.0

    chosen = choose(free, raw, scores)

    assert chosen["points"] == {}
    assert set(chosen["missing"]) == {"balanced", "recall-80", "precision-80"}
    assert set(chosen["missing"].values()) == {"4 positives among the validation articles are too few, 5 are needed"}


def test_a_precision_out_of_reach_is_missing(free: FilterConfig) -> None:
    """A student that knows nothing."""
    generator = np.random.default_rng(0)
    raw, scores = sample(400, 0)
    raw = np.repeat(generator.uniform(0, 3, (400, 1)), 3, axis=1)

    chosen = choose(free, raw, scores)

    assert set(chosen["missing"]) == {"precision-80"}
    assert "promises a precision of 0.8" in chosen["missing"]["precision-80"]
    assert choose(free, raw[:40], scores[:40])["points"] == {}


def test_a_point_that_every_article_reaches_is_missing(free: FilterConfig) -> None:
    """It would find all positives by finding everything."""
    generator = np.random.default_rng(0)
    raw, scores = (np.zeros((400, 3)) for _ in range(2))
    raw[:20], scores[:30] = generator.uniform(4, 6, (20, 1)), 6.0  # a third of the positives score 0

    chosen = choose(free, raw, scores)

    assert all(point["threshold"] > 0 for point in chosen["points"].values())
    assert "too many positives score 0" in chosen["missing"]["recall-80"]


def test_a_training_writes_them(garden: Path, trained_points: dict[str, Any]) -> None:
    """With what they belong to; the file stays valid."""
    assert trained_points["weights_sha256"] == FilterConfig.load(garden).student().weights_sha256
    assert "[" in (garden / "config.yaml").read_text().split("operating_points:")[1]


@pytest.fixture
def trained_points(garden: Path) -> dict[str, Any]:
    """Return ``operating_points`` after a calibration was installed."""
    from distillery.toolkit import CalibrationOrigin, resolve_encoder_spec
    from distillery_tools.calibration.fit import fit_calibration
    from distillery_tools.training.install import install_calibration, install_operating_points

    config = FilterConfig.load(garden)
    (garden / config.student().adapter).mkdir()
    raw, scores = sample(300, 0)
    origin = CalibrationOrigin.of_student(config.student(), resolve_encoder_spec(config, garden))
    install_calibration(garden, config, config.default_student, fit_calibration(config, origin, raw, scores))
    install_operating_points(garden, config.default_student, raw, scores)
    points: dict[str, Any] = yaml.safe_load((garden / "config.yaml").read_text())["operating_points"]
    return points
