"""The options of distillery screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from distillery import OutputFileError

from ..screening.keywords import read_phrases
from ..screening.strategies import LEAST_RANDOM, RANDOM, STRATEGIES

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

EXAMPLE = "random=0.3,high=0.3,uncertain=0.2,similar=0.2"
ROUNDING = 1e-6
_FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class ScreenOptions:
    """What was asked for, as the command line gives it."""

    name: str
    articles: Path
    number: int
    output: Path
    labelled: tuple[Path, ...]
    labels: tuple[Path, ...]
    examples: Path | None
    keywords: tuple[str, ...]
    keywords_file: Path | None
    shares: dict[str, float] | None
    student: str | None
    seed: int
    set_aside: Path | None
    quiet: bool

    def check(self) -> None:
        """Raise OutputFileError if an output would overwrite what is read, or both outputs are one."""
        given = (self.articles, *self.labelled, *self.labels, self.examples, self.keywords_file)
        taken = {path.resolve() for path in given if path}
        for path in filter(None, (self.output, self.set_aside)):
            if path.resolve() in taken:
                raise OutputFileError(f"{path} is read or written for this and would be overwritten; give another.")
            taken.add(path.resolve())

    def phrases(self) -> list[str]:
        """Return the keywords of both options."""
        return [*self.keywords, *(read_phrases(self.keywords_file) if self.keywords_file else [])]


def parse_shares(_context: click.Context, _parameter: click.Parameter, value: str | None) -> dict[str, float] | None:
    """Read the strategies' shares as ``random=0.3,high=0.7``."""
    if value is None:
        return None
    try:
        parts = [part.split("=") for part in value.split(",")]
        shares = {name.strip(): float(share) for name, share in parts}
    except ValueError:
        raise click.BadParameter(f"'{value}' is not a list of shares, such as {EXAMPLE}.") from None
    if unknown := sorted(set(shares) - set(STRATEGIES)):
        raise click.BadParameter(f"there is no {', '.join(unknown)}; there are {', '.join(STRATEGIES)}.")
    if len(shares) < len(parts):
        raise click.BadParameter(f"'{value}' names a strategy twice.")
    if not all(share >= 0 for share in shares.values()) or not abs(sum(shares.values()) - 1) <= ROUNDING:
        raise click.BadParameter(f"the shares sum to {sum(shares.values()):g}; none may be below 0, and all make 1.")
    if shares.get(RANDOM, 0) < LEAST_RANDOM:
        raise click.BadParameter(f"{RANDOM} must be {LEAST_RANDOM:g} or more; without it no label says what is usual.")
    return {name: shares[name] for name in STRATEGIES if shares.get(name)}


def screen_options(command: Decorated) -> Decorated:
    """Add the options of the command, which become `ScreenOptions`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option("--filter", "name", required=True, help="The filter to label for: a name or a folder."),
    click.option("--articles", type=_FILE, required=True, help="The pool: JSON lines of articles."),
    click.option(
        "--number", "-n", type=click.IntRange(min=1), default=500, show_default=True, help="How many to choose."
    ),
    click.option("--output", "-o", type=_FILE, required=True, help="JSON lines of the chosen articles."),
    click.option(
        "--labelled",
        type=_FILE,
        multiple=True,
        help="JSON lines of articles labelled already: they and their near-duplicates are left out.",
    ),
    click.option(
        "--labels", type=_FILE, multiple=True, help="Their labels: articles above the lowest tier serve as examples."
    ),
    click.option("--examples", type=_FILE, help="JSON lines of articles to look for the like of."),
    click.option(
        "--keyword", "keywords", multiple=True, help="A phrase to look for, written as in a prefilter: 'wind farm*'."
    ),
    click.option("--keywords-file", type=_FILE, help="Phrases, one a line."),
    click.option(
        "--shares",
        callback=parse_shares,
        help=f"Of each strategy, such as {EXAMPLE}. Default: random 0.3, and alike those for which something is given.",
    ),
    click.option("--student", help="Which of the filter's students. Default: the filter's own choice."),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the choice."),
    click.option("--set-aside", type=_FILE, help="JSON lines of id and reason for what may not be chosen."),
    click.option("--quiet", "-q", is_flag=True, help="No progress bar."),
)
