"""Keywords: phrases that relevant articles are likely to contain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from distillery import Article, InputFileError
from distillery.toolkit import Phrase, words_of

from .strategies import KEYWORDS, Values


class KeywordSignal:
    """Counts how many of the phrases an article contains; an article without any cannot be selected by them."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compile the phrases; raise ConfigError for one without a word."""
        self._phrases = [Phrase(pattern) for pattern in dict.fromkeys(patterns)]

    def values(self, articles: Sequence[Article]) -> dict[str, Values]:
        """Return the number of phrases in each article, NaN if there is none."""
        counts = np.array([self._count(article) for article in articles], dtype=np.float64)
        return {KEYWORDS: np.where(counts > 0, counts, np.nan)}

    def _count(self, article: Article) -> int:
        words = words_of(article.text)
        return sum(phrase.found_in(words) for phrase in self._phrases)


def read_phrases(path: Path) -> list[str]:
    """Return the phrases of a file, one per line, # starts a comment; raise InputFileError if it has none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(f"{path} cannot be read: {error}.") from error
    phrases = [phrase for line in lines if (phrase := line.partition("#")[0].strip())]
    if not phrases:
        raise InputFileError(f"{path} contains no phrase; write one per line.")
    return phrases
