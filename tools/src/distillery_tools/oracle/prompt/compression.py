"""Compression: the beginning and the end of a long text, cut between sentences.

An oracle that reads a whole book and a student that reads its ends would oracle different texts. What is kept here
holds all that a student reads of up to 544 tokens at the head and 256 at the tail: a word is a token at least. The
exception is a script that the student's base model does not know, where a sentence may be one unknown token.
"""

from __future__ import annotations

import re

from .words import WORD

# About 800 words, 70 % of them at the beginning. The end is what the longest student's tail of 254 tokens needs.
HEAD_WORDS = 544
TAIL_WORDS = 256

# How many words more are kept so that a cut falls between sentences.
SENTENCE_REACH = 40

MARKER = "[... the middle of the text is left out ...]"

# How many characters before its end a sentence's mark may stand, closing quotes after it.
_MARKS = 8

# Where a sentence ends: after its mark and closing quotes before a space, after a full-width mark, at an empty line.
_SENTENCE_END = re.compile(r"""[.!?…][."'”’»)\]]*(?=\s)|[。！？][」』”）]*|(?<=\S)(?=\n\n)""")  # noqa: RUF001  full-width marks are meant


def compress(text: str) -> str:
    """Return a text of up to about 800 words as it is, of a longer one its ends with a marker between.

    Linear in the text's length. A cut falls between sentences if one ends within 40 words, else between words.
    """
    spans = [match.span() for match in WORD.finditer(text)]
    if len(spans) <= HEAD_WORDS + TAIL_WORDS:
        return text
    head_end = _head_end(text, spans)
    tail_start = _tail_start(text, spans)
    if head_end >= tail_start:
        return text
    return f"{text[:head_end].rstrip()}\n\n{MARKER}\n\n{text[tail_start:].lstrip()}"


def _head_end(text: str, spans: list[tuple[int, int]]) -> int:
    """Return where the head ends: at the first end of a sentence after the words that are always kept."""
    least = spans[HEAD_WORDS - 1][1]
    most = spans[min(HEAD_WORDS + SENTENCE_REACH, len(spans)) - 1][1]
    return min(_sentence_ends(text, least, most), default=least)


def _tail_start(text: str, spans: list[tuple[int, int]]) -> int:
    """Return where the tail starts: after the last end of a sentence before the words that are always kept."""
    most = spans[-TAIL_WORDS][0]
    least = spans[max(len(spans) - TAIL_WORDS - SENTENCE_REACH, 0)][0]
    return max(_sentence_ends(text, least, most), default=most)


def _sentence_ends(text: str, low: int, high: int) -> list[int]:
    """Return where sentences end from ``low`` to ``high``; the marks themselves may stand before ``low``."""
    ends = (match.end() for match in _SENTENCE_END.finditer(text, max(low - _MARKS, 0), high + _MARKS))
    return [end for end in ends if low <= end <= high]
