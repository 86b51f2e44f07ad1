"""HybridScorer: a probe decides which articles the student reads."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..config import PROBE_FILE, FilterConfig
from ..errors import ProbeError
from ..scoring.score import STAGE_1, STAGE_2, Provenance, Score
from ..scoring.scorer import FilterBaseScorer
from ..students.backends.contract import Outputs
from .embedder import StaticEmbedder
from .probe import Probe, probe_settings


class HybridScorer(FilterBaseScorer):
    """Scores as any scorer does, but leaves an article that the probe puts below the threshold to the probe.

    Who is spared is decided on the average of the uncalibrated estimates after the filter's own postfilter, which is
    what the threshold was chosen on. It is at most the lowest cap, so that no gatekeeper changes who is spared. What a
    spared article gets is calibrated, with the probe's own maps and intervals, and goes through the same postfilter;
    where that puts it into another tier than the last, the student reads it after all.
    """

    embedder: StaticEmbedder
    probe: Probe
    threshold: float

    @classmethod
    def from_folder(cls, folder: Path, **options: Any) -> Self:
        """Load the filter as any scorer does, and its probe; raise also ProbeError."""
        config = FilterConfig.load(folder)
        threshold, probe = _threshold(config), Probe.load(config, folder)
        embedder = StaticEmbedder.load(probe.record.embedder, folder)
        if embedder.width != probe.record.width:
            raise ProbeError(
                f"{config.name} {config.version}: its probe reads {probe.record.width} numbers, its embedder gives "
                f"{embedder.width}.\n  Train it anew: distillery probe train"
            )
        scorer = super().from_folder(folder, **options)
        scorer.embedder, scorer.probe, scorer.threshold = embedder, probe, threshold
        return scorer

    @cached_property
    def provenance(self) -> Provenance:
        """What every score of this scorer was made by, the probe included."""
        settings = probe_settings(self.config)
        return replace(super().provenance, probe_sha256=settings.sha256[PROBE_FILE], embedder=self.embedder.fingerprint)

    @cached_property
    def _stage1_provenance(self) -> Provenance:
        return replace(self.provenance, calibration=self.probe.calibration.identifier)

    def spare(self, embeddings: NDArray[np.float32]) -> list[Score | float | None]:
        """Return Stage 1's final score for each embedding [n, width], its estimate where the student is to read.

        An estimate is an uncalibrated average; one that is not a finite number is None.
        """
        estimates = self.probe.apply(embeddings)
        finite = np.asarray(np.isfinite(estimates).all(axis=1))
        said = iter(self._said(estimates[finite]))
        return [next(said) if sound else None for sound in finite.tolist()]

    def to_scores(self, outputs: Outputs) -> list[Score]:
        """Score what the student read, as Stage 2."""
        return [replace(score, stage_used=STAGE_2) for score in super().to_scores(outputs)]

    def _said(self, estimates: NDArray[np.float32]) -> list[Score | float]:
        """Return the final score, or else the average before calibration, for finite estimates [n, n_dimensions]."""
        averages = self.postfilter.averages(estimates).tolist()
        scores = self._judged(estimates, self.probe.calibration)
        return [
            self._spared(score, average) if self._spares(score, average) else average
            for score, average in zip(scores, averages, strict=True)
        ]

    def _spares(self, score: Score, average: float) -> bool:
        return average < self.threshold and score.tier == self.config.tiers[-1].name

    def _spared(self, score: Score, average: float) -> Score:
        return replace(score, provenance=self._stage1_provenance, stage_used=STAGE_1, stage1_estimate=average)


def hybrid_class(scorer_class: type[FilterBaseScorer]) -> type[HybridScorer]:
    """Return the class that puts a Stage 1 before a filter's own scorer."""
    if scorer_class is FilterBaseScorer:
        return HybridScorer
    if issubclass(scorer_class, HybridScorer):
        return scorer_class
    return type(f"Hybrid{scorer_class.__name__}", (HybridScorer, scorer_class), {})


def _threshold(config: FilterConfig) -> float:
    settings = probe_settings(config)
    if settings.threshold is None:
        raise ProbeError(
            f"{config.name} {config.version} has a probe, but no threshold below which it may spare the student.\n"
            f"  Choose it on labelled articles: distillery probe threshold FOLDER --data DATA"
        )
    return settings.threshold
