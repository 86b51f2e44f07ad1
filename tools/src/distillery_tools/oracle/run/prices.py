"""Prices of tokens: published ones from genai-prices, whose data need no network, or stated ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..providers import Usage

MILLION = 1_000_000
BATCH_SHARE = 0.5


class Prices(Protocol):
    """Tells what a usage costs."""

    def cost(self, usage: Usage) -> float:
        """Return US dollars; thinking is paid as output, and what was cached by its own price."""


@dataclass(frozen=True, slots=True)
class StatedPrices:
    """US dollars for a million tokens; ``share`` of it is paid."""

    prompt: float
    output: float
    share: float = 1.0

    def cost(self, usage: Usage) -> float:
        """Return US dollars; cached tokens cost as much as others, for want of a stated price."""
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
