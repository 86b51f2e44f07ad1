"""FilterGate: a filter in front of other filters, which sets aside the articles of its highest tier.

Why: docs/decisions/gates.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .score import Score

if TYPE_CHECKING:
    from .contracts import Scorer


class FilterGate:
    """Sets articles aside for other filters; the reason is the gate filter's name.

    Filters that share the gate's encoder encode an article once, for the gate and for themselves.
    """

    def __init__(self, scorer: Scorer) -> None:
        """Take the scorer of the gate's filter."""
        self.scorer = scorer
        self._blocking_tier = scorer.config.tiers[0].name

    @property
    def name(self) -> str:
        """The name of the gate's filter."""
        return self.scorer.config.name

    def blocks(self, score: Score) -> bool:
        """Say whether the gate's own score sets an article aside; a failed one never does."""
        return score.tier == self._blocking_tier

    def __repr__(self) -> str:
        return f"<FilterGate {self.name} {self.scorer.config.version}: sets aside {self._blocking_tier}>"
