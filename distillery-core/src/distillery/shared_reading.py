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
            rows, failed = student.read_tokens(self.tokens(student.tokenizer, missing))
            outputs.update(zip(missing, rows, strict=True))
            faults.update({missing[index]: error for index, error in failed.items()})
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
