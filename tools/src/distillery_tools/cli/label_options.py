"""The options of ``distillery label``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_POSITIVE = click.FloatRange(min=0, min_open=True)
_MONEY = click.FloatRange(min=0)

_OPTIONS = (
    click.argument("articles", type=click.Path(path_type=Path), required=False),
    click.option("--articles", "articles_option", type=click.Path(path_type=Path), hidden=True),
    click.option("--filter", "name", metavar="NAME", help="The filter: a name or the path of its folder."),
    click.option("-o", "--output", type=click.Path(path_type=Path), help="The label file to write."),
    click.option("--provider", help="The provider: openai, gemini, or one that a plugin adds."),
    click.option("--model", help="The provider's name of the model."),
    click.option("--base-url", help="URL of an OpenAI-compatible server, such as http://127.0.0.1:8080/v1."),
    click.option(
        "--key-variable", metavar="NAME", help="Environment variable that holds the key. Default: the provider's usual."
    ),
    click.option(
        "--temperature", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Sampling temperature."
    ),
    click.option("--no-temperature", is_flag=True, help="Send no temperature."),
    click.option("--thinking", help="Thinking effort or level by name, or Gemini's budget in tokens."),
    click.option("--no-schema", is_flag=True, help="Do not request structured output by a JSON schema."),
    click.option(
        "--sample",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Sample number; 2 requests a second, independent answer.",
    ),
    click.option(
        "--dry-run", is_flag=True, help="Show one prompt, the number of calls, tokens and the price; send nothing."
    ),
    click.option("--budget", type=_MONEY, help="Most US dollars to spend on this prompt and model, over all runs."),
    click.option("--price-in", type=_MONEY, help="US dollars for a million prompt tokens. Default: as published."),
    click.option("--price-out", type=_MONEY, help="US dollars for a million reply tokens. Default: as published."),
    click.option("--concurrency", type=click.IntRange(min=1), default=8, show_default=True, help="Calls at a time."),
    click.option("--requests-per-minute", type=_POSITIVE, help="Most calls a minute. Default: no limit."),
    click.option("--tokens-per-minute", type=_POSITIVE, help="Most tokens a minute. Default: no limit."),
    click.option(
        "--max-attempts",
        type=click.IntRange(min=1),
        default=5,
        show_default=True,
        help="Most attempts for an article, over all runs.",
    ),
    click.option(
        "--max-tokens",
        type=click.IntRange(min=1),
        default=4096,
        show_default=True,
        help="Token limit of a reply; doubled after truncation.",
    ),
    click.option("--timeout", type=_POSITIVE, default=120.0, show_default=True, help="Seconds that a call may take."),
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
        help="Most requests in a batch.",
    ),
    click.option(
        "--poll-seconds", type=_POSITIVE, default=30.0, show_default=True, help="Seconds between checks of a batch."
    ),
    click.option("--quiet", is_flag=True, help="No progress bar and no report; what stops a run is still shown."),
)


def label_options(command: Decorated) -> Decorated:
    """Add the options that say what is to be labelled, by whom, and within which bounds."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
