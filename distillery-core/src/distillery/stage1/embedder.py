"""StaticEmbedder: a text as the mean of its tokens' vectors in a base model's vocabulary, for Stage 1.

Why: docs/decisions/static-embedder.md
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from ..config import BaseModelConfig, PreprocessingConfig, Section
from ..errors import ProbeError
from ..students.base_models import TOKENIZER_FILE, resolve_base_model
from ..students.tokens import HeadTailTokenizer
from .token_table import open_token_table

if TYPE_CHECKING:
    from ..students.encoder_spec import EncoderSpec

_in_memory: WeakValueDictionary[str, StaticEmbedder] = WeakValueDictionary()


class EmbedderConfig(Section):
    """The base model whose vocabulary gives the token vectors, and which tokens of a text are used."""

    kind: Literal["static"] = "static"
    base: BaseModelConfig
    preprocessing: PreprocessingConfig

    @classmethod
    def of(cls, spec: EncoderSpec, folder: Path) -> EmbedderConfig:
        """Return the embedder with a student's own base model and tokens, so that both tokenize an article once.

        The path of a local base model is made relative to ``folder``, where the probe's filter is.
        """
        base = spec.base
        if base.path is not None:
            path = Path(os.path.relpath((spec.folder / base.path).resolve(), folder.resolve()))
            base = base.model_copy(update={"path": path})
        return cls(base=base, preprocessing=spec.preprocessing)

    @property
    def fingerprint(self) -> str:
        """The sha256 over every fact that the vectors depend on, hashes of the base model's files included."""
        facts = {"kind": self.kind, "base": self.base.sha256, "preprocessing": self.preprocessing.model_dump()}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class StaticEmbedder:
    """Equals sentence-transformers' ``StaticEmbedding`` on the same token ids, without importing it."""

    def __init__(self, table: NDArray[np.generic], tokenizer: HeadTailTokenizer, config: EmbedderConfig) -> None:
        """Take the vectors of all tokens [n_tokens, width] and the tokenizer whose ids name them."""
        self._table = table
        self.tokenizer = tokenizer
        self.config = config
        self.fingerprint = config.fingerprint

    @classmethod
    def load(cls, config: EmbedderConfig, folder: Path) -> StaticEmbedder:
        """Return the embedder that is in memory, else open its base model; a relative path starts at ``folder``.

        Raises BaseModelNotFoundError, WeightsError, or ProbeError if the base has no table of tokens.
        """
        embedder = _in_memory.get(config.fingerprint)
        if embedder is None:
            embedder = _in_memory[config.fingerprint] = cls._opened(config, folder)
        return embedder

    @classmethod
    def _opened(cls, config: EmbedderConfig, folder: Path) -> StaticEmbedder:
        base = config.base
        if base.path is not None:
            base = base.model_copy(update={"path": folder / base.path})
        found = resolve_base_model(base)
        tokenizer = HeadTailTokenizer.shared(found / TOKENIZER_FILE, config.preprocessing)
        return cls(open_token_table(found, base.sha256), tokenizer, config)

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return int(self._table.shape[1])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text [n_texts, width]."""
        return self.embed_tokens(self.tokenizer.encode(texts))

    def embed_tokens(self, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the mean vector of each row of token ids [n_rows, width]; no row depends on another."""
        vectors = np.empty((len(rows), self.width), dtype=np.float32)
        for number, ids in enumerate(rows):
            vectors[number] = self._vectors_of(ids).mean(axis=0)
        return vectors

    def _vectors_of(self, ids: Sequence[int]) -> NDArray[np.float32]:
        try:
            return np.asarray(self._table[np.asarray(ids)], dtype=np.float32)
        except IndexError as error:
            raise ProbeError(
                f"{self.config.base.model}: its tokenizer gives ids beyond its vocabulary ({error})."
            ) from error
