"""From what the command line says to pairs of results and the labels beside them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from distillery import FilterConfig, FilterNotFoundError, InputFileError, load_config

from .against_labels import AgainstLabels
from .articles import ComparedArticles
from .labels import OracleScores, keys_of_split
from .pairs import Pairs
from .sources import common_filter, open_source


@dataclass(frozen=True)
class ComparisonOptions:
    """What to compare, and how.

    ``filter`` is needed where files hold scores of several, ``data`` is a folder with ``labels/<filter>.jsonl``,
    ``split`` and ``limit`` choose articles.
    """

    old: str
    new: str
    articles: Path
    filter: str | None = None
    labels: Path | None = None
    data: Path | None = None
    split: str | None = None
    limit: int | None = None
    backend: str = "torch"
    prefilter: bool = True


def load_comparison(options: ComparisonOptions, unpacked: ExitStack) -> tuple[Pairs, AgainstLabels | None]:
    """Score the articles with both versions, or read their scores; ``unpacked`` removes the files of wheels."""
    articles = ComparedArticles.read(options.articles)
    old, new = (
        open_source(given, unpacked, backend=options.backend, prefilter=options.prefilter)
        for given in (options.old, options.new)
    )
    name = common_filter(old, new, options.filter)
    labels = options.labels or (options.data and options.data / "labels" / f"{name}.jsonl")
    if labels and options.split:
        articles = articles.only(keys_of_split(labels, options.split))
    articles = articles.head(options.limit)
    pairs = Pairs(old.side(name, articles), new.side(name, articles), articles)
    return pairs, _against(pairs, labels) if labels else None


def _against(pairs: Pairs, labels: Path) -> AgainstLabels:
    config = pairs.new.config or pairs.old.config or _installed_config(pairs.new.filter)
    if not set(pairs.old.dimensions) == set(pairs.new.dimensions) == set(config.dimension_names):
        raise InputFileError(
            f"The versions of {pairs.new.filter} have different dimensions, so the labels fit one of them only.  "
            f"Compare them without labels."
        )
    return AgainstLabels(pairs, OracleScores.read(labels, pairs.articles, config.dimension_names), config)


def _installed_config(name: str) -> FilterConfig:
    """Return the weights and tiers of a filter of which only scores are given."""
    try:
        return load_config(name)
    except FilterNotFoundError as error:
        raise InputFileError(
            f"To compare scores with labels, the weights and tiers of {name} are needed.  "
            f"Install the filter, or give OLD or NEW as its folder."
        ) from error
