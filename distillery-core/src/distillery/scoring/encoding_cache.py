"""EncodingCache: a batch's texts, tokenized once per tokenizer and encoded once per encoder."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..students.backends.contract import Outputs
    from ..students.student import Student
    from ..students.tokens import HeadTailTokenizer


class EncodingCache:
    """Keeps what was tokenized and encoded of a batch, so that filters share it."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Take the texts of a batch; the methods name them by index."""
        self._texts = texts
        self._tokens: dict[Hashable, dict[int, list[int]]] = {}
        self._outputs: dict[Hashable, dict[int, Outputs]] = {}
        self._faults: dict[Hashable, dict[int, Exception]] = {}

    def encode(self, student: Student, indices: Sequence[int]) -> tuple[Outputs, dict[int, Exception]]:
        """Return a student's outputs [n_indices, width], and by index what could not be encoded (a row of NaN)."""
        outputs = self._outputs.setdefault(student.encoder_key, {})
        faults = self._faults.setdefault(student.encoder_key, {})
        if missing := [index for index in indices if index not in outputs]:
            tokens, failed = self._tokens_or_faults(student.tokenizer, missing)
            rows, not_encoded = student.encode_tokens(list(tokens.values()))
            outputs.update(zip(tokens, rows, strict=True))
            outputs.update(dict.fromkeys(failed, np.full(student.width, np.nan, dtype=np.float32)))
            faults |= failed | {list(tokens)[row]: error for row, error in not_encoded.items()}
        found = [outputs[index] for index in indices]
        rows = np.stack(found) if found else np.empty((0, student.width), dtype=np.float32)
        return rows, {index: faults[index] for index in indices if index in faults}

    def tokens(self, tokenizer: HeadTailTokenizer, indices: Sequence[int]) -> list[list[int]]:
        """Return the token ids of the texts at these indices."""
        tokens = self._tokens.setdefault(tokenizer, {})
        missing = [index for index in indices if index not in tokens]
        encoded = tokenizer.encode([self._texts[index] for index in missing])
        tokens.update(zip(missing, encoded, strict=True))
        return [tokens[index] for index in indices]

    def _tokens_or_faults(
        self, tokenizer: HeadTailTokenizer, indices: Sequence[int]
    ) -> tuple[dict[int, list[int]], dict[int, Exception]]:
        """Return token ids by index, and by index what could not be tokenized."""
        try:
            return dict(zip(indices, self.tokens(tokenizer, indices), strict=True)), {}
        except Exception as error:  # a tokenizer raises what it likes
            if len(indices) == 1:
                return {}, {indices[0]: error}
        found: dict[int, list[int]] = {}
        faults: dict[int, Exception] = {}
        for index in indices:
            tokens, failed = self._tokens_or_faults(tokenizer, [index])
            found |= tokens
            faults |= failed
        return found, faults
