"""What is asked of the scores of textbook cases, and by how much each check is passed or missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..config.scale import AVERAGE
from ..errors import ScoringError
from ..scoring.score import Score
from ..scoring.scorer import FilterBaseScorer
from .cases import DIRECTION, FUNCTIONALITY, INVARIANCE, Case, Textbook
from .variants import FRAME, ITSELF, NAMES, TEASER, Variant, translation_name, variants_of

# Scores by the name of a dimension or of the weighted average.
Figures = Mapping[str, float]


@dataclass(frozen=True)
class Check:
    """One thing asked of one text.

    ``figure`` is what the student gives: a score, or for twins, edits and changes a difference of scores. ``margin``
    is how far the figure lies on the right side of what is asked, below 0 on the wrong one. ``language`` and
    ``n_words`` are those of the text.
    """

    kind: str
    name: str
    measure: str
    language: str
    n_words: int
    figure: float
    margin: float

    @property
    def passed(self) -> bool:
        """Whether the figure is as asked."""
        return self.margin >= 0


def run_checks(scorer: FilterBaseScorer, textbook: Textbook) -> list[Check]:
    """Score every text of a textbook by the student alone, without the prefilter, and check its scores.

    Raises ConfigError for an edit of what is not there, ScoringError for a text without scores. Example:
    ``run_checks(load_filter("uplifting"), Textbook.load(path))``.
    """
    variants = {case.id: variants_of(case) for case in textbook.cases}
    figures = _scored(scorer, variants)
    return [check for case in textbook.cases for check in _checks(case, variants[case.id], figures, textbook)]


def _scored(scorer: FilterBaseScorer, variants: Mapping[str, Mapping[str, Variant]]) -> dict[str, dict[str, Figures]]:
    """Return the figures of each variant of each case, scored as one batch."""
    articles = [
        {"id": f"{identifier}, {what}", "title": variant.title, "content": variant.content}
        for identifier, of_case in variants.items()
        for what, variant in of_case.items()
    ]
    found = zip(articles, scorer.score_batch(articles, prefilter=False), strict=True)
    figures = iter([_figures(article["id"], score) for article, score in found])
    return {identifier: {what: next(figures) for what in of_case} for identifier, of_case in variants.items()}


def _figures(text: str, score: Score) -> Figures:
    if score.scores is None or score.weighted_average is None:
        raise ScoringError(f"the textbook case '{text}' has no scores: {score.error}")
    return {**score.scores, AVERAGE: score.weighted_average}


def _checks(
    case: Case, variants: Mapping[str, Variant], figures: Mapping[str, Mapping[str, Figures]], textbook: Textbook
) -> Iterator[Check]:
    of_case = figures[case.id]
    yield from _functionality(case, variants[ITSELF], figures)
    for what, tolerance in _tolerances(case, textbook).items():
        shift = of_case[what][AVERAGE] - of_case[ITSELF][AVERAGE]
        name = f"{case.id}, {what}, moves {AVERAGE} by at most {tolerance:g}"
        yield _check(INVARIANCE, name, AVERAGE, variants[what], shift, tolerance - abs(shift))
    for change in case.changes:
        for measure, least in change.moves.items():
            shift = of_case[change.what][measure] - of_case[ITSELF][measure]
            name = f"{case.id}, {change.what}, moves {measure} by {least:+g} or more"
            margin = shift - least if least > 0 else least - shift
            yield _check(DIRECTION, name, measure, variants[change.what], shift, margin)


def _functionality(case: Case, text: Variant, figures: Mapping[str, Mapping[str, Figures]]) -> Iterator[Check]:
    own = figures[case.id][ITSELF]
    for measure, least in case.at_least.items():
        name = f"{case.id} scores at least {least:g} on {measure}"
        yield _check(FUNCTIONALITY, name, measure, text, own[measure], own[measure] - least)
    for measure, most in case.at_most.items():
        name = f"{case.id} scores at most {most:g} on {measure}"
        yield _check(FUNCTIONALITY, name, measure, text, own[measure], most - own[measure])
    for twin, least in case.above.items():
        distance = own[AVERAGE] - figures[twin][ITSELF][AVERAGE]
        name = f"{case.id} scores at least {least:g} more than {twin}"
        yield _check(FUNCTIONALITY, name, AVERAGE, text, distance, distance - least)


def _tolerances(case: Case, textbook: Textbook) -> dict[str, float]:
    """Return the harmless edits of a case, and how far each may move the weighted average."""
    found = {FRAME: textbook.tolerances.frame}
    if case.names:
        found[NAMES] = textbook.tolerances.names
    if case.teaser:
        found[TEASER] = textbook.tolerances.teaser
    return found | {translation_name(each.language): textbook.tolerances.translation for each in case.translations}


def _check(kind: str, name: str, measure: str, text: Variant, figure: float, margin: float) -> Check:
    return Check(kind, name, measure, text.language, text.n_words, round(figure, 2), margin)
