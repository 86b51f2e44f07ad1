"""Worked examples of a filter's rules and arithmetic, read from a YAML file beside its tests.

.. code-block:: yaml

    prefilter:
      passed: ["She plays the violin in a violet dress."]    # no rule may set it aside
      blocked:                                               # reason -> texts
        military_security: ["Troops crossed the river."]
      lifted:                                                # these sentences lift the block of the first text of each
        - {categories: [military_security], by: ["Peace talks ended with a handshake."]}
      not_lifted:                                            # and these do not
        - {categories: [military_security], by: ["It was a peaceful morning."]}
      urls: {excluded_domain_code: ["https://github.com/x"], passed: ["https://notgithub.com/x"]}
      golden: {third-brigade-moves: military_security}       # golden articles that are set aside; all others pass
    averages:                                                # scores in the order of the dimensions
      - {what: a village clinic, scores: [9, 5, 3, 8, 3, 6], average: 6.1, tier: medium}
      - {what: a pledge, scores: [9, 9, 6, 2.5, 9, 6], average: 3.0, tier: low, gatekeeper: true}
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

from ..config import FilterConfig
from ..golden import read_golden
from ..scoring.article import Article
from ..scoring.postfilter import Postfilter
from ..scoring.prefilter import PASSED, Prefilter

# On no topic; makes a short text as long as the rules ask, and fills the window that they read.
_FILLER = "The morning was grey and the bakery on the corner sold its last loaf at nine. "
_TITLE = "A day in town"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Exceptions(_Model):
    """Sentences, and the categories whose block they are tried on."""

    categories: list[str]
    by: list[str]


class PrefilterCases(_Model):
    """What the rules set aside and what they let through."""

    passed: list[str] = []
    blocked: dict[str, list[str]] = {}
    lifted: list[Exceptions] = []
    not_lifted: list[Exceptions] = []
    urls: dict[str, list[str]] = {}
    golden: dict[str, str] | None = None


class AverageCase(_Model):
    """The scores of one article, and what follows from them."""

    what: str
    scores: list[float]
    average: float
    tier: str
    gatekeeper: bool = False


class FilterCases(_Model):
    """All worked examples of a filter."""

    prefilter: PrefilterCases = PrefilterCases()
    averages: list[AverageCase] = []

    @classmethod
    def load(cls, path: Path) -> FilterCases:
        """Read a YAML file; raise pydantic's ValidationError that names each key at fault."""
        return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def prefilter_case_faults(config: FilterConfig, folder: Path, cases: PrefilterCases) -> list[str]:
    """Return one line for each article on which the filter's rules say something else than its cases."""
    prefilter = Prefilter(config.prefilter)
    found = ((article, expected, prefilter.check(article).reason) for article, expected in _articles(config, cases))
    golden = (
        (article, cases.golden.get(str(article.id), PASSED), prefilter.check(article).reason)
        for article in (Article.from_dict(record["article"]) for record in read_golden(folder))
        if cases.golden is not None
    )
    return [
        *_uncovered_categories(config, cases),
        *(_fault(article, expected, reason) for article, expected, reason in (*found, *golden) if reason != expected),
    ]


def average_case_faults(config: FilterConfig, cases: list[AverageCase]) -> list[str]:
    """Return one line for each case whose average, tier or gatekeeper differs; all are computed as one batch."""
    if not cases:
        return []
    outcomes = Postfilter(config).apply(np.array([case.scores for case in cases], dtype=np.float32))
    return [
        f"'{case.what}': average, tier and gatekeeper are {found}, but the case says {expected}."
        for case, outcome in zip(cases, outcomes, strict=True)
        if (found := (outcome.weighted_average, outcome.tier.name, outcome.gatekeeper_applied))
        != (expected := (case.average, case.tier, case.gatekeeper))
    ]


def _articles(config: FilterConfig, cases: PrefilterCases) -> Iterator[tuple[Article, str]]:
    """Yield each article with the reason that the rules must give."""
    filler = _FILLER * (1 + config.prefilter.min_content_chars // len(_FILLER))
    for text in cases.passed:
        yield _article(text, filler), PASSED
    for reason, texts in cases.blocked.items():
        for text in texts:
            yield _article(text, filler), reason
    for exceptions, is_lifted in ((cases.lifted, True), (cases.not_lifted, False)):
        for exception in exceptions:
            for category in exception.categories:
                for sentence in exception.by:
                    article = _article(f"{cases.blocked[category][0]} {sentence}", filler)
                    yield article, PASSED if is_lifted else category
    for reason, urls in cases.urls.items():
        for url in urls:
            yield Article(title=_TITLE, content=filler, url=url), reason
    yield from _edges(config, cases)


def _edges(config: FilterConfig, cases: PrefilterCases) -> Iterator[tuple[Article, str]]:
    """Yield the articles that follow from the config: the shortest ones, and topics in and beyond the window."""
    shortest = config.prefilter.min_content_chars
    yield Article(title=_TITLE, content="x" * max(shortest, 1)), PASSED
    if shortest > 1:
        yield Article(title=_TITLE, content="x" * (shortest - 1)), f"content_too_short_{shortest - 1}chars"
    window = _FILLER * (1 + config.prefilter.window_chars // len(_FILLER))
    for category, texts in cases.blocked.items():
        yield Article(title=texts[0], content=window), category
        yield _article("", f"{window}{texts[0]}"), PASSED
    for exception in cases.lifted:
        for category in exception.categories:
            yield _article(cases.blocked[category][0], f"{window}{exception.by[0]}"), category


def _article(text: str, filler: str) -> Article:
    return Article(title=_TITLE, content=f"{text} {filler}".strip())


def _uncovered_categories(config: FilterConfig, cases: PrefilterCases) -> Iterator[str]:
    for category in config.prefilter.categories:
        if category.name not in cases.blocked:
            yield f"the cases have no text that '{category.name}' sets aside; add one under 'blocked'."


def _fault(article: Article, expected: str, reason: str) -> str:
    where = f" at {article.url}" if article.url else ""
    return (
        f"'{article.content[:90]}' titled '{article.title[:60]}'{where}: the rules say {reason}, the cases {expected}."
    )
