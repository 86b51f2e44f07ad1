"""SharedReading: what students read of the same texts, once for all that read alike."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .backends import Outputs
    from .student import Student
    from .tokens import HeadTailTokenizer


class SharedReading:
    """Reads each text at most once per encoder, and makes its token ids at most once per tokenizer."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Take the texts; their places name them from here on."""
        self._texts = texts
        self._tokens: dict[Hashable, dict[int, list[int]]] = {}
        self._outputs: dict[Hashable, dict[int, Outputs]] = {}
        self._faults: dict[Hashable, dict[int, Exception]] = {}

    def read(self, student: Student, places: Sequence[int]) -> tuple[Outputs, dict[int, Exception]]:
        """Return what a student reads [n_places, width], and by place what could not be read (a row of NaN)."""
        outputs = self._outputs.setdefault(student.reading_key, {})
        faults = self._faults.setdefault(student.reading_key, {})
        if missing := [place for place in places if place not in outputs]:
            tokens, failed = self._readable_tokens(student.tokenizer, missing)
            rows, unread = student.read_tokens(list(tokens.values()))
            outputs.update(zip(tokens, rows, strict=True))
            outputs.update(dict.fromkeys(failed, np.full(student.width, np.nan, dtype=np.float32)))
            faults |= failed | {list(tokens)[index]: error for index, error in unread.items()}
        found = [outputs[place] for place in places]
        rows = np.stack(found) if found else np.empty((0, student.width), dtype=np.float32)
        return rows, {place: faults[place] for place in places if place in faults}

    def tokens(self, tokenizer: HeadTailTokenizer, places: Sequence[int]) -> list[list[int]]:
        """Return the token ids of the texts at these places."""
        tokens = self._tokens.setdefault(tokenizer, {})
        missing = [place for place in places if place not in tokens]
        encoded = tokenizer.encode([self._texts[place] for place in missing])
        tokens.update(zip(missing, encoded, strict=True))
        return [tokens[place] for place in places]

    def _readable_tokens(
        self, tokenizer: HeadTailTokenizer, places: Sequence[int]
    ) -> tuple[dict[int, list[int]], dict[int, Exception]]:
        """Return token ids by place, and by place what no token ids could be made of."""
        try:
            return dict(zip(places, self.tokens(tokenizer, places), strict=True)), {}
        except Exception as error:  # a tokenizer raises what it likes
            if len(places) == 1:
                return {}, {places[0]: error}
        found: dict[int, list[int]] = {}
        faults: dict[int, Exception] = {}
        for place in places:
            tokens, failed = self._readable_tokens(tokenizer, [place])
            found |= tokens
            faults |= failed
        return found, faults
