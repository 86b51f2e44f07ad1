"""CommerceGate: sets deals and advertisements aside before a filter judges them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .article import Article
from .student import Student

if TYPE_CHECKING:
    from .backends import Outputs
    from .scorer import FilterBaseScorer

COMMERCE = "commerce"


class CommerceGate:
    """The commerce filter in front of another one; its highest tier is set aside.

    Where both share an encoder, an article is read once for the two.
    """

    reason = COMMERCE

    def __init__(self, scorer: FilterBaseScorer) -> None:
        """Take the commerce filter's scorer."""
        self._scorer = scorer
        self._set_aside = scorer.config.tiers[0].name

    def blocks(self, articles: Sequence[Article], reader: Student, outputs: Outputs) -> list[bool]:
        """Say of each article whether it is set aside; ``outputs`` is what ``reader`` read of them.

        An article that the commerce filter cannot score is not set aside.
        """
        if self._scorer.student.reads_like(reader):
            scores = self._scorer.score_outputs(outputs)
        else:
            scores = self._scorer.score_batch(articles, skip_prefilter=True)
        return [score.tier == self._set_aside for score in scores]
