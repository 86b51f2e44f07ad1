"""Flags: why an article is out of a filter's scope, so that its score deserves less trust.

Why: docs/decisions/out-of-scope-flags.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .score import STAGE_1, Score

if TYPE_CHECKING:
    from ..students.scope import Scope
    from ..students.student import Student
    from ..students.tokens import HeadTailTokenizer
    from .article import Article
    from .contracts import Scorer
    from .encoding_cache import EncodingCache

# The language is none that the student was trained on; the text is too short to judge; the text is unlike all of the
# training articles.
FLAGS = UNSEEN_LANGUAGE, SHORT_TEXT, UNFAMILIAR_TEXT = "unseen_language", "short_text", "unfamiliar_text"

# Tokens of title and content, the special ones not counted.
MIN_TOKENS = 20


def with_flags(
    scorer: Scorer, articles: Mapping[int, Article], scores: Mapping[int, Score], encodings: EncodingCache
) -> dict[int, Score]:
    """Return those scores of a batch's articles, by index, that get flags.

    The articles were encoded before, so nothing is computed twice.
    """
    by_student = [index for index, score in scores.items() if score.stage_used != STAGE_1]
    by_probe = [index for index, score in scores.items() if score.stage_used == STAGE_1]
    short = _short(scorer.student.tokenizer, by_student, encodings)
    if scorer.stage1 is not None:
        short |= _short(scorer.stage1.embedder.tokenizer, by_probe, encodings)
    found = {
        UNSEEN_LANGUAGE: _unseen(scorer.student.scope, articles),
        SHORT_TEXT: short,
        UNFAMILIAR_TEXT: _far(scorer.student, by_student, encodings),
    }
    flagged = set().union(*found.values()) & scores.keys()
    return {
        index: replace(scores[index], flags=tuple(name for name, indices in found.items() if index in indices))
        for index in flagged
    }


def _unseen(scope: Scope | None, articles: Mapping[int, Article]) -> set[int]:
    """Return the indices of the articles whose language is known and was not in training."""
    if scope is None:
        return set()
    return {index for index, article in articles.items() if not scope.knows_language(article.language)}


def _short(tokenizer: HeadTailTokenizer, indices: Sequence[int], encodings: EncodingCache) -> set[int]:
    """Return the indices of the articles with too few tokens."""
    shortest = MIN_TOKENS + tokenizer.n_special
    rows = encodings.tokens(tokenizer, indices)
    return {index for index, row in zip(indices, rows, strict=True) if len(row) < shortest}


def _far(student: Student, indices: Sequence[int], encodings: EncodingCache) -> set[int]:
    """Return the indices of the articles whose vectors are far from the training articles'."""
    if student.scope is None or not indices:
        return set()
    vectors, _ = encodings.encode(student, indices)
    return {indices[place] for place in np.flatnonzero(student.scope.is_far(vectors)).tolist()}
