"""Measured figures belong to the weights in the package: evaluation.json, and what Stage 1 promises and costs."""

from __future__ import annotations

from pathlib import Path

from ..config import FilterConfig, own_evaluation, own_stage1, read_evaluation


def figure_faults(config: FilterConfig, folder: Path) -> list[str]:
    """Return the figures that were measured on other weights than the filter has; having none is no fault."""
    evaluation = read_evaluation(folder)
    _, reasons = own_evaluation(config, evaluation, config.name) if evaluation else (None, [])
    return [*reasons, *own_stage1(config, config.name)[1]]
