"""Line and Chunk: what was read of a file, the unreadable articles among the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """Where lines come from: the file, if there are several, and what an article's place in it is called."""

    file: str | None = None
    unit: str = "line"

    def place(self, number: int) -> str:
        """Return where an article is, for messages: ``line 7``, or ``row 7 of b.parquet``."""
        return f"{self.unit} {number}" + (f" of {self.file}" if self.file else "")


_THE_ONLY_FILE = Origin()


@dataclass(frozen=True, slots=True)
class Line:
    """One line, row or item: an article's fields, or the reason it has none.

    ``size`` is in the unit of ``ArticleReader.total``.
    """

    number: int
    data: dict[str, Any] | None
    error: str | None = None
    size: int = 1
    origin: Origin = _THE_ONLY_FILE

    @property
    def id(self) -> str | int | None:
        """The article's own id, if it has a usable one."""
        value = (self.data or {}).get("id")
        return value if isinstance(value, (str, int)) and not isinstance(value, bool) else None

    @property
    def place(self) -> str:
        """Where the article is, for messages."""
        return self.origin.place(self.number)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive lines."""

    lines: list[Line]

    @property
    def readable(self) -> list[Line]:
        """The lines that hold an article to score."""
        return [line for line in self.lines if line.error is None]

    @property
    def articles(self) -> list[dict[str, Any]]:
        """The articles to score, in the order of `readable`."""
        return [line.data for line in self.lines if line.error is None and line.data is not None]

    @property
    def size(self) -> int:
        """What the chunk counts in the unit of `ArticleReader.total`."""
        return sum(line.size for line in self.lines)
