"""A filter's textbook: whether the file is sound, and whether the student does what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..config import FilterConfig
from ..config.scale import AVERAGE
from ..golden import TOLERANCE
from ..scoring.postfilter import Postfilter
from ..textbook import Check, Textbook
from ..textbook.cases import Case

LEAST_CASES = 8
# Of the cases, translations counted.
LEAST_NOT_ENGLISH = 0.25


def file_faults(config: FilterConfig, textbook: Textbook) -> list[str]:
    """Return what is wrong with a textbook before any text is scored."""
    if wrong := [case.id for case in textbook.cases if len(case.anchors) != len(config.dimensions)]:
        return [f"case '{each}' needs a score of each of the {len(config.dimensions)} dimensions." for each in wrong]
    return [
        *_set_faults(textbook),
        *(fault for case in textbook.cases for fault in _name_faults(config, case)),
        *(fault for case in textbook.cases for fault in _bound_faults(config, case)),
    ]


def result_faults(textbook: Textbook, checks: Sequence[Check]) -> list[str]:
    """Return what a student fails unknown to the file, what it does again, and which shares are too small.

    A figure within the tolerance of golden scores counts as either, and for the shares as passed, since
    backends differ by so much.
    """
    return [
        *(
            f"{check.name}, but the figure is {check.figure:g}."
            for check in checks
            if check.margin < -TOLERANCE and check.name not in textbook.known_failures
        ),
        *(
            f"{check.name}: {check.figure:g} is as asked now; take it off known_failures."
            for check in checks
            if check.margin > TOLERANCE and check.name in textbook.known_failures
        ),
        *(
            f"known_failures has '{name}', which is no check of this file; take it off."
            for name in textbook.known_failures
            if name not in {check.name for check in checks}
        ),
        *_share_faults(textbook, checks),
    ]


def dimension_faults(config: FilterConfig, checks: Sequence[Check]) -> list[str]:
    """Return the dimensions that no check concerns."""
    checked = {check.measure for check in checks} | (
        {config.dimension_names[0]} if len(config.dimensions) == 1 else set()
    )
    return [f"no case checks the dimension '{name}'." for name in config.dimension_names if name not in checked]


def _share_faults(textbook: Textbook, checks: Sequence[Check]) -> Iterator[str]:
    for kind, least in textbook.least_shares.model_dump().items():
        of_kind = [check for check in checks if check.kind == kind]
        n_passed = sum(check.margin >= -TOLERANCE for check in of_kind)
        if not of_kind:
            yield f"no case checks {kind}."
        elif n_passed < least * len(of_kind):
            yield f"{n_passed} of {len(of_kind)} checks of {kind} pass; at least {least:.0%} must."


def _set_faults(textbook: Textbook) -> Iterator[str]:
    if len(textbook.cases) < LEAST_CASES:
        yield f"there are {len(textbook.cases)} cases.  Write at least {LEAST_CASES}."
    languages = [case.language for case in textbook.cases]
    languages += [each.language for case in textbook.cases for each in case.translations]
    if sum(language != "en" for language in languages) < LEAST_NOT_ENGLISH * len(languages):
        yield f"fewer than {LEAST_NOT_ENGLISH:.0%} of the texts are not English.  Add some."


def _name_faults(config: FilterConfig, case: Case) -> Iterator[str]:
    measures = {AVERAGE, *config.dimension_names}
    named = {*case.at_least, *case.at_most, *(measure for change in case.changes for measure in change.moves)}
    for each in sorted(named - measures):
        yield f"case '{case.id}' names '{each}', which the filter does not score."


def _bound_faults(config: FilterConfig, case: Case) -> Iterator[str]:
    """Yield the bounds that the case's own scores by the anchors break."""
    outcome = Postfilter(config).apply(np.array([case.anchors]))[0]
    own = {**dict(zip(config.dimension_names, case.anchors, strict=True)), AVERAGE: outcome.weighted_average}
    for measure, least in case.at_least.items():
        if own.get(measure, least) < least:
            yield f"case '{case.id}' asks at least {least:g} on {measure}, but the anchors give {own[measure]:g}."
    for measure, most in case.at_most.items():
        if own.get(measure, most) > most:
            yield f"case '{case.id}' asks at most {most:g} on {measure}, but the anchors give {own[measure]:g}."
