"""Measured figures belong to the weights in the package: evaluation.json, operating points, what Stage 1 promises."""

from __future__ import annotations

from ..config import operating_points_fault, own_evaluation, own_stage1, read_evaluation
from ..scoring.scorer import FilterBaseScorer


def figure_faults(scorer: FilterBaseScorer) -> list[str]:
    """Return the figures that were measured on other weights than the filter has; having none is no fault."""
    config, provenance = scorer.config, scorer.provenance
    evaluation = read_evaluation(scorer.filter_dir)
    _, reasons = own_evaluation(config, evaluation, config.name) if evaluation else (None, [])
    points_fault = operating_points_fault(config, provenance.weights_sha256, provenance.calibration)
    return [*reasons, *own_stage1(config, config.name)[1], *([points_fault] if points_fault else [])]
