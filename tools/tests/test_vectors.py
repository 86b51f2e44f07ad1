"""Vectors of texts are computed once, whatever their order, and never taken from a damaged file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from distillery_tools.vectors import Vectors, cached_vectors

TEXTS = ["a garden", "the river is clean", "a garden", "nobody came"]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the folder of the vectors in it."""
    monkeypatch.setenv("DISTILLERY_CACHE", str(tmp_path))
    return tmp_path / "embeddings"


class Counting:
    """Gives a text's length and first letter as its vector, and notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return one vector a text."""
        self.asked.append(list(texts))
        return np.array([[len(text), ord(text[0])] for text in texts], dtype=np.float32)


def test_each_text_gets_its_own_vector(cache: Path) -> None:
    """In the order asked for, repeated ones too."""
    found = cached_vectors(["facts"], TEXTS, Counting())
    assert found.tolist() == [[len(text), ord(text[0])] for text in TEXTS]


def test_the_same_texts_are_computed_once(cache: Path) -> None:
    """Also in another order."""
    compute = Counting()
    first = cached_vectors(["facts"], TEXTS, compute)
    again = cached_vectors(["facts"], TEXTS[::-1], compute)
    assert np.array_equal(again, first[::-1])
    assert compute.asked == [sorted(set(TEXTS))]


def test_other_facts_are_computed_again(cache: Path) -> None:
    """What the vectors depend on decides."""
    compute = Counting()
    cached_vectors(["facts"], TEXTS, compute)
    cached_vectors(["other"], TEXTS, compute)
    assert len(compute.asked) == 2


def test_of_another_set_only_what_is_new_is_computed(cache: Path) -> None:
    """Filters share articles, though each has labels for others."""
    compute = Counting()
    cached_vectors(["facts"], TEXTS[:2], compute)
    found = cached_vectors(["facts"], TEXTS[1:], compute)
    assert compute.asked == [["a garden", "the river is clean"], ["nobody came"]]
    assert found.tolist() == [[len(text), ord(text[0])] for text in TEXTS[1:]]


def test_a_damaged_file_is_made_again(cache: Path) -> None:
    """And mended."""
    compute = Counting()
    first = cached_vectors(["facts"], TEXTS, compute)
    (path,) = cache.glob("*/*.safetensors")
    path.write_bytes(b"half")
    assert np.array_equal(cached_vectors(["facts"], TEXTS, compute), first)
    assert np.array_equal(cached_vectors(["facts"], TEXTS, compute), first)
    assert len(compute.asked) == 2
