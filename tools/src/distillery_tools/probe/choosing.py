"""The choice of a probe's threshold: held-out estimates, the guarantee, the measured costs, and writing them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from distillery import FilterConfig, ProbeError, load_filter
from distillery.toolkit import (
    PROBE_FILE,
    GuaranteeConfig,
    Postfilter,
    Probe,
    ProbeConfig,
    StaticEmbedder,
    probe_settings,
)

from ..data.labelled import LabelledData
from .costs import NaturalMix, stage_costs
from .cross_fitting import CrossFitted
from .examples import ProbeExamples
from .guarantee import choose_threshold
from .installation import write_section

# By how much two machines' arithmetic may differ in the weights of one probe.
TOLERANCE = 1e-3


def guaranteed(
    config: FilterConfig, folder: Path, data: LabelledData, miss_rate: float, confidence: float
) -> ProbeConfig:
    """Return the probe's section with the highest threshold that the held-out positives support.

    Fits the probe again to get their estimates. Raises ProbeError if there are too few positives, or if these
    articles give another probe than the one in the folder.
    """
    settings, probe = probe_settings(config), Probe.load(config, folder)
    examples = ProbeExamples.of(config, data, float(probe.record.training["positive_from"]))
    fitted = examples.fit(StaticEmbedder.load(probe.record.embedder, folder))
    _check_same(probe, fitted, config)
    estimates = Postfilter(config).averages(fitted.held_out)[examples.positive]
    threshold = choose_threshold(estimates, miss_rate, confidence, config.probe_ceiling)
    guarantee = GuaranteeConfig(
        positive_from=examples.positive_from,
        miss_rate=miss_rate,
        confidence=confidence,
        n_positives=threshold.n_positives,
        n_misses=threshold.n_misses,
        bound=round(threshold.bound, 4),
        data_sha256=data.sha256,
        probe_sha256=settings.sha256[PROBE_FILE],
    )
    return settings.model_copy(update={"threshold": threshold.value, "guarantee": guarantee, "costs": None})


def with_costs(folder: Path, settings: ProbeConfig, mix: NaturalMix, backend: str) -> ProbeConfig:
    """Write a probe's section into config.yaml, measure what the probe saves, and write that as well."""
    write_section(folder, settings)
    scorer = load_filter(folder, backend=backend, mode="hybrid")
    student = load_filter(folder, backend=backend)
    measured = settings.model_copy(update={"costs": stage_costs(scorer, student, mix)})
    write_section(folder, measured)
    return measured


def _check_same(probe: Probe, fitted: CrossFitted, config: FilterConfig) -> None:
    if not np.allclose(probe.weight, fitted.weight, atol=TOLERANCE * np.abs(fitted.weight).max()):
        raise ProbeError(
            f"The probe of {config.name} {config.version} was not trained on these labelled articles, so they give "
            f"no held-out estimates.\n  Train it on them: distillery probe train"
        )
