"""What a filter's Stage 1 promises and spares, in sentences."""

from __future__ import annotations

from ..config import GuaranteeConfig, ProbeConfig, StageCostsConfig


def probe_lines(settings: ProbeConfig | None) -> list[str]:
    """Return what is known of a probe, one line a fact."""
    if settings is None:
        return ["This filter has no probe: its student reads every article."]
    if settings.threshold is None:
        return ["This filter has a probe without a threshold: its student reads every article."]
    lines = [f"Stage 1 (mode hybrid) decides below an estimate of {settings.threshold:.3g}."]
    lines += [_promise(settings.guarantee)] if settings.guarantee else []
    return lines + ([_costs(settings.costs)] if settings.costs else [])


def _promise(promise: GuaranteeConfig) -> str:
    return (
        f"It misses at most {promise.miss_rate:.1%} of the articles at {promise.positive_from:g} or above, with "
        f"{promise.confidence:.0%} confidence: {promise.n_misses} of {promise.n_positives} held-out ones."
    )


def _costs(costs: StageCostsConfig) -> str:
    return (
        f"It spares the student {costs.skip_rate:.1%} of {costs.n_articles} articles that pass the prefilter: "
        f"{costs.speed_up:.1f} times as fast ({costs.stage1_milliseconds:.2f} ms an article for Stage 1, "
        f"{costs.student_milliseconds:.1f} ms for the student; {costs.backend}, {costs.machine})."
    )
