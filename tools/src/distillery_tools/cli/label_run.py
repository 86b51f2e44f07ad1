"""The run that the options of ``distillery label`` describe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from distillery.toolkit import STANDARD_INPUT

if TYPE_CHECKING:
    from ..oracle.prompt.prompt import Prompt
    from ..oracle.providers import ProviderSettings
    from ..oracle.run.spec import LabelRun, OracleSpec
    from ..oracle.run.spending import Prices


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
    command: str

    @classmethod
    def of(cls, articles: Path | None, articles_option: Path | None, **given: Any) -> LabelOptions:
        """Take the articles as an argument or, as scripts do, as an option."""
        if articles and articles_option:
            raise click.UsageError("Give the articles once: as ARTICLES or with --articles.")
        return cls(articles=articles or articles_option, **given)

    def check(self) -> None:
        """Raise UsageError unless everything is given that a run needs."""
        needed = {
            "ARTICLES": self.articles,
            "--filter": self.name,
            "-o": self.output,
            "--provider": self.provider,
            "--model": self.model,
        }
        if absent := [option for option, value in needed.items() if value is None]:
            raise click.UsageError(f"Missing: {', '.join(absent)}.")
        if self.articles and (self.articles == STANDARD_INPUT or self.articles.is_fifo()):
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

    def label_run(self) -> LabelRun:
        """Return what is to be done; raise what reading the filter and its prompt raises."""
        from distillery import FilterConfig
        from distillery.toolkit import locate_filter

        from ..oracle.prompt.prompt import Prompt
        from ..oracle.run.spec import BatchPolicy, CallPolicy, LabelRun, RateLimits, RunFiles

        folder, _ = locate_filter(self.name or "")
        prompt = Prompt.load(FilterConfig.load(folder), folder)
        return LabelRun(
            articles=self.articles or Path(),
            files=RunFiles.beside(self.output or Path(), self.store),
            prompt=prompt,
            oracle=self._oracle(prompt),
            prices=self._prices(),
            policy=CallPolicy(self.max_attempts, self.max_tokens, self.timeout),
            rates=RateLimits(self.requests_per_minute, self.tokens_per_minute),
            batches=BatchPolicy(self.batch_size, self.poll_seconds) if self.batch else None,
            concurrency=self.concurrency,
            budget=self.budget,
            retry_dead=self.retry_dead_letters,
            quiet=self.quiet,
            command=self.command,
        )

    def _oracle(self, prompt: Prompt) -> OracleSpec:
        from ..oracle.providers import endpoint_of
        from ..oracle.run.spec import OracleSpec

        settings = self.settings()
        return OracleSpec(
            filter=prompt.filter,
            filter_version=prompt.version,
            dimensions=prompt.dimensions,
            prompt_sha256=prompt.sha256,
            provider=self.provider or "",
            endpoint=endpoint_of(self.provider or "", self.base_url),
            model=settings.model,
            parameters={
                "temperature": settings.temperature,
                "thinking": settings.thinking,
                "structured": settings.structured,
            },
            sample=self.sample,
        )

    def _prices(self) -> Prices | None:
        from ..oracle.run.spending import BATCH_SHARE, StatedPrices, published_prices

        share = BATCH_SHARE if self.batch else 1.0
        if self.price_in is not None and self.price_out is not None:
            return StatedPrices(self.price_in, self.price_out, share)
        found = published_prices(self.provider or "", self.model or "", self.base_url, share)
        if found is None and self.budget is not None:
            raise click.UsageError(
                f"No price is published for {self.model}: with --budget, give --price-in and --price-out."
            )
        return found
