"""What a filter sets aside before any model runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .section import Phrases, Section


class CategoryConfig(Section):
    """A topic that is blocked on ``min_hits`` distinct phrases, unless an exception is named.

    Phrases are matched as whole words; the syntax is that of `distillery.prefilter.Phrase`. Each phrase
    counts once however often it occurs, so none should lie inside another. "One strong phrase or two
    weak ones" is two categories of the same name.
    """

    name: str
    block: Phrases
    unless: list[str] = Field(default_factory=list)
    min_hits: Annotated[int, Field(ge=1)] = 1


class PrefilterConfig(Section):
    """What is set aside before any model runs.

    ``min_content_chars`` and ``window_chars`` count characters of the cleaned text; phrases are looked
    for in a window at the beginning of the title and one at the beginning of the content.
    """

    min_content_chars: Annotated[int, Field(ge=0)] = 300
    window_chars: Annotated[int, Field(ge=1)] = 2000
    blocked_domains: dict[str, Phrases] = Field(default_factory=dict)
    categories: list[CategoryConfig] = Field(default_factory=list)
