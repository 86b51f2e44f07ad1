"""What Stage 1 of a filter may decide: only articles below its threshold, and only the last tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..config import PROBE_FILE, FilterConfig
from ..golden import read_golden
from ..scoring.score import STAGE_1, STAGE_2, Score
from ..scoring.scorer import FilterBaseScorer
from .articles import PLAIN
from .consistency import batch_faults, differences, order_faults, tolerance_of


def has_stage_1(config: FilterConfig) -> bool:
    """Say whether a filter can be loaded with ``mode="hybrid"``."""
    return config.probe is not None and config.probe.threshold is not None


def stage1_faults(hybrid: FilterBaseScorer, scorer: FilterBaseScorer) -> list[str]:
    """Return what is wrong with a filter's scores in two stages, compared with those of its student alone."""
    articles = [*PLAIN, *(record["article"] for record in read_golden(scorer.filter_dir))]
    found, alone = (each.score_batch(articles, prefilter=False) for each in (hybrid, scorer))
    read = [place for place, score in enumerate(found) if score.stage_used == STAGE_2]
    pairs = ([articles[n] for n in read], [found[n] for n in read], [alone[n] for n in read])
    return [
        *batch_faults(hybrid, found[: len(PLAIN)]),
        *order_faults(hybrid, found[: len(PLAIN)]),
        *_decision_faults(hybrid, articles, found),
        *differences(pairs[0], ("in two stages", pairs[1]), ("by its student alone", pairs[2]), tolerance_of(scorer)),
    ]


def _decision_faults(
    hybrid: FilterBaseScorer, articles: Sequence[Mapping[str, Any]], scores: Sequence[Score]
) -> list[str]:
    return [
        f"article '{article['id']}': {what}."
        for article, score in zip(articles, scores, strict=True)
        for what in _broken_rules(hybrid, score)
    ]


def _broken_rules(hybrid: FilterBaseScorer, score: Score) -> list[str]:
    estimate, last = score.stage1_estimate, hybrid.config.tiers[-1].name
    probe = hybrid.config.probe.sha256[PROBE_FILE] if hybrid.config.probe else None
    by_probe = score.stage_used == STAGE_1
    calibration = hybrid.stage1.calibration if by_probe and hybrid.stage1 else hybrid.calibration
    threshold = hybrid.config.probe.threshold if hybrid.config.probe else None
    rules = {
        f"stage_used is {score.stage_used!r}, not {STAGE_1!r} or {STAGE_2!r}": score.stage_used in (STAGE_1, STAGE_2),
        f"Stage 1 decided at {estimate}, not below {threshold}": not by_probe
        or (estimate is not None and threshold is not None and estimate < threshold),
        f"Stage 1 gave the tier {score.tier}, but it may give only {last}": not by_probe or score.tier == last,
        "the provenance names another probe than config.yaml": score.provenance.probe_sha256 == probe,
        f"the provenance names another calibration than that of {score.stage_used}": score.provenance.calibration
        == (calibration.identifier if calibration else None),
    }
    return [what for what, holds in rules.items() if not holds]
