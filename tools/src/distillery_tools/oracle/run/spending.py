"""Money: prices of tokens, what is spent, what the calls in flight will cost, and the budget that all must keep.

Why: docs/decisions/book-before-paying.md
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from ..providers.contract import Usage

THOUSAND, MILLION = 1_000, 1_000_000
BATCH_SHARE = 0.5


class Prices(Protocol):
    """The prices of one model."""

    def cost(self, usage: Usage) -> float:
        """Return US dollars; thinking is paid as output, and what was cached by its own price."""


@dataclass(frozen=True, slots=True)
class StatedPrices:
    """US dollars for a million tokens; ``share`` of it is paid."""

    prompt: float
    output: float
    share: float = 1.0

    def cost(self, usage: Usage) -> float:
        """Return US dollars; cached tokens cost as much as others, since no other price is stated."""
        paid = usage.prompt * self.prompt + (usage.output + usage.thinking) * self.output
        return self.share * paid / MILLION


@dataclass(frozen=True, slots=True)
class PublishedPrices:
    """What a provider publishes for a model; ``share`` of it is paid."""

    model: str
    provider: str | None
    url: str | None
    share: float = 1.0

    def cost(self, usage: Usage) -> float:
        """Return US dollars; raise LookupError if there is no price for the model."""
        from genai_prices import Usage as PricedUsage
        from genai_prices import calc_price

        used = PricedUsage(
            input_tokens=usage.prompt,
            cache_read_tokens=usage.cached,
            output_tokens=usage.output + usage.thinking,
        )
        found = (
            calc_price(used, self.model, provider_api_url=self.url)
            if self.url
            else calc_price(used, self.model, provider_id=self.provider)
        )
        return self.share * float(found.total_price)


# What genai-prices calls the makers of our own providers' models.
_MAKERS = {"openai": "openai", "gemini": "google"}


def published_prices(provider: str, model: str, base_url: str | None, share: float = 1.0) -> PublishedPrices | None:
    """Return the prices of a model at its endpoint, or of its maker, or None if neither is known."""
    for candidate in (
        PublishedPrices(model, None, base_url, share),
        PublishedPrices(model, _MAKERS.get(provider, provider), None, share),
    ):
        try:
            if candidate.url or candidate.provider:
                candidate.cost(Usage(prompt=1, output=1))
                return candidate
        except LookupError:
            continue
    return None


# Until calls have shown what replies take: a number with a sentence of evidence, for each dimension.
OUTPUT_TOKENS_PER_DIMENSION = 60


class BudgetReachedError(Exception):
    """The next call would exceed the budget, and no call is in flight that could still turn out cheaper."""


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
        """The message when the budget is reached."""
        return f"The budget of ${self._budget or 0:.4f} does not allow another call: ${self.spent:.4f} is spent."

    @property
    def has_prices(self) -> bool:
        """Whether costs are known."""
        return self._prices is not None

    def estimate(self, prompt_tokens: int) -> float:
        """Return what a call is expected to cost; its reply is assumed to be as long as the longest of the latest."""
        return prompt_tokens * self._per_prompt_token + self.expected_output * self._per_output_token

    def cost(self, usage: Usage) -> float | None:
        """Return what a usage costs, None if no price is known."""
        return self._prices.cost(usage) if self._prices else None

    async def reserve(self, amount: float) -> None:
        """Reserve an amount for a call; wait while calls in flight may leave enough of the budget.

        Raises BudgetReachedError when nothing is in flight and the amount is not left.
        """
        while not self.try_reserve(amount):
            if not self._n_in_flight:
                raise BudgetReachedError
            self._settled.clear()
            await self._settled.wait()

    def try_reserve(self, amount: float) -> bool:
        """Reserve an amount if the budget allows it now, and tell whether it did."""
        fits = self._budget is None or self.spent + self._in_flight + amount <= self._budget
        if fits:
            self._in_flight += amount
            self._n_in_flight += 1
        return fits

    def adopt(self, reserved: float) -> None:
        """Count a call of an earlier run, booked as spent so far, as one in flight."""
        self.spent -= reserved
        self._in_flight += reserved
        self._n_in_flight += 1

    def settle(self, reserved: float, cost: float | None, usage: Usage | None = None) -> None:
        """Replace what was reserved for a call by what it cost."""
        self._in_flight -= reserved
        self._n_in_flight -= 1
        self.spent += cost or 0.0
        if usage:
            # Follows longer replies at once and shorter ones slowly: an estimate should rather be too high.
            used = usage.output + usage.thinking
            self.expected_output = max(used, self.expected_output + (used - self.expected_output) / 20)
        self._settled.set()
