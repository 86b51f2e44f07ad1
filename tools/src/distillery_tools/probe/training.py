"""Training of a probe: cross-fitted on labelled articles, calibrated on held-out estimates, with a record."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from distillery import FilterConfig
from distillery.toolkit import CalibrationOrigin, EmbedderConfig, Postfilter, ProbeRecord, StaticEmbedder

from ..calibration.fit import fit_calibration
from ..data.labelled import LabelledData
from ..measuring.figures import bootstrap
from ..measuring.metrics import mean_absolute_error, spearman
from ..training.record import circumstances
from .cross_fitting import N_FOLDS, N_REPEATS, CrossFitted
from .examples import FITTED_ON, ProbeExamples

CALIBRATED_ON = f"held-out estimates of {' and '.join(FITTED_ON)}"


@dataclass(frozen=True)
class TrainedProbe:
    """The content of a probe's files: weights as safetensors, record and calibration."""

    weights: bytes
    record: ProbeRecord
    calibration: dict[str, Any]


def train_probe(
    config: FilterConfig, data: LabelledData, settings: EmbedderConfig, folder: Path, positive_from: float
) -> TrainedProbe:
    """Fit a probe for the filter in ``folder``, and maps and intervals to its estimates."""
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
    weights = save({"weight": fitted.weight.astype(np.float32), "bias": fitted.bias.astype(np.float32)})
    origin = CalibrationOrigin.of_probe(hashlib.sha256(weights).hexdigest(), embedder.fingerprint)
    calibration = fit_calibration(config, origin, fitted.held_out, examples.scores, fitted_on=CALIBRATED_ON)
    return TrainedProbe(weights, record, calibration)


def _training(config: FilterConfig, data: LabelledData, examples: ProbeExamples, fitted: CrossFitted) -> dict[str, Any]:
    estimates = Postfilter(config).averages(fitted.held_out)
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
