"""Prefilter: declarative rules that set an article aside before any model runs."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import filterfalse
from urllib.parse import urlsplit

from ..config import PrefilterConfig
from ..errors import ConfigError
from .article import Article

PASSED = "passed"

# Length of the stems by which the phrases that may begin at a word are looked up.
_STEM_LENGTH = 4

_INSIDE_A_NUMBER = re.compile(r"(?<=\d)[.,](?=\d)")
_SYMBOLS = re.compile(r"([$€£%])")
_NOT_A_WORD = re.compile(r"[^\w$€£%]+|_+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an article passes the rules, and why."""

    passed: bool
    reason: str


def words_of(text: str) -> str:
    """Return the text as lower-case words without accents, one space around each.

    ``$ € £ %`` are words of their own and a number is one word: "$2.5m" becomes " $ 25m ".
    """
    if not text.isascii():
        text = "".join(filterfalse(unicodedata.combining, unicodedata.normalize("NFKD", text)))
    joined = _INSIDE_A_NUMBER.sub("", text.casefold())
    spaced = _NOT_A_WORD.sub(" ", _SYMBOLS.sub(r" \1 ", joined))
    return f" {' '.join(spaced.split())} "


class Phrase:
    """Whole words in a row; case and accents do not matter.

    ``share price`` is found in "Share-price rally" but not in "shareprice"; ``invest*`` matches any word
    that begins so; in ``raised $ * million`` the star matches any one word.
    """

    def __init__(self, pattern: str) -> None:
        """Compile a pattern; raise ConfigError if it has no word, or a star before or inside a word."""
        self.pattern = pattern
        if misplaced := next((part for part in pattern.split() if "*" in part[:-1]), None):
            raise ConfigError(f"the prefilter phrase '{pattern}': in '{misplaced}' the star must be last or alone")
        parts = [part for part in map(_Part.read, pattern.split()) if part.word or part.open_end]
        if not any(part.word for part in parts):
            raise ConfigError(f"the prefilter phrase '{pattern}' names no word")
        self._matches = _matcher(parts)
        self.start = parts[0].start

    def found_in(self, words: str) -> bool:
        """Return whether the phrase occurs in what `words_of` returned; time is linear in its length."""
        return self._matches(words)


@dataclass(frozen=True, slots=True)
class _Part:
    word: str
    open_end: bool

    @classmethod
    def read(cls, part: str) -> _Part:
        return cls(word=words_of(part.removesuffix("*")).strip(), open_end=part.endswith("*"))

    @property
    def start(self) -> str:
        """The word or stem with which a phrase that begins with this part must begin; empty if any word will do."""
        first, *others = self.word.split() or [""]
        if self.open_end and not others:
            return first[:_STEM_LENGTH] if len(first) >= _STEM_LENGTH else ""
        return first

    @property
    def expression(self) -> str:
        if not self.open_end:
            return re.escape(self.word)
        return re.escape(self.word) + (r"\S*" if self.word else r"\S+")


def _matcher(parts: list[_Part]) -> Callable[[str], bool]:
    if any(part.open_end for part in parts[:-1]) or not parts[-1].word:
        search = re.compile(" " + " ".join(part.expression for part in parts) + " ").search
        return lambda words: search(words) is not None
    # Without an inner star a plain substring search does, many times faster than an expression.
    needle = " " + " ".join(part.word for part in parts) + ("" if parts[-1].open_end else " ")
    return lambda words: needle in words


class _Phrases:
    """Many phrases; only those whose first word is in the text are searched for."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._starting: dict[str, list[Phrase]] = defaultdict(list)
        for phrase in map(Phrase, dict.fromkeys(patterns)):
            self._starting[phrase.start].append(phrase)

    def found_in(self, words: str, starts: frozenset[str]) -> set[str]:
        """Return the patterns found; ``starts`` holds the words, their stems, and the empty string."""
        candidates = (phrase for start in self._starting.keys() & starts for phrase in self._starting[start])
        return {phrase.pattern for phrase in candidates if phrase.found_in(words)}


class Prefilter:
    """A filter's rules in order: length, web domain, then topics; the first that applies decides."""

    def __init__(self, config: PrefilterConfig) -> None:
        """Compile the rules; raise ConfigError for a phrase without a word."""
        self._config = config
        self._categories = [
            _Category(category.name, frozenset(category.block), frozenset(category.unless), category.min_hits)
            for category in config.categories
        ]
        self._domains = [
            (group, _Domain.read(domain)) for group, domains in config.blocked_domains.items() for domain in domains
        ]
        self._phrases = _Phrases(
            pattern for category in config.categories for pattern in [*category.block, *category.unless]
        )

    def check(self, article: Article) -> Verdict:
        """Return the verdict on one article; time is linear in the text and bounded by the window."""
        length = len(article.content)
        if length < self._config.min_content_chars:
            return Verdict(passed=False, reason=f"content_too_short_{length}chars")
        if group := self._blocked_group(article.url):
            return Verdict(passed=False, reason=f"excluded_domain_{group}")
        if topic := self._blocked_topic(article):
            return Verdict(passed=False, reason=topic)
        return Verdict(passed=True, reason=PASSED)

    def _blocked_topic(self, article: Article) -> str | None:
        if not self._categories:
            return None
        size = self._config.window_chars
        beginning = _beginning(f"{_window(article.title, size)}\n{_window(article.content, size)}")
        found = self._phrases.found_in(*beginning)
        return next((category.name for category in self._categories if category.blocks(found)), None) if found else None

    def _blocked_group(self, url: str) -> str | None:
        if not self._domains or not url:
            return None
        host, path = _place_of(url)
        return next((group for group, domain in self._domains if domain.holds(host, path)), None)


@dataclass(frozen=True, slots=True)
class _Category:
    """A topic whose phrases are ready to be compared with those found in a text."""

    name: str
    block: frozenset[str]
    unless: frozenset[str]
    min_hits: int

    def blocks(self, found: set[str]) -> bool:
        """Say whether an article with these phrases is set aside."""
        return len(self.block & found) >= self.min_hits and self.unless.isdisjoint(found)


@dataclass(frozen=True, slots=True)
class _Domain:
    """A blocked web domain, or a path below one."""

    host: str
    path: str

    @classmethod
    def read(cls, domain: str) -> _Domain:
        host, _, path = domain.lower().partition("/")
        return cls(host, path)

    def holds(self, host: str, path: str) -> bool:
        """Say whether a place in the web lies under the domain."""
        is_host = host == self.host or host.endswith(f".{self.host}")
        return is_host and (not self.path or path.startswith(f"/{self.path}/"))


# One entry is enough: the filters of a panel check one article after the other.
@lru_cache(maxsize=1)
def _beginning(text: str) -> tuple[str, frozenset[str]]:
    """Return the words of an article's beginning, and the starts of phrases: words, stems, and the empty string."""
    words = words_of(text)
    distinct = set(words.split())
    return words, frozenset({"", *distinct, *(word[:_STEM_LENGTH] for word in distinct)})


def _window(text: str, size: int) -> str:
    """Return the first characters of a text, without a word that the limit cuts."""
    end = size
    while 0 < end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end -= 1
    return text[: end or size]


# As above: the filters of a panel look at one address after the other.
@lru_cache(maxsize=1)
def _place_of(url: str) -> tuple[str, str]:
    """Return host and path of a URL in lower case, the path ending in a slash; empty ones if it cannot be read."""
    address = url.strip().lower()
    try:
        parts = urlsplit(address if "://" in address else f"//{address.lstrip('/')}")
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return "", ""
    return host, f"{parts.path}/"
