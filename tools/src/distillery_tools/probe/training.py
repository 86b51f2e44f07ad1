"""The training of a probe: cross-fitted on labelled articles, with a record."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from distillery import FilterConfig
from distillery.embedder import EmbedderConfig, StaticEmbedder
from distillery.probe import ProbeRecord

from ..data.labelled import LabelledData
from ..evaluation.figures import bootstrap
from ..evaluation.metrics import mean_absolute_error, spearman
from ..training.record import circumstances
from .cross_fitting import N_FOLDS, N_REPEATS, CrossFitted
from .examples import FITTED_ON, ProbeExamples, averages_of


def train_probe(
    config: FilterConfig, data: LabelledData, settings: EmbedderConfig, folder: Path, positive_from: float
) -> tuple[CrossFitted, ProbeRecord]:
    """Fit a probe for the filter in ``folder``; return it with its record."""
    embedder = StaticEmbedder.load(settings, folder)
    examples = ProbeExamples.of(config, data, positive_from)
    fitted = examples.fit(embedder)
    record = ProbeRecord(
        filter=config.name,
        dimensions=config.dimension_names,
        width=embedder.width,
        embedder=settings,
        embedder_fingerprint=embedder.fingerprint,
        training=_training(config, data, examples, fitted),
    )
    return fitted, record


def _training(config: FilterConfig, data: LabelledData, examples: ProbeExamples, fitted: CrossFitted) -> dict[str, Any]:
    estimates = averages_of(fitted.held_out, config)
    return {
        "splits": list(FITTED_ON),
        "data_sha256": data.sha256,
        "n_articles": len(examples.articles),
        "positive_from": examples.positive_from,
        "n_positives": int(examples.positive.sum()),
        "objective": "squared error of every dimension plus a ridge penalty",
        "folds": N_FOLDS,
        "repeats": N_REPEATS,
        "ridge_median": float(np.median(fitted.alphas)),
        "held_out": {
            "weighted_average_mae": asdict(bootstrap(mean_absolute_error, estimates, examples.averages)),
            "spearman": asdict(bootstrap(spearman, estimates, examples.averages)),
        },
        **circumstances(),
    }
