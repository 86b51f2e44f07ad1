"""Stage1: decides which articles skip the student, and scores these with a probe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..config import PROBE_FILE, FilterConfig
from ..errors import ProbeError
from .embedder import StaticEmbedder
from .probe import Probe, probe_settings

if TYPE_CHECKING:
    from ..calibration.maps import Calibration
    from ..scoring.score import Score


@dataclass(frozen=True)
class Stage1:
    """A filter's probe, what embeds texts for it, and the threshold below which an article skips the student.

    An article skips the student when the average of its uncalibrated estimates, after the filter's own postfilter, is
    below ``threshold``; on that average the threshold was chosen. The threshold is at most the lowest cap, so no
    gatekeeper changes who skips. The score of such an article is calibrated, with the probe's own maps and intervals,
    and goes through the same postfilter; where that gives another tier than the lowest, the student scores the article.
    """

    probe: Probe
    embedder: StaticEmbedder
    threshold: float
    lowest_tier: str
    probe_sha256: str

    @classmethod
    def load(cls, config: FilterConfig, folder: Path) -> Stage1:
        """Load the Stage 1 of the filter in ``folder``; raise ProbeError if it has none that can be used."""
        threshold, probe = _threshold(config), Probe.load(config, folder)
        embedder = StaticEmbedder.load(probe.record.embedder, folder)
        if embedder.width != probe.record.width:
            raise ProbeError(
                f"{config.name} {config.version}: its probe takes {probe.record.width} numbers, but its embedder gives "
                f"{embedder.width}.\n  Train the probe again: distillery probe train"
            )
        sha256 = probe_settings(config).sha256[PROBE_FILE]
        return cls(probe, embedder, threshold, lowest_tier=config.tiers[-1].name, probe_sha256=sha256)

    @property
    def calibration(self) -> Calibration:
        """The calibration of the probe's estimates."""
        return self.probe.calibration

    def estimate(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return uncalibrated scores [n, n_dimensions] for embeddings [n, width]."""
        return self.probe.apply(embeddings)

    def skips(self, estimate: float, score: Score) -> bool:
        """Say whether an article with this estimated average and calibrated Stage 1 score skips the student."""
        return estimate < self.threshold and score.tier == self.lowest_tier


def _threshold(config: FilterConfig) -> float:
    settings = probe_settings(config)
    if settings.threshold is None:
        raise ProbeError(
            f"{config.name} {config.version} has a probe, but no threshold below which an article skips the student.\n"
            f"  Choose one on labelled articles: distillery probe threshold FOLDER --data DATA"
        )
    return settings.threshold
