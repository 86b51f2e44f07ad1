"""Student: texts -> raw scores, through tokens, batches and a backend."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .backends import AUTO, Backend, Ids, NetworkRecipe, choose_backend
from .base_models import MODEL_CONFIG_FILE, TOKENIZER_FILE, check_files, resolve_base_model
from .batching import TOKEN_BUDGET, batches_by_length, padded
from .cache import cache_folder
from .config import FilterConfig, StudentConfig
from .errors import ConfigError
from .names import distribution_of
from .registration import core_version
from .tokens import HeadTailTokenizer

if TYPE_CHECKING:
    from .network import StudentNetwork


@dataclass
class Student:
    """A trained student of one filter."""

    name: str
    config: StudentConfig
    n_dimensions: int
    tokenizer: HeadTailTokenizer
    backend: Backend

    @classmethod
    def load(
        cls,
        config: FilterConfig,
        folder: Path,
        name: str | None = None,
        *,
        backend: str = AUTO,
        device: str | None = None,
    ) -> Student:
        """Find, check and build a student of the filter in ``folder``; raise ModelError or ConfigError."""
        chosen = name or config.default_student
        settings = config.student(chosen)
        base = check_student_files(config, folder, chosen)
        tokenizer = HeadTailTokenizer(base / TOKENIZER_FILE, settings.preprocessing)
        check_length(tokenizer, base, chosen)
        recipe = _recipe(config, settings, base, folder / settings.adapter, tokenizer)
        return cls(
            name=chosen,
            config=settings,
            n_dimensions=len(config.dimensions),
            tokenizer=tokenizer,
            backend=choose_backend(backend, recipe, cache_folder(), device),
        )

    def predict(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return raw scores [n_texts, n_dimensions] in the order of the texts."""
        rows = self.tokenizer.encode(texts)
        scores = np.empty((len(rows), self.n_dimensions), dtype=np.float32)
        for batch in batches_by_length([len(row) for row in rows], TOKEN_BUDGET):
            scores[batch] = self.backend.run(*padded([rows[index] for index in batch]))
        return scores


def check_student_files(config: FilterConfig, folder: Path, name: str, *, offline: bool = False) -> Path:
    """Check every file of a student by its sha256; return the base model's folder.

    Raises WeightsError or BaseModelNotFoundError. ``offline`` never asks the Hub.
    """
    settings = config.student(name)
    check_files(
        folder / settings.adapter,
        settings.sha256,
        owner=f"{config.name} {config.version}",
        remedy=f'Reinstall: pip install --force-reinstall "{distribution_of(config.name)}=={config.version}"',
    )
    return base_folder(settings, folder, offline=offline)


def base_folder(settings: StudentConfig, folder: Path, *, offline: bool = False) -> Path:
    """Return the checked folder of a student's base model; a relative path starts at the filter's folder."""
    base = settings.base
    if base.path is not None:
        base = base.model_copy(update={"path": folder / base.path})
    return resolve_base_model(base, offline=offline)


def check_length(tokenizer: HeadTailTokenizer, base: Path, student: str) -> None:
    """Refuse a preprocessing that gives more tokens than the base model can read."""
    limit = json.loads((base / MODEL_CONFIG_FILE).read_text(encoding="utf-8")).get("max_position_embeddings")
    if limit is not None and tokenizer.max_length > limit:
        raise ConfigError(
            f"students.{student}.preprocessing gives up to {tokenizer.max_length} tokens, special ones counted, "
            f"but the base model reads {limit}.  Lower head_tokens or tail_tokens."
        )


def _recipe(
    config: FilterConfig, settings: StudentConfig, base: Path, adapter: Path, tokenizer: HeadTailTokenizer
) -> NetworkRecipe:
    def build() -> StudentNetwork:
        from .network import load_network

        return load_network(base, adapter, settings, len(config.dimensions))

    return NetworkRecipe(
        identity=_identity(settings, len(config.dimensions)),
        build=build,
        probe=lambda: _probes(tokenizer.encode(_probe_texts(config))),
    )


def _probes(rows: list[list[int]]) -> list[tuple[Ids, Ids]]:
    """Return each row alone and all together, padded: a backend may fail on either."""
    return [*(padded([row]) for row in rows), padded(rows)]


def _identity(settings: StudentConfig, n_dimensions: int) -> str:
    """Return what a network's numbers depend on, our own code included; every file has been checked by now."""
    facts = [core_version(), settings.base.sha256, settings.sha256, settings.pooling, n_dimensions]
    return json.dumps(facts, sort_keys=True)


def _probe_texts(config: FilterConfig) -> list[str]:
    """Return short and long English texts that every filter has: what its config says of itself."""
    sentences = [config.summary]
    for dimension in config.dimensions:
        sentences += [dimension.description, *dimension.anchors.values()]
    return [*sentences, " ".join(sentences), " ".join(sentences * 20)]
