"""The conformance kit's check of two stages finds a Stage 1 that does not say what it scored by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import distillery
from distillery.scoring.contracts import Stage1Result
from distillery.scoring.scorer import FilterBaseScorer
from distillery.stage1.stage1 import Stage1
from distillery.testing import write_probe
from distillery.testing.stage1_rules import stage1_faults


class Forgetful(FilterBaseScorer):
    """Names the student's calibration, None, in the scores of Stage 1."""

    def score_stage1(self, embeddings: NDArray[np.float32]) -> list[Stage1Result]:
        """Take the provenance of the whole scorer."""
        return [
            replace(result, score=replace(result.score, provenance=self.provenance)) if result.score else result
            for result in super().score_stage1(embeddings)
        ]


@pytest.fixture
def folder(bert_filter: Path, copy_of: Callable[[Path], Path]) -> Path:
    """A filter with a probe."""
    return write_probe(copy_of(bert_filter))


def faults(scorer_class: type[FilterBaseScorer], folder: Path) -> list[str]:
    stage1 = Stage1.load(distillery.load_config(folder), folder)
    hybrid = scorer_class.from_folder(folder, backend="torch", stage1=stage1)
    return stage1_faults(hybrid, distillery.load_filter(folder, backend="torch"))


def test_two_sound_stages_have_no_faults(folder: Path) -> None:
    assert faults(FilterBaseScorer, folder) == []


def test_another_calibration_in_the_provenance_is_found(folder: Path) -> None:
    found = faults(Forgetful, folder)

    assert found
    assert all("the provenance names another calibration than that of stage1" in fault for fault in found)
