"""Scrape junk: pages that came in an article's place, set aside before anything is spent on them.

The rules are those that proved themselves on a pool of which a sixth was consent walls: long bodies are never junk,
one phrase that only such pages say is enough, of those that articles may say it takes two.
"""

from __future__ import annotations

from functools import cache

from distillery.toolkit import Phrase, clean, words_of

from .junk_phrases import STRONG, WEAK
from .words import count_words

EMPTY = "empty"
# In characters, not in words: in some scripts 25 of them say a lot.
MIN_CHARACTERS = 25
MAX_JUNK_WORDS = 120
STUB_WORDS = 8
ENOUGH_WEAK = 2


def junk_reason(title: str, text: str) -> str | None:
    """Return why a page is not an article, such as ``consent_wall``, or None."""
    body = clean(text)
    if len(body) < MIN_CHARACTERS:
        return EMPTY
    n_words = count_words(body)
    if n_words > MAX_JUNK_WORDS:
        return None
    words = words_of(f"{title}\n{body}")
    if strong := _kinds_found(words, strong=True):
        return strong[0]
    weak = _kinds_found(words, strong=False)
    needed = 1 if n_words <= STUB_WORDS else ENOUGH_WEAK
    return weak[0] if len(weak) >= needed else None


def _kinds_found(words: str, *, strong: bool) -> list[str]:
    """Return the kind of each phrase that occurs, in the order of the tables."""
    return [kind for kind, phrase in _phrases(strong=strong) if phrase.found_in(words)]


@cache
def _phrases(*, strong: bool) -> list[tuple[str, Phrase]]:
    table = STRONG if strong else WEAK
    return [(kind, Phrase(pattern)) for kind, patterns in table.items() for pattern in patterns]
