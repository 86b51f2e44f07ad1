"""What the options of ``distillery label`` order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from distillery.io.sources import STANDARD_INPUT

if TYPE_CHECKING:
    from ..oracle.prompt.prompt import Prompt
    from ..oracle.providers import ProviderSettings
    from ..oracle.run.labelling import LabelRun
    from ..oracle.run.prices import Prices
    from ..oracle.run.spec import OracleSpec


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """The options as given."""

    name: str | None
    articles: Path | None
    output: Path | None
    provider: str | None
    model: str | None
    base_url: str | None
    key_variable: str | None
    temperature: float
    no_temperature: bool
    thinking: str | None
    no_schema: bool
    sample: int
    dry_run: bool
    budget: float | None
    price_in: float | None
    price_out: float | None
    concurrency: int
    requests_per_minute: float | None
    tokens_per_minute: float | None
    max_attempts: int
    max_tokens: int
    timeout: float
    retry_dead_letters: bool
    store: Path | None
    batch: bool
    batch_size: int
    poll_seconds: float
    quiet: bool

    def check(self) -> None:
        """Raise UsageError unless everything is given that a run needs."""
        needed = {
            "--filter": self.name,
            "--articles": self.articles,
            "-o": self.output,
            "--provider": self.provider,
            "--model": self.model,
        }
        if absent := [option for option, value in needed.items() if value is None]:
            raise click.UsageError(f"Missing: {', '.join(absent)}.")
        if self.articles == STANDARD_INPUT:
            raise click.UsageError("The articles must be a file: they are read more than once.")
        if (self.price_in is None) != (self.price_out is None):
            raise click.UsageError("Give --price-in and --price-out together.")

    def settings(self) -> ProviderSettings:
        """Return what the provider is made from."""
        from ..oracle.providers import ProviderSettings

        return ProviderSettings(
            model=self.model or "",
            base_url=self.base_url,
            key_variable=self.key_variable,
            temperature=None if self.no_temperature else self.temperature,
            thinking=self.thinking,
            structured=not self.no_schema,
            timeout=self.timeout,
        )

    def order(self) -> LabelRun:
        """Return what is to be done; raise what reading the filter and its prompt raises."""
        from distillery import FilterConfig
        from distillery.loading import locate_filter

        from ..oracle.prompt.prompt import Prompt
        from ..oracle.run.batches import BatchPolicy
        from ..oracle.run.files import RunFiles
        from ..oracle.run.labelling import LabelRun
        from ..oracle.run.limits import Rates
        from ..oracle.run.single import Policy

        folder, _ = locate_filter(self.name or "")
        prompt = Prompt.load(FilterConfig.load(folder), folder)
        return LabelRun(
            articles=self.articles or Path(),
            files=RunFiles.beside(self.output or Path(), self.store),
            prompt=prompt,
            oracle=self._oracle(prompt),
            prices=self._prices(),
            policy=Policy(self.max_attempts, self.max_tokens, self.timeout),
            rates=Rates(self.requests_per_minute, self.tokens_per_minute),
            batches=BatchPolicy(self.batch_size, self.poll_seconds) if self.batch else None,
            concurrency=self.concurrency,
            budget=self.budget,
            retry_dead=self.retry_dead_letters,
            quiet=self.quiet,
        )

    def _oracle(self, prompt: Prompt) -> OracleSpec:
        from ..oracle.run.spec import OracleSpec

        settings = self.settings()
        return OracleSpec(
            filter=prompt.filter,
            filter_version=prompt.version,
            dimensions=prompt.dimensions,
            prompt_sha256=prompt.sha256,
            provider=self.provider or "",
            model=settings.model,
            parameters={
                "temperature": settings.temperature,
                "thinking": settings.thinking,
                "structured": settings.structured,
            },
            sample=self.sample,
        )

    def _prices(self) -> Prices | None:
        from ..oracle.run.prices import BATCH_SHARE, StatedPrices, published_prices

        share = BATCH_SHARE if self.batch else 1.0
        if self.price_in is not None and self.price_out is not None:
            return StatedPrices(self.price_in, self.price_out, share)
        found = published_prices(self.provider or "", self.model or "", self.base_url, share)
        if found is None and self.budget is not None:
            raise click.UsageError(
                f"No price is published for {self.model}: with --budget, give --price-in and --price-out."
            )
        return found
