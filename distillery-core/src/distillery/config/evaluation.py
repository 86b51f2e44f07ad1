"""Measured figures count only for the weights they were measured on: evaluation.json, and what Stage 1 promises."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .file_names import EVALUATION_FILE, PROBE_FILE
from .filter import FilterConfig
from .probe import ProbeConfig

_SHOWN_DIGITS = 12


def read_evaluation(folder: Path) -> dict[str, Any] | None:
    """Return what ``distillery evaluate --save`` wrote, None if there is no file; raise ConfigError if it is broken."""
    path = folder / EVALUATION_FILE
    if not path.is_file():
        return None
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {"n_articles": data["n_articles"], "models": data["models"]} | data
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} is not what `distillery evaluate` writes: {type(error).__name__}: {error}"
        ) from error


def own_evaluation(
    config: FilterConfig, evaluation: dict[str, Any] | None, address: str
) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the evaluation if it is of this filter's weights, otherwise None and the reason.

    ``address`` is what commands call the filter: its name or its folder.
    """
    if evaluation is None:
        reason: str | None = "This filter has no evaluation."
    elif evaluation.get("filter", config.name) != config.name:
        reason = f"This filter has no evaluation of its own: {EVALUATION_FILE} is that of '{evaluation['filter']}'."
    elif fault := _fault(evaluation.get("weights_sha256"), _weights(config)):
        reason = f"This filter has no evaluation of its own weights: {EVALUATION_FILE} was {fault}."
    else:
        return evaluation, []
    return None, [f"{reason}  Measure it: distillery evaluate {address} --save"]


def own_stage1(config: FilterConfig, address: str) -> tuple[ProbeConfig | None, list[str]]:
    """Return the probe's section without figures that were measured on other weights, and the reasons."""
    probe, reasons = config.probe, list[str]()
    if probe is None:
        return None, reasons
    own_probe = {probe.sha256[PROBE_FILE]}
    if promise := probe.guarantee:
        fault = _fault(promise.probe_sha256, own_probe)
        reasons += _hidden("The promise", fault, f"distillery probe threshold {address}")
        probe = probe.model_copy(update={"guarantee": None if fault else promise})
    if costs := probe.costs:
        fault = _fault(costs.probe_sha256, own_probe) or _fault(costs.weights_sha256, _weights(config))
        reasons += _hidden("The measured cost", fault, f"distillery probe report {address} --save")
        probe = probe.model_copy(update={"costs": None if fault else costs})
    return probe, reasons


def operating_points_fault(config: FilterConfig, weights_sha256: str, calibration: str | None) -> str | None:
    """Return why a filter's operating points do not count for a student and its calibration, None if they do."""
    points = config.operating_points
    if points is None:
        return None
    facts = {
        "weights": (points.weights_sha256[:_SHOWN_DIGITS], weights_sha256[:_SHOWN_DIGITS]),
        "calibration": (points.calibration, calibration),
        "positive_from": (points.positive_from, config.positive_from),
    }
    changed = [f"{name} {then}, not {now}" for name, (then, now) in facts.items() if then != now]
    if not changed:
        return None
    return (
        f"The operating points of {config.name} {config.version} were chosen for {', '.join(changed)}.  "
        f"Choose them again: distillery calibrate FOLDER --data DATA"
    )


def _weights(config: FilterConfig) -> set[str]:
    return {student.weights_sha256 for student in config.students.values()}


def _fault(found: str | None, expected: Iterable[str]) -> str | None:
    """Return why figures measured on the weights of one sha256 do not count for those of others."""
    if found is None:
        return "measured before figures named their weights"
    return None if found in expected else f"measured with other weights (sha256 {found[:_SHOWN_DIGITS]}...)"


def _hidden(what: str, fault: str | None, remedy: str) -> Iterator[str]:
    if fault:
        yield f"{what} of Stage 1 in config.yaml was {fault}, and is not shown.  Measure this probe: {remedy}"
