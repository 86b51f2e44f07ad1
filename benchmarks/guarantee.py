"""How often a threshold's guarantee is broken, on simulated data: with a held-out split, and cross-fitted.

    python benchmarks/guarantee.py

Two Gaussian classes, so that the share of positives that a linear probe misses below a threshold follows from its
weights. The promise is a miss rate of at most 5 % with 95 % confidence; at most 5 % of the trials may break it. "Set
aside" chooses on as many articles of its own, "cross-fitted" is what `distillery probe` does.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from distillery_tools.probe.cross_fitting import cross_fit
from distillery_tools.probe.guarantee import choose_threshold

MISS_RATE, CONFIDENCE = 0.05, 0.95
SHARE_OF_POSITIVES = 0.2
# How far the classes lie apart in standard deviations, along the first directions of the vectors.
DISTANCE = 2.5


@dataclass(frozen=True)
class Population:
    """Vectors [n, width] of two classes, redrawn for each trial."""

    width: int
    numbers: np.random.Generator

    @property
    def shift(self) -> NDArray[np.float64]:
        """From the centre of the negatives to that of the positives [width]."""
        return np.full(self.width, DISTANCE / np.sqrt(self.width))

    def draw(self, n: int) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_]]:
        """Return vectors, noisy scores [n, 1] and which are positive."""
        positive = np.arange(n) < SHARE_OF_POSITIVES * n
        vectors = self.numbers.standard_normal((n, self.width)) + positive[:, None] * self.shift
        scores = np.where(positive, 5.0, 1.0)[:, None] + 0.5 * self.numbers.standard_normal((n, 1))
        return vectors.astype(np.float32), scores, positive

    def missed(self, weight: NDArray[np.float64], bias: NDArray[np.float64], threshold: float) -> float:
        """Return the share of all positives that a probe puts below a threshold."""
        return float(norm.cdf(threshold, weight[0] @ self.shift + bias[0], np.linalg.norm(weight[0])))


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=620, help="articles in a trial, one in five positive (default 620)")
    parser.add_argument("--width", type=int, default=64, help="numbers in a vector (default 64)")
    parser.add_argument("--trials", type=int, default=200)
    options = parser.parse_args()
    population = Population(options.width, np.random.default_rng(0))
    for name, way in {"set aside": _set_aside, "cross-fitted": _cross_fitted}.items():
        missed = np.array([way(population, options.n) for _ in range(options.trials)])
        broken = missed > MISS_RATE
        error = np.sqrt(broken.mean() * (1 - broken.mean()) / len(broken))
        print(f"{name:14} broken in {broken.mean():.1%} (+-{error:.1%}) of {len(broken)}; missed {missed.mean():.2%}")


def _set_aside(population: Population, n: int) -> float:
    fitted = cross_fit(*population.draw(n), range(n))
    vectors, _, positive = population.draw(n)
    estimates = vectors[positive] @ fitted.weight[0] + fitted.bias[0]
    threshold = choose_threshold(estimates, MISS_RATE, CONFIDENCE, ceiling=10.0)
    return population.missed(fitted.weight, fitted.bias, threshold.value)


def _cross_fitted(population: Population, n: int) -> float:
    vectors, scores, positive = population.draw(n)
    fitted = cross_fit(vectors, scores, positive, range(n))
    threshold = choose_threshold(fitted.held_out[positive, 0], MISS_RATE, CONFIDENCE, ceiling=10.0)
    return population.missed(fitted.weight, fitted.bias, threshold.value)


if __name__ == "__main__":
    main()
