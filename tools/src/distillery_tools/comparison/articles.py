"""The articles to compare on, each under a key of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from distillery import InputFileError
from distillery.toolkit import ArticleReader, Line


@dataclass(frozen=True)
class ComparedArticles:
    """Articles by key: the id as text, or the place in the file where there is none. ``n_unreadable`` are left out."""

    name: str
    by_key: dict[str, dict[str, Any]]
    n_unreadable: int = 0

    @classmethod
    def read(cls, path: Path) -> ComparedArticles:
        """Read a file of articles, of any format that `distillery score` reads; raise InputFileError if it has none."""
        reader = ArticleReader(path)
        lines = [line for chunk in reader.chunks() for line in chunk.lines]
        found = {_key(line): line.data for line in lines if line.error is None and line.data is not None}
        if not found:
            raise InputFileError(f"{reader.name} holds no articles that can be read.")
        return cls(reader.name, found, len(lines) - len(found))

    def only(self, keys: Collection[str]) -> ComparedArticles:
        """Return the articles with these keys; raise InputFileError if there are none."""
        found = {key: data for key, data in self.by_key.items() if key in keys}
        if not found:
            raise InputFileError(f"{self.name} holds none of the articles that are labelled for this split.")
        return replace(self, by_key=found)

    def head(self, limit: int | None) -> ComparedArticles:
        """Return the first articles, or all of them."""
        return replace(self, by_key=dict(islice(self.by_key.items(), limit)))

    def title(self, key: str) -> str:
        """Return an article's title, for the terminal."""
        return str(self.by_key.get(key, {}).get("title") or "")


def _key(line: Line) -> str:
    return line.place if line.id is None else str(line.id)
