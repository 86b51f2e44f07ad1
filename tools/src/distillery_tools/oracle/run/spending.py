"""Spending: what is paid, what the calls in flight will cost, and the budget that both must stay within."""

from __future__ import annotations

import asyncio

from ..providers import Usage
from .prices import Prices

# Until calls have shown what replies take: a number with a sentence of evidence, for each dimension.
OUTPUT_TOKENS_PER_DIMENSION = 60
THOUSAND = 1000


class BudgetReachedError(Exception):
    """The next call would exceed the budget, and no call in flight can still turn out cheaper."""


class Spending:
    """Money in US dollars; without prices everything costs nothing and there is no budget."""

    def __init__(self, prices: Prices | None, budget: float | None, spent: float, expected_output: float) -> None:
        """Start from what earlier runs spent, and from the tokens that a reply is expected to take."""
        self._prices = prices
        self._budget = budget
        self.spent = spent
        self._in_flight = 0.0
        self._n_in_flight = 0
        self.expected_output = expected_output
        self._settled = asyncio.Event()
        # Asked for once: looking a price up takes longer than all else that a call is booked with.
        self._per_prompt_token = (self.cost(Usage(prompt=THOUSAND)) or 0.0) / THOUSAND
        self._per_output_token = (self.cost(Usage(output=THOUSAND)) or 0.0) / THOUSAND

    @property
    def budget(self) -> float | None:
        """The most that may be spent, over all runs."""
        return self._budget

    @property
    def reached(self) -> str:
        """What is said when the budget is reached."""
        return f"The budget of ${self._budget or 0:.4f} does not hold another call: ${self.spent:.4f} are spent."

    @property
    def has_prices(self) -> bool:
        """Whether costs are known."""
        return self._prices is not None

    def estimate(self, prompt_tokens: int) -> float:
        """Return what a call is expected to cost; its reply is taken to be as long as the longest of late."""
        return prompt_tokens * self._per_prompt_token + self.expected_output * self._per_output_token

    def cost(self, usage: Usage) -> float | None:
        """Return what a usage costs, None if no price is known."""
        return self._prices.cost(usage) if self._prices else None

    async def reserve(self, amount: float) -> None:
        """Set an amount aside for a call; wait while calls in flight may leave enough of the budget.

        Raises BudgetReachedError when nothing is in flight and the amount is not left.
        """
        while not self.try_reserve(amount):
            if not self._n_in_flight:
                raise BudgetReachedError
            self._settled.clear()
            await self._settled.wait()

    def try_reserve(self, amount: float) -> bool:
        """Set an amount aside if the budget holds it now, and tell whether it did."""
        fits = self._budget is None or self.spent + self._in_flight + amount <= self._budget
        if fits:
            self._in_flight += amount
            self._n_in_flight += 1
        return fits

    def adopt(self, reserved: float) -> None:
        """Take a call of an earlier run, so far booked as spent, as one in flight."""
        self.spent -= reserved
        self._in_flight += reserved
        self._n_in_flight += 1

    def settle(self, reserved: float, cost: float | None, usage: Usage | None = None) -> None:
        """Replace what was set aside for a call by what it cost."""
        self._in_flight -= reserved
        self._n_in_flight -= 1
        self.spent += cost or 0.0
        if usage:
            # Follows longer replies at once and shorter ones slowly: an estimate should rather be too high.
            used = usage.output + usage.thinking
            self.expected_output = max(used, self.expected_output + (used - self.expected_output) / 20)
        self._settled.set()
