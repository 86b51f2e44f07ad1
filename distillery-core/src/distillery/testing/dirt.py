"""What publishing does to a text: characters that nobody sees, markup, entities, and other spaces.

Each entry of `DIRT` turns a clean text into one that a browser shows in the same way.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

# Between a vowel and a consonant with a vowel after it: where a typesetter may break a word.
_SYLLABLE_END = re.compile("(?<=[aeiouy])(?=[bcdfghjklmnpqrstvwxz][aeiouy])")
_LONG_WORD = re.compile(r"[^\W\d_]{6,}")
_PARAGRAPH_END = re.compile(r"\n\n")

_UNSEEN = {
    "soft hyphen": "\u00ad",
    "combining grapheme joiner": "\u034f",
    "Arabic letter mark": "\u061c",
    "Hangul choseong filler": "\u115f",
    "Khmer inherent vowel": "\u17b4",
    "Mongolian vowel separator": "\u180e",
    "zero-width space": "\u200b",
    "zero-width non-joiner": "\u200c",
    "zero-width joiner": "\u200d",
    "left-to-right mark": "\u200e",
    "right-to-left embedding": "\u202b\u202c",
    "word joiner": "\u2060",
    "invisible times": "\u2062",
    "first strong isolate": "\u2068\u2069",
    "Hangul filler": "\u3164",
    "variation selector 1": "\ufe00",
    "variation selector 16": "\ufe0f",
    "byte-order mark": "\ufeff",
    "halfwidth Hangul filler": "\uffa0",
    "interlinear annotation": "\ufff9\ufffb",
    "object replacement": "\ufffc",
    "noncharacter": "\uffff",
    "control": "\x03",
    "tag characters": "\U000e0065\U000e007f",
    "variation selector 17": "\U000e0100",
    "two of them": "\u200d\u00ad",
    "&shy;": "&shy;",
    "&zwnj;": "&zwnj;",
    "&lrm;": "&lrm;",
    "&NoBreak;": "&NoBreak;",
    "&#173;": "&#173;",
    "&#x200b;": "&#x200b;",
    "&amp;shy;": "&amp;shy;",
    "<wbr>": "<wbr>",
    "comment": "<!-- page 2 > 1 -->",
    "empty <span>": '<span class="ad" title="1 > 0"></span>',
}


def _in_words(mark: str) -> Callable[[str], str]:
    """Return what puts a mark at the end of each syllable of longer words."""
    return lambda text: _LONG_WORD.sub(lambda word: _SYLLABLE_END.sub(lambda _: mark, word[0]), text)


def _around_syllables(before: str, after: str) -> Callable[[str], str]:
    """Return what puts the second part of each longer word that has syllables into an element."""

    def dirty(word: re.Match[str]) -> str:
        first, *others = _SYLLABLE_END.split(word[0])
        return f"{first}{before}{''.join(others)}{after}" if others else first

    return lambda text: _LONG_WORD.sub(dirty, text)


def _as_paragraphs(text: str) -> str:
    return "\n".join(f"<p>{html.escape(part)}</p>" for part in _PARAGRAPH_END.split(text))


def _as_divisions(text: str) -> str:
    parts = (html.escape(part) for part in _PARAGRAPH_END.split(text))
    return "".join(f"<div class='a'>{part}</div>" for part in parts)


def _with_drop_caps(text: str) -> str:
    parts = (
        f'<p><span class="dropcap">{html.escape(p[:1])}</span>{html.escape(p[1:])}</p>' for p in text.split("\n\n")
    )
    return "".join(parts)


def _as_references(text: str) -> str:
    return "".join(c if c.isascii() and c not in "&<>" else f"&#{ord(c)};" for c in text)


DIRT: dict[str, Callable[[str], str]] = {
    **{f"{name} in words": _in_words(mark) for name, mark in _UNSEEN.items()},
    "<em> in words": _around_syllables("<em>", "</em>"),
    "<a> in words": _around_syllables('<a href="https://example.org/?a=1&amp;b=2">', "</a>"),
    "<FONT> in words": _around_syllables("<FONT color=red>", "</FONT>"),
    "paragraphs": _as_paragraphs,
    "divisions": _as_divisions,
    "drop caps": _with_drop_caps,
    "line breaks": lambda text: html.escape(text).replace("\n", "<br />"),
    "escaped twice": lambda text: html.escape(html.escape(text)),
    "escaped three times": lambda text: html.escape(html.escape(html.escape(text))),
    "paragraphs, escaped": lambda text: html.escape(_as_paragraphs(text)),
    "paragraphs, escaped twice": lambda text: html.escape(html.escape(_as_paragraphs(text))),
    "paragraphs, escaped by numbers": lambda text: _as_references(_as_paragraphs(text)),
    "drop caps, escaped": lambda text: html.escape(_with_drop_caps(text)),
    "paragraphs in CDATA": lambda text: f"<![CDATA[{_as_paragraphs(text)}]]>",
    "paragraphs in CDATA, escaped": lambda text: html.escape(f"<![CDATA[{_as_paragraphs(text)}]]>"),
    "escaped paragraphs in CDATA": lambda text: f"<![CDATA[{html.escape(_as_paragraphs(text))}]]>",
    "text in CDATA": lambda text: f"<![CDATA[{html.escape(text)}]]>",
    "numeric references": _as_references,
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "&nbsp;": lambda text: html.escape(text).replace(" ", "&nbsp; "),
    "thin spaces": lambda text: text.replace(" ", "\u2009"),
    "ideographic spaces": lambda text: text.replace(" ", "\u3000"),
    "tabs": lambda text: text.replace(" ", " \t"),
    "CR LF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "next line": lambda text: text.replace("\n", "\u0085"),
    "line separator": lambda text: text.replace("\n", "\u2028"),
    "form feed": lambda text: text.replace("\n\n", "\n\n\f"),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
}
