"""The same article has the same scores: in a batch and alone, in any order, again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..config.scale import HIGHEST, LOWEST
from ..plugins.manager import described_error
from ..scoring.score import Score
from ..scoring.scorer import FilterBaseScorer
from .articles import AWKWARD, PLAIN

# What padding to other lengths changes in float32, on the 0-10 scale; a reduced precision does not pad on a CPU.
FLOAT32_TOLERANCE = 1e-4
REDUCED_TOLERANCE = 1e-3

_ALONE = "A score may depend on its article alone: look at padding, attention masks and state that is kept."


def tolerance_of(scorer: FilterBaseScorer) -> float:
    """Return how far two scores of one article may lie apart on the scorer's backend, on the 0-10 scale."""
    return FLOAT32_TOLERANCE if scorer.provenance.backend.endswith("float32") else REDUCED_TOLERANCE


def company_faults(scorer: FilterBaseScorer) -> list[str]:
    """Score articles together and one by one; return one line for each score that differs."""
    together = scorer.score_batch(PLAIN, prefilter=False)
    alone = [score for article in PLAIN for score in scorer.score_batch([article], prefilter=False)]
    return differences(PLAIN, ("in a batch", together), ("alone", alone), tolerance_of(scorer))


def order_faults(scorer: FilterBaseScorer) -> list[str]:
    """Score articles forwards and backwards; return one line for each score that differs."""
    forwards = scorer.score_batch(PLAIN, prefilter=False)
    backwards = scorer.score_batch(PLAIN[::-1], prefilter=False)[::-1]
    return differences(PLAIN, ("in one order", forwards), ("in the reverse", backwards), tolerance_of(scorer))


def repetition_faults(scorer: FilterBaseScorer, again: FilterBaseScorer) -> list[str]:
    """Score a batch with both; return one line for each score that is not the same to the bit."""
    first, second = (each.score_batch(PLAIN, prefilter=False) for each in (scorer, again))
    return differences(PLAIN, ("at first", first), ("the second time", second), 0.0)


def awkward_faults(scorer: FilterBaseScorer, kind: str, *, prefilter: bool) -> list[str]:
    """Score an awkward article between two others; return what is wrong with it or with them."""
    others = PLAIN[1:3]
    expected = scorer.score_batch(others, prefilter=prefilter)
    try:
        scores = scorer.score_batch([others[0], AWKWARD[kind], others[1]], prefilter=prefilter)
    except Exception as error:
        return [f"article '{kind}' stops its batch: {described_error(error)}.  Give it a Score with an error."]
    without = [*scores[:1], *scores[2:]]
    return [
        *differences(others, (f"beside '{kind}'", without), ("without it", expected), tolerance_of(scorer)),
        *unfinished(kind, scores[1]),
    ]


def unfinished(article: str, score: Score) -> list[str]:
    """Return what is wrong with a score that must be an error, set aside, or all numbers from 0 to 10."""
    if score.error is not None or not score.passed_prefilter:
        return []
    values = {**(score.scores or {}), "weighted_average": score.weighted_average}
    strange = {name: value for name, value in values.items() if value is None or not LOWEST <= value <= HIGHEST}
    return [
        f"article '{article}': {name} is {value}, neither an error nor from 0 to 10." for name, value in strange.items()
    ]


def differences(
    articles: Sequence[Mapping[str, Any]],
    one: tuple[str, Sequence[Score]],
    other: tuple[str, Sequence[Score]],
    tolerance: float,
) -> list[str]:
    """Return one line for each value of an article in which two lists of scores, each with its label, differ."""
    (first, some), (second, others) = one, other
    if not len(articles) == len(some) == len(others):
        return [f"{len(articles)} articles have {len(some)} scores {first} and {len(others)} {second}."]
    return [
        f"article '{article['id']}': {name} is {values.get(name)} {first}, but {wanted.get(name)} {second}.  {_ALONE}"
        for article, values, wanted in zip(articles, map(_values, some), map(_values, others), strict=True)
        for name in {**values, **wanted}
        if not _agree(values.get(name), wanted.get(name), tolerance)
    ]


def _values(score: Score) -> Mapping[str, Any]:
    """Return what must agree: an error or a blocked article agrees only with its like."""
    return score.scores or {"error": score.error, "prefilter_reason": score.prefilter_reason}


def _agree(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= tolerance
    return bool(one == other)
