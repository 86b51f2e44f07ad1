"""The conformance kit's check of two stages finds a Stage 1 that does not say what it scored by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from distillery.stage1.hybrid import HybridScorer
from numpy.typing import NDArray

import distillery
from distillery.scoring.score import Score
from distillery.testing import write_probe
from distillery.testing.stages import stage_faults


class Forgetful(HybridScorer):
    """States the student's calibration, which is none, for what the probe has scored."""

    def spare(self, embeddings: NDArray[np.float32]) -> list[Score | float | None]:
        """Take the provenance of the whole scorer."""
        said = super().spare(embeddings)
        return [replace(one, provenance=self.provenance) if isinstance(one, Score) else one for one in said]


@pytest.fixture
def folder(bert_filter: Path, copy_of: Callable[[Path], Path]) -> Path:
    """A filter with a probe."""
    return write_probe(copy_of(bert_filter))


def faults(scorer_class: type[HybridScorer], folder: Path) -> list[str]:
    hybrid = scorer_class.from_folder(folder, backend="torch")
    return stage_faults(hybrid, distillery.load_filter(folder, backend="torch"))


def test_two_sound_stages_have_no_faults(folder: Path) -> None:
    assert faults(HybridScorer, folder) == []


def test_another_calibration_in_the_provenance_is_found(folder: Path) -> None:
    found = faults(Forgetful, folder)

    assert found
    assert all("the provenance names another calibration than that of stage1" in fault for fault in found)
