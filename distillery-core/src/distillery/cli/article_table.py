"""ArticleTable: scores for people, a line per article with what each filter says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

import click

from ..scoring.cleaning import clean
from .console import is_unicode

if TYPE_CHECKING:
    from ..io import Chunk, Line
    from ..scoring.score import Score
    from ..scoring.scorer import FilterBaseScorer

# Characters of a filter's column ("10.0 medium") and, at least, of a title.
_VERDICT, _TITLE = 12, 20


class ArticleTable:
    """Prints a chunk's articles as soon as they are scored, one line each, no wider than the terminal.

    A cell is the weighted average and the tier; ``aside`` where rules set the article aside, ``error`` where it failed.
    """

    def __init__(self, file: IO[str], width: int) -> None:
        """Print to a stream; ``width`` is that of the terminal in characters."""
        self._file = file
        self._width = width
        self._column = _VERDICT
        self._ellipsis = "\N{HORIZONTAL ELLIPSIS}" if is_unicode(file) else "..."

    def start(self, scorers: Sequence[FilterBaseScorer]) -> None:
        """Print the header."""
        names = [scorer.config.name for scorer in scorers]
        self._column = max(5, min(_VERDICT, (self._width - _TITLE) // max(len(names), 1) - 2))
        self._print([self._cut(name, self._column) for name in names], "article")
        self._print(["-" * self._column for _ in names], "-" * self._title_width(len(names)))

    def write(self, chunk: Chunk, scores: Sequence[Sequence[Score]]) -> None:
        """Print a chunk's articles."""
        found = zip(*scores, strict=True)
        for line in chunk.lines:
            verdicts = ["error"] * len(scores) if line.error else [self._verdict(score) for score in next(found)]
            self._print(verdicts, _title_of(line))
        self._file.flush()

    def close(self) -> None:
        """Nothing is held back."""

    def _verdict(self, score: Score) -> str:
        if score.error is not None:
            return "error"
        if score.weighted_average is None:
            return "aside"
        return f"{score.weighted_average:4.1f} {score.tier or ''}"[: self._column]

    def _print(self, cells: Sequence[str], title: str) -> None:
        shown = self._cut(title, self._title_width(len(cells)))
        click.echo("  ".join([*(cell.ljust(self._column) for cell in cells), shown]).rstrip(), file=self._file)

    def _title_width(self, n_filters: int) -> int:
        return max(_TITLE, self._width - n_filters * (self._column + 2))

    def _cut(self, text: str, width: int) -> str:
        from rich.cells import cell_len, set_cell_size

        if cell_len(text) <= width:
            return text
        return set_cell_size(text, width - len(self._ellipsis)).rstrip() + self._ellipsis


def _title_of(line: Line) -> str:
    title = clean(str((line.data or {}).get("title") or "")).replace("\n", " ")
    reason = f" ({line.error})" if line.error else ""
    return f"{title or line.id or line.place}{reason}"
