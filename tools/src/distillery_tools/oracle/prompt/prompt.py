"""Prompt: what the oracle is asked, from a filter's prompt file and an article."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distillery import Article, FilterConfig
from distillery.toolkit import clean

from ..errors import PromptError
from .compression import compress

# The slots of a prompt file, as the conformance kit of the core knows them.
TITLE, SOURCE, PUBLISHED, ARTICLE = "{{title}}", "{{source}}", "{{published_date}}", "{{article}}"
SLOTS = (TITLE, SOURCE, PUBLISHED, ARTICLE)
NOT_STATED = "(not stated)"

_SLOT = re.compile(r"\{\{\s*\w+\s*\}\}")


@dataclass(frozen=True)
class RenderedPrompt:
    """The text to send, and what the oracle sees of the article: title, blank line, compressed content."""

    text: str
    article_text: str


@dataclass(frozen=True)
class Prompt:
    """A filter's prompt: every slot once, every dimension named."""

    filter: str
    version: str
    dimensions: tuple[str, ...]
    template: str

    @classmethod
    def load(cls, config: FilterConfig, folder: Path) -> Prompt:
        """Read the prompt that a filter's config names; raise PromptError with every fault found.

        A prompt without the article's slot would be answered too, with invented scores.
        """
        path = folder / config.oracle.prompt
        template = _read(path)
        faults = [*_slot_faults(template), *_dimension_faults(template, config.dimension_names)]
        if faults:
            raise PromptError("\n  ".join([f"{path} has {len(faults)} fault(s):", *faults]))
        return cls(config.name, config.version, tuple(config.dimension_names), template)

    @property
    def sha256(self) -> str:
        """The sha256 of the template, which distinguishes labels of different prompts."""
        return hashlib.sha256(self.template.encode("utf-8")).hexdigest()

    def render(self, article: Mapping[str, Any]) -> RenderedPrompt:
        """Fill the slots with an article, cleaned as the student reads it; raise ArticleError if that cannot be read.

        A source or date that is absent becomes ``(not stated)``. Text of the article is never taken for
        a slot.
        """
        read = Article.from_dict(article)
        content = compress(read.content)
        values = {
            TITLE: read.title,
            SOURCE: _line(article.get("source")),
            PUBLISHED: _line(article.get("published_date")),
            ARTICLE: content,
        }
        return RenderedPrompt(
            text=_SLOT.sub(lambda slot: values[slot[0]], self.template),
            article_text=Article(read.title, content).text,
        )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"not UTF-8: {error.reason}"
        raise PromptError(f"{path} cannot be read: {reason}.  Write the prompt, or correct oracle.prompt.") from error


def _slot_faults(template: str) -> list[str]:
    found = Counter(_SLOT.findall(template))
    absent = [f"{slot} is missing: write it once, where the oracle reads it" for slot in SLOTS if not found[slot]]
    repeated = [f"{slot} occurs {found[slot]} times: keep one" for slot in SLOTS if found[slot] > 1]
    unknown = [f"{slot} is not a slot; the slots are {', '.join(SLOTS)}" for slot in found if slot not in SLOTS]
    return absent + repeated + unknown


def _dimension_faults(template: str, dimensions: list[str]) -> list[str]:
    return [
        f"the dimension {name} of config.yaml is not named: describe how to score it, or remove it from config.yaml"
        for name in dimensions
        if not re.search(rf"(?<!\w){name}(?!\w)", template)
    ]


def _line(value: Any) -> str:
    """Return a field on one line, or the text for an absent one."""
    return " ".join(clean(value).split()) or NOT_STATED if isinstance(value, str) else NOT_STATED
