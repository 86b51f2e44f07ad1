"""Intake: from the articles of a file to the requests that are worth a call."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from distillery import ArticleError
from distillery.toolkit import ArticleReader, Line

from ...data.labels import is_id
from ..prompt.junk import MAX_JUNK_WORDS, junk_reason
from ..prompt.prompt import Prompt, RenderedPrompt
from ..prompt.tokens import estimate_tokens
from ..store.attempts import LabelRequest
from ..store.listing import ArticleStatus, Entry
from ..store.store import Store
from .spec import OracleSpec

JUNK, UNREADABLE = "junk", "unreadable"
# Lines that are looked up in one transaction; short enough that calls in flight hardly wait for it.
SLICE = 32
# Junk is short: a text with this many pieces between spaces needs no check.
MANY_PIECES = 2 * MAX_JUNK_WORDS


@dataclass
class Counts:
    """How many articles were given, and why some are not asked about."""

    given: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    dead: int = 0
    repeated: int = 0
    asked: int = 0


class Intake:
    """Reads articles as they are needed, notes each in the store, and passes on those that need a call."""

    def __init__(
        self,
        reader: ArticleReader,
        prompt: Prompt,
        oracle: OracleSpec,
        store: Store,
        cap: int,
        passed_over: Callable[[int], None],
    ) -> None:
        """Keep what is needed; ``passed_over`` is called with the size of each line that needs no call."""
        self._prompt = prompt
        self._oracle = oracle
        self._store = store
        self._cap = cap
        self._passed_over = passed_over
        self._slices = _slices(reader)
        self._template_tokens = estimate_tokens(prompt.template)
        self.counts = Counts()

    async def requests(self) -> AsyncIterator[LabelRequest]:
        """Yield the requests in the order of the file; memory does not grow with it."""
        for lines in self._slices:
            for request in await self._requests(lines):
                yield request

    async def finish(self) -> None:
        """Note the articles that are left: labels of earlier runs are written again."""
        for lines in self._slices:
            await self._requests(lines)

    async def _requests(self, lines: Sequence[Line]) -> list[LabelRequest]:
        read = [(line, *self._read(line)) for line in lines]
        statuses = await self._store.enlist([entry for _, entry, _ in read], self._cap)
        found = []
        for (line, entry, rendered), status in zip(read, statuses, strict=True):
            if rendered and status and self._is_open(status):
                found.append(self._request(line, entry, rendered, status))
            else:
                self._passed_over(line.size)
        self.counts.asked += len(found)
        return found

    def _read(self, line: Line) -> tuple[Entry, RenderedPrompt | None]:
        """Return an article's entry and prompt, or the entry with the reason of its being set aside."""
        self.counts.given += 1
        try:
            rendered = self._prompt.render(_readable(line))
        except ArticleError as error:
            return self._aside(line, UNREADABLE, str(error)), None
        if reason := _junk_reason(rendered.article_text):
            return self._aside(line, JUNK, reason), None
        return Entry(line.number, line.id, self._oracle.key_of(rendered.text)), rendered

    def _aside(self, line: Line, kind: str, reason: str) -> Entry:
        self.counts.set_aside[kind] += 1
        return Entry(line.number, line.id, None, kind, reason)

    def _request(self, line: Line, entry: Entry, rendered: RenderedPrompt, status: ArticleStatus) -> LabelRequest:
        return LabelRequest(
            key=entry.key or "",
            text=rendered.text,
            text_sha256=hashlib.sha256(rendered.article_text.encode("utf-8", "surrogatepass")).hexdigest(),
            tokens=self._template_tokens + estimate_tokens(rendered.article_text),
            n_attempts=status.n_attempts,
            n_truncated=status.n_truncated,
            size=line.size,
        )

    def _is_open(self, status: ArticleStatus) -> bool:
        """Count an article whose answer is stored, or that has no attempt left, or whose prompt came before."""
        self.counts.answered += status.is_answered
        self.counts.dead += status.is_dead and not status.is_answered
        self.counts.repeated += status.is_repeated
        return not (status.is_answered or status.is_dead or status.is_repeated)


def _slices(reader: ArticleReader) -> Iterator[list[Line]]:
    for chunk in reader.chunks():
        for start in range(0, len(chunk.lines), SLICE):
            yield chunk.lines[start : start + SLICE]


def _junk_reason(article_text: str) -> str | None:
    title, _, content = article_text.partition("\n\n")
    return None if len(content.split(None, MANY_PIECES)) > MANY_PIECES else junk_reason(title, content)


def _readable(line: Line) -> dict[str, object]:
    """Return a line's article; raise ArticleError if it has none or no id to be found by."""
    if line.error or line.data is None:
        raise ArticleError(line.error or "no article")
    if not is_id(line.data.get("id")):
        raise ArticleError(f"the id is {line.data.get('id')!r}; a label is found by its article's id")
    return line.data
