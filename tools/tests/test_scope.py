"""The scope of a head: few false alarms on further articles, and true ones where vectors are elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distillery.toolkit import SCOPE_FILE, Scope
from distillery_tools.training.scope import MIN_ARTICLES, N_COMPONENTS, fit_scope, save_scope

WIDTH = 96


def vectors(size: int, seed: int) -> NDArray[np.float32]:
    """Return vectors that vary much in a few directions and little in all others."""
    mixing = np.random.default_rng(0).normal(size=(12, WIDTH))
    generator = np.random.default_rng(seed)
    return (generator.normal(size=(size, 12)) @ mixing + 0.3 * generator.normal(size=(size, WIDTH)) + 2).astype("f4")


def fitted() -> Scope:
    """Return the scope of some thousand articles."""
    return fit_scope(vectors(3000, 1), vectors(700, 2), ["en"] * 2990 + ["fi"] * 4 + ["nl"] * MIN_ARTICLES + [""])


def test_one_in_a_hundred_of_further_articles_is_called_far() -> None:
    assert fitted().is_far(vectors(5000, 3)).mean() < 0.02


def test_vectors_elsewhere_are_far() -> None:
    """Also those that are no longer than the training articles', but lie in other directions."""
    known = vectors(500, 4)
    elsewhere = np.random.default_rng(5).normal(size=known.shape).astype("f4")
    elsewhere *= np.linalg.norm(known - 2) / np.linalg.norm(elsewhere)

    assert fitted().is_far(elsewhere + 2).mean() > 0.99


def test_a_language_of_few_articles_is_not_known() -> None:
    scope = fitted()

    assert scope.languages == {"en", "nl"}
    assert scope.knows_language("")


def test_the_core_reads_what_was_written(tmp_path: Path) -> None:
    """In a file of less than 100 kB for vectors of 384 numbers."""
    scope, path = fitted(), tmp_path / SCOPE_FILE
    save_scope(scope, path)

    loaded = Scope.load(path, WIDTH)

    assert loaded.languages == scope.languages
    assert loaded.distances(vectors(9, 6)).tolist() == scope.distances(vectors(9, 6)).tolist()
    assert path.stat().st_size * 384 / WIDTH < 100_000
    assert len(loaded.variances) == N_COMPONENTS


def test_few_and_equal_vectors_are_no_fault() -> None:
    same = np.ones((3, WIDTH), np.float32)

    assert not fit_scope(same, same, ["", "", ""]).is_far(same).any()
