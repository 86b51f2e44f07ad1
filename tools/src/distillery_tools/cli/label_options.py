"""The options of ``distillery label``, and what is ordered by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from distillery.io.reading import PARQUET, STANDARD_INPUT

if TYPE_CHECKING:
    from ..oracle.prices import Prices
    from ..oracle.providers import ProviderSettings
    from ..oracle.session import Order

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_POSITIVE = click.FloatRange(min=0, min_open=True)
_MONEY = click.FloatRange(min=0)

_OPTIONS = (
    click.option("--filter", "name", metavar="NAME", help="A filter by name or by the path of its folder."),
    click.option("--articles", type=click.Path(path_type=Path), help="JSON lines of articles, each with an id."),
    click.option("-o", "--output", type=click.Path(path_type=Path), help="The label file to write."),
    click.option("--provider", help="Who is asked: openai, gemini, or one that a plugin adds."),
    click.option("--model", help="The provider's name of the model."),
    click.option("--base-url", help="Endpoint of an OpenAI-compatible server, such as http://127.0.0.1:8080/v1."),
    click.option(
        "--key-variable", metavar="NAME", help="Environment variable of the key. Default: the provider's usual."
    ),
    click.option(
        "--temperature", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Of the sampling."
    ),
    click.option("--no-temperature", is_flag=True, help="Send none: some models that think refuse it."),
    click.option("--thinking", help="How much is thought: an effort or level by name, or Gemini's budget in tokens."),
    click.option("--no-schema", is_flag=True, help="Do not ask for structured output by a JSON schema."),
    click.option(
        "--reading",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="2 asks the same oracle afresh, and so on.",
    ),
    click.option(
        "--dry-run", is_flag=True, help="Show one prompt, the number of calls, tokens and the price; send nothing."
    ),
    click.option("--budget", type=_MONEY, help="Most US dollars to spend on this prompt and model, over all runs."),
    click.option("--price-in", type=_MONEY, help="US dollars for a million tokens of prompt. Default: as published."),
    click.option("--price-out", type=_MONEY, help="US dollars for a million tokens of reply. Default: as published."),
    click.option("--concurrency", type=click.IntRange(min=1), default=8, show_default=True, help="Calls at a time."),
    click.option("--requests-per-minute", type=_POSITIVE, help="Most calls a minute. Default: no limit."),
    click.option("--tokens-per-minute", type=_POSITIVE, help="Most tokens a minute. Default: no limit."),
    click.option(
        "--max-attempts",
        type=click.IntRange(min=1),
        default=5,
        show_default=True,
        help="For one article, over all runs.",
    ),
    click.option(
        "--max-tokens", type=click.IntRange(min=1), default=4096, show_default=True, help="Of a reply, at first."
    ),
    click.option("--timeout", type=_POSITIVE, default=120.0, show_default=True, help="Of a call, in seconds."),
    click.option("--retry-dead-letters", is_flag=True, help="Give articles without an attempt left all of them again."),
    click.option(
        "--store", type=click.Path(path_type=Path), help="Default: store.sqlite in the folder beside the labels."
    ),
    click.option("--batch", is_flag=True, help="Use the provider's batches: half the price, answers within a day."),
    click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        default=1000,
        show_default=True,
        help="Requests in a batch, at most.",
    ),
    click.option("--poll-seconds", type=_POSITIVE, default=30.0, show_default=True, help="Between looks at a batch."),
    click.option("--quiet", is_flag=True, help="No progress bar and no report."),
)


def label_options(command: Decorated) -> Decorated:
    """Add the options that say what is to be labelled, by whom, and within which bounds."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


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
    reading: int
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
        if self.articles and self.articles.suffix.lower() == PARQUET:
            raise click.UsageError(f"{self.articles}: articles to label are JSON lines, as data prepare takes them.")
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

    def order(self) -> Order:
        """Return what is to be done; raise what reading the filter and its prompt raises."""
        from distillery import FilterConfig
        from distillery.loading import locate_filter

        from ..oracle.batching import BatchPolicy
        from ..oracle.files import RunFiles
        from ..oracle.judge import Judge
        from ..oracle.labelling import Policy
        from ..oracle.limits import Rates
        from ..oracle.prompt import Prompt
        from ..oracle.session import Order

        folder, _ = locate_filter(self.name or "")
        prompt = Prompt.load(FilterConfig.load(folder), folder)
        settings = self.settings()
        parameters = {
            "temperature": settings.temperature,
            "thinking": settings.thinking,
            "structured": settings.structured,
        }
        judge = Judge(
            filter=prompt.filter,
            filter_version=prompt.version,
            dimensions=prompt.dimensions,
            prompt_sha256=prompt.sha256,
            provider=self.provider or "",
            model=settings.model,
            parameters=parameters,
            reading=self.reading,
        )
        return Order(
            articles=self.articles or Path(),
            files=RunFiles.beside(self.output or Path(), self.store),
            prompt=prompt,
            judge=judge,
            prices=self._prices(),
            policy=Policy(self.max_attempts, self.max_tokens, self.timeout),
            rates=Rates(self.requests_per_minute, self.tokens_per_minute),
            batches=BatchPolicy(self.batch_size, self.poll_seconds) if self.batch else None,
            concurrency=self.concurrency,
            budget=self.budget,
            retry_dead=self.retry_dead_letters,
            quiet=self.quiet,
        )

    def _prices(self) -> Prices | None:
        from ..oracle.prices import BATCH_SHARE, StatedPrices, published_prices

        share = BATCH_SHARE if self.batch else 1.0
        if self.price_in is not None and self.price_out is not None:
            return StatedPrices(self.price_in, self.price_out, share)
        found = published_prices(self.provider or "", self.model or "", self.base_url, share)
        if found is None and self.budget is not None:
            raise click.UsageError(
                f"No price is published for {self.model}: with --budget, give --price-in and --price-out."
            )
        return found
