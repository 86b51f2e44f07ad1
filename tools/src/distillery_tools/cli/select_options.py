"""The options of distillery select."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from distillery import OutputFileError

from ..selection.keywords import read_phrases
from ..selection.strategies import MIN_RANDOM, RANDOM, STRATEGIES
from .options import parse_shares

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

EXAMPLE = "random=0.3,high=0.3,uncertain=0.2,similar=0.2"
_FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class SelectOptions:
    """The command's arguments and options."""

    articles: Path
    name: str
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
        """Raise OutputFileError if an output would overwrite an input, or both outputs are one file."""
        inputs = (self.articles, *self.labelled, *self.labels, self.examples, self.keywords_file)
        taken = {path.resolve() for path in inputs if path}
        for path in filter(None, (self.output, self.set_aside)):
            if path.resolve() in taken:
                raise OutputFileError(f"{path} is already an input or output of this command; give another file.")
            taken.add(path.resolve())

    def phrases(self) -> list[str]:
        """Return the keywords of both options."""
        return [*self.keywords, *(read_phrases(self.keywords_file) if self.keywords_file else [])]


def strategy_shares(
    _context: click.Context | None, _parameter: click.Parameter | None, value: str | None
) -> dict[str, float] | None:
    """Read the strategies' shares as ``random=0.3,high=0.7``; strategies without a share are left out."""
    if value is None:
        return None
    shares = parse_shares(value, STRATEGIES, EXAMPLE)
    if shares.get(RANDOM, 0) < MIN_RANDOM:
        raise click.BadParameter(
            f"{RANDOM} must be {MIN_RANDOM:g} or more: without random articles the model learns to rate everything "
            "as a hit."
        )
    return {name: share for name, share in shares.items() if share}


def select_options(command: Decorated) -> Decorated:
    """Add the arguments and options of the command, which become `SelectOptions`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.argument("articles", type=_FILE),
    click.option("--filter", "name", required=True, metavar="NAME", help="The filter to label for: a name or folder."),
    click.option(
        "--number", "-n", type=click.IntRange(min=1), default=500, show_default=True, help="Number of articles."
    ),
    click.option("--output", "-o", type=_FILE, required=True, help="File for the selected articles (JSON lines)."),
    click.option(
        "--labelled",
        type=_FILE,
        multiple=True,
        help="Labelled articles (JSON lines): they and their near-duplicates are left out. Repeatable.",
    ),
    click.option(
        "--labels",
        type=_FILE,
        multiple=True,
        help="Their labels: articles above the lowest tier serve as examples. Repeatable.",
    ),
    click.option("--examples", type=_FILE, help="Example articles (JSON lines); similar ones are preferred."),
    click.option(
        "--keyword",
        "keywords",
        multiple=True,
        help="A phrase to look for, written as in a prefilter: 'wind farm*'. Repeatable.",
    ),
    click.option("--keywords-file", type=_FILE, help="File of phrases, one per line."),
    click.option(
        "--shares",
        callback=strategy_shares,
        help=f"Share of each strategy, such as {EXAMPLE}. Default: random=0.3; the rest is split evenly among the "
        "usable strategies.",
    ),
    click.option("--student", help="Which of the filter's students. Default: the filter's own choice."),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed."),
    click.option("--set-aside", type=_FILE, help="File for the articles that are left out, with the reason."),
    click.option("--quiet", "-q", is_flag=True, help="No progress bar."),
)
