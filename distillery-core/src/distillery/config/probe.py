"""Stage 1: the probe, what its threshold promises, and what it saves."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from .file_names import CALIBRATION_FILE, PROBE_FILE, PROBE_RECORD_FILE
from .section import Points, Section, Sha256, Share


class GuaranteeConfig(Section):
    """What the threshold of a probe promises, and on what ground.

    Of the articles that the oracle puts at ``positive_from`` or above, at most the share ``miss_rate`` is below the
    threshold, with ``confidence``; ``bound`` is the share that the ``n_misses`` of ``n_positives`` held-out ones
    support (Clopper-Pearson). ``probe_sha256`` says which probe file was measured; for another file the figures
    mean nothing, and they are not shown.
    """

    positive_from: Points
    miss_rate: Share
    confidence: Share
    n_positives: Annotated[int, Field(ge=1)]
    n_misses: Annotated[int, Field(ge=0)]
    bound: Share
    data_sha256: Sha256
    probe_sha256: Sha256 | None = None


class StageCostsConfig(Section):
    """What Stage 1 saves: its share of the articles that the prefilter passes, and both stages' measured costs.

    ``probe_sha256`` and ``weights_sha256`` say which probe and which student were measured, as in `GuaranteeConfig`.
    """

    n_articles: Annotated[int, Field(ge=1)]
    articles_sha256: Sha256
    skip_rate: Share
    stage1_milliseconds: Annotated[float, Field(ge=0.0)]
    student_milliseconds: Annotated[float, Field(gt=0.0)]
    speed_up: Annotated[float, Field(gt=0.0)]
    backend: str
    machine: str
    probe_sha256: Sha256 | None = None
    weights_sha256: Sha256 | None = None


class ProbeConfig(Section):
    """Stage 1: the probe's folder beside config.yaml, the sha256 of its files, and below which average it decides.

    ``threshold`` is null until it is chosen on labelled articles; it is one of averages that are not calibrated.
    """

    folder: str
    sha256: dict[str, Sha256]
    threshold: Points | None = None
    guarantee: GuaranteeConfig | None = None
    costs: StageCostsConfig | None = None

    @field_validator("sha256")
    @classmethod
    def _names_every_file(cls, value: dict[str, str]) -> dict[str, str]:
        if absent := [name for name in (PROBE_FILE, PROBE_RECORD_FILE, CALIBRATION_FILE) if name not in value]:
            raise ValueError(f"states no sha256 for {' and '.join(absent)}")
        return value
