"""What a filter's Stage 1 promises and saves, in sentences."""

from __future__ import annotations

from ..config import GuaranteeConfig, ProbeConfig, StageCostsConfig


def probe_lines(settings: ProbeConfig | None) -> list[str]:
    """Return what is known of a probe, one fact per line."""
    if settings is None:
        return ["This filter has no probe: its student scores every article."]
    if settings.threshold is None:
        return ["This filter has a probe without a threshold: its student scores every article."]
    lines = [f"In the mode hybrid, articles that Stage 1 estimates below {settings.threshold:.3g} skip the student."]
    lines += [_promise(settings.guarantee)] if settings.guarantee else []
    return lines + ([_costs(settings.costs)] if settings.costs else [])


def _promise(promise: GuaranteeConfig) -> str:
    return (
        f"Stage 1 misses at most {promise.miss_rate:.1%} of the articles at {promise.positive_from:g} or above, with "
        f"{promise.confidence:.0%} confidence: {promise.n_misses} of {promise.n_positives} held-out ones."
    )


def _costs(costs: StageCostsConfig) -> str:
    return (
        f"{costs.skip_rate:.1%} of {costs.n_articles} articles that pass the prefilter skip the student: "
        f"{costs.speed_up:.1f} times as fast ({costs.stage1_milliseconds:.2f} ms an article for Stage 1, "
        f"{costs.student_milliseconds:.1f} ms for the student; {costs.backend}, {costs.machine})."
    )
