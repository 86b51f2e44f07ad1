"""CommerceGate: sets deals and advertisements aside before a filter judges them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .score import Score
    from .scorer import FilterBaseScorer

COMMERCE = "commerce"


class CommerceGate:
    """The commerce filter in front of other ones; its highest tier is set aside.

    Where they share an encoder, an article is read once for all.
    """

    reason = COMMERCE

    def __init__(self, scorer: FilterBaseScorer) -> None:
        """Take the commerce filter's scorer."""
        self.scorer = scorer
        self._set_aside = scorer.config.tiers[0].name

    def blocks(self, score: Score) -> bool:
        """Say whether the commerce filter's score sets an article aside; a failed one never does."""
        return score.tier == self._set_aside
