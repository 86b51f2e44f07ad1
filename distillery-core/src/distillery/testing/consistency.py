"""An article has the same scores in a batch and alone, in any order, and every time."""

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

# Articles beside which awkward ones are scored: a short one, and one as long as a student reads.
NEIGHBOURS = PLAIN[1:3]

_ALONE = "A score must depend on its article alone.  Look at padding, attention masks and state between batches."


def tolerance_of(scorer: FilterBaseScorer) -> float:
    """Return the largest difference allowed between two scores of one article, on the 0-10 scale."""
    return FLOAT32_TOLERANCE if scorer.provenance.backend.endswith("float32") else REDUCED_TOLERANCE


def scores_of_plain(scorer: FilterBaseScorer) -> list[Score]:
    """Return a filter's scores of `PLAIN` in one batch, which the other functions compare with."""
    return scorer.score_batch(PLAIN, prefilter=False)


def batch_faults(scorer: FilterBaseScorer, together: Sequence[Score]) -> list[str]:
    """Score the articles one by one; return one line for each score that differs from the batch's."""
    alone = [score for article in PLAIN for score in scorer.score_batch([article], prefilter=False)]
    return differences(PLAIN, ("in a batch", together), ("alone", alone), tolerance_of(scorer))


def order_faults(scorer: FilterBaseScorer, forwards: Sequence[Score]) -> list[str]:
    """Score the articles backwards; return one line for each score that differs."""
    backwards = scorer.score_batch(PLAIN[::-1], prefilter=False)[::-1]
    return differences(PLAIN, ("in one order", forwards), ("in the reverse", backwards), tolerance_of(scorer))


def repetition_faults(first: Sequence[Score], second: Sequence[Score]) -> list[str]:
    """Compare the scores of the same batch; return one line for each score that is not the same to the bit."""
    return differences(PLAIN, ("at first", first), ("the second time", second), 0.0)


def awkward_faults(scorer: FilterBaseScorer, kind: str, alone: Sequence[Score], *, prefilter: bool) -> list[str]:
    """Score an awkward article between two others; return what is wrong with it or with them.

    ``alone`` are the scores of these two, `NEIGHBOURS`, without it.
    """
    try:
        scores = scorer.score_batch([NEIGHBOURS[0], AWKWARD[kind], NEIGHBOURS[1]], prefilter=prefilter)
    except Exception as error:
        return [f"article '{kind}' stops its batch: {described_error(error)}.  Give it a Score with an error."]
    without = [*scores[:1], *scores[2:]]
    return [
        *differences(NEIGHBOURS, (f"beside '{kind}'", without), ("without it", alone), tolerance_of(scorer)),
        *value_faults(kind, scores[1]),
    ]


def value_faults(article: str, score: Score) -> list[str]:
    """Return the values of a score that are not from 0 to 10, unless it is an error or was set aside."""
    if score.error is not None or not score.passed_prefilter:
        return []
    values = {**(score.scores or {}), "weighted_average": score.weighted_average}
    strange = {name: value for name, value in values.items() if value is None or not LOWEST <= value <= HIGHEST}
    return [
        f"article '{article}': {name} is {value}, not from 0 to 10, and the score has no error."
        for name, value in strange.items()
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
    """Return what must be equal: the scores, or else the error and the reason."""
    return score.scores or {"error": score.error, "prefilter_reason": score.prefilter_reason}


def _agree(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= tolerance
    return bool(one == other)
