"""What OLD and NEW may be: an installed filter, a filter's folder, a wheel, or a file of scored articles."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from distillery import (
    CalibrationError,
    ConfigError,
    FilterBaseScorer,
    FilterError,
    FilterNotFoundError,
    InputFileError,
    ModelError,
    StudentNotFoundError,
    load_filter,
)

from .articles import ComparedArticles
from .results import Result, Side
from .scored_file import ScoredFile
from .wheel import unpacked_filter

WHEEL = ".whl"
_CANNOT_LOAD = (CalibrationError, ConfigError, FilterError, ModelError)
_HINT = (
    "\n  A version that this environment cannot load is compared by its scores: where it is installed, run "
    "distillery score ARTICLES --filter NAME -o FILE.jsonl, and give FILE.jsonl."
)


class Source(Protocol):
    """Where one version's results are from."""

    @property
    def filters(self) -> list[str]:
        """The filters of which there are results."""

    def side(self, name: str, articles: ComparedArticles) -> Side:
        """Return the results of one filter for the articles."""


@dataclass(frozen=True)
class LoadedFilter:
    """A filter that scores the articles now."""

    source: str
    scorer: FilterBaseScorer
    prefilter: bool

    @property
    def filters(self) -> list[str]:
        """The filter's name."""
        return [self.scorer.config.name]

    def side(self, name: str, articles: ComparedArticles) -> Side:
        """Score the articles."""
        scores = self.scorer.score(list(articles.by_key.values()), prefilter=self.prefilter)
        results = {key: Result.from_dict(score.to_dict()) for key, score in zip(articles.by_key, scores, strict=True)}
        config = self.scorer.config
        return Side(self.source, name, config.version, asdict(self.scorer.provenance), results, config, self.scorer)


def open_source(given: str, unpacked: ExitStack, *, backend: str, prefilter: bool) -> Source:
    """Open one version by what was given; ``unpacked`` removes the files of a wheel in the end.

    Raises InputFileError or FilterNotFoundError if there is no such thing, and the error of loading with the way
    around it.
    """
    path = Path(given)
    if path.is_file() and path.suffix != WHEEL:
        return ScoredFile.read(path)
    if not path.exists() and path.suffix:  # a filter's name has no dot
        raise InputFileError(
            f"{given} does not exist.  Give a filter's name or folder, its wheel, or a file of scores."
        )
    name: str | Path = given
    if path.is_file():
        name = unpacked_filter(path, Path(unpacked.enter_context(tempfile.TemporaryDirectory())))
    try:
        return LoadedFilter(given, load_filter(name, backend=backend), prefilter)
    except (FilterNotFoundError, StudentNotFoundError):
        raise
    except _CANNOT_LOAD as error:
        raise type(error)(f"{error}{_HINT}") from error


def common_filter(old: Source, new: Source, asked: str | None = None) -> str:
    """Return the filter to compare: the one asked for, or the only one in both; raise InputFileError otherwise."""
    common = [name for name in old.filters if name in new.filters]
    if asked in common or (len(common) == 1 and asked is None):
        return asked or common[0]
    held = f"OLD holds {', '.join(old.filters)}, NEW {', '.join(new.filters)}."
    if asked is None and common:
        raise InputFileError(
            f"Both sides hold several filters.  Say which one to compare: --filter {common[0]}.  {held}"
        )
    raise InputFileError(f"Only versions of one filter can be compared{f', here {asked}' if asked else ''}.  {held}")
