"""Student: texts -> vectors -> raw scores, through tokens, batches, a backend and a head."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..cache import cache_folder
from ..config import SCOPE_FILE, FilterConfig, StudentConfig
from ..errors import ConfigError, ForkedProcessError
from ..names import distribution_of
from ..plugins.manager import core_version
from .backends.choose import choose_backend
from .backends.contract import AUTO, Backend, Ids, NetworkRecipe, Outputs
from .base_models import MODEL_CONFIG_FILE, TOKENIZER_FILE, check_files
from .batching import padded
from .encoder_spec import EncoderSpec, encoder_remedy, resolve_encoder_spec
from .head import Head
from .scope import Scope
from .tokens import HeadTailTokenizer

if TYPE_CHECKING:
    from .network import EncoderNetwork


@dataclass
class Student:
    """A trained student of one filter.

    What its backend gives is the raw scores themselves, or with a shared encoder the vectors for its head. ``scope``
    is what the head was trained on, None where its folder does not say.
    """

    name: str
    config: StudentConfig
    encoder_spec: EncoderSpec
    n_dimensions: int
    tokenizer: HeadTailTokenizer
    backend: Backend
    head: Head | None
    scope: Scope | None = None

    @classmethod
    def load(
        cls,
        config: FilterConfig,
        folder: Path,
        name: str | None = None,
        *,
        backend: str = AUTO,
        device: str | None = None,
        precision: str = AUTO,
        threads: int | None = None,
    ) -> Student:
        """Find, check and build a student of the filter in ``folder``; raise ModelError or ConfigError."""
        chosen = name or config.default_student
        settings = config.student(chosen)
        encoder_spec, base = check_student_files(config, folder, chosen)
        tokenizer = HeadTailTokenizer.shared(base / TOKENIZER_FILE, encoder_spec.preprocessing)
        check_length(tokenizer, base, chosen)
        head = None
        if encoder_spec.encoder:
            head = Head.load(folder / settings.adapter, len(config.dimensions), width_of(base))
        scope = None
        if head is not None and SCOPE_FILE in settings.sha256:
            scope = Scope.load(folder / settings.adapter / SCOPE_FILE, head.weight.shape[1])
        recipe = _recipe(config, encoder_spec, base, head, tokenizer)
        return cls(
            name=chosen,
            config=settings,
            encoder_spec=encoder_spec,
            n_dimensions=len(config.dimensions),
            tokenizer=tokenizer,
            backend=choose_backend(backend, recipe, cache_folder(), device, precision, threads),
            head=head,
            scope=scope,
        )

    def predict(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return raw scores [n_texts, n_dimensions] in the order of the texts."""
        return self.apply_head(self.encode(texts))

    def encode(self, texts: Sequence[str]) -> Outputs:
        """Return what the backend makes of each text [n_texts, width]; raise what it raises."""
        outputs, faults = self.encode_tokens(self.tokenizer.encode(texts))
        for error in faults.values():
            raise error
        return outputs

    def encode_tokens(self, rows: Sequence[Sequence[int]]) -> tuple[Outputs, dict[int, Exception]]:
        """Return what the backend makes of each row of token ids [n_rows, width], and by row what failed.

        A batch that fails (out of memory, say) is read again row by row; a row that fails is NaN.
        """
        outputs = np.full((len(rows), self.width), np.nan, dtype=np.float32)
        faults: dict[int, Exception] = {}
        batches = self.backend.batching.batches([len(row) for row in rows])
        while batches:
            failed = []
            for batch, found in self._run(rows, batches):
                if not isinstance(found, Exception):
                    outputs[batch] = found
                elif len(batch) == 1:
                    faults[batch[0]] = found
                else:
                    failed += [[index] for index in batch]
            batches = failed
        return outputs, faults

    def _run(
        self, rows: Sequence[Sequence[int]], batches: Sequence[list[int]]
    ) -> Iterator[tuple[list[int], Outputs | Exception]]:
        """Yield each batch with its outputs or what failed, as many at a time as the backend takes."""

        def run(batch: list[int]) -> Outputs | Exception:
            try:
                return self.backend.run(*padded([rows[index] for index in batch]))
            except ForkedProcessError:  # no article's fault
                raise
            except Exception as error:  # out of memory, say
                return error

        if self.backend.batching.n_at_once == 1:
            yield from zip(batches, map(run, batches), strict=True)
            return
        with ThreadPoolExecutor(self.backend.batching.n_at_once) as threads:
            yield from zip(batches, threads.map(run, batches), strict=True)

    def apply_head(self, outputs: Outputs) -> NDArray[np.float32]:
        """Return raw scores [n, n_dimensions] of what `encode` returned."""
        return self.head.apply(outputs) if self.head else outputs

    @property
    def width(self) -> int:
        """How many numbers the backend gives for a text: the vector's width, or with a head inside the dimensions."""
        return self.head.weight.shape[1] if self.head else self.n_dimensions

    @property
    def encoder_key(self) -> Hashable:
        """What is equal for students whose encoded texts serve them all: those that share an encoder and a backend."""
        return (self.encoder_spec.fingerprint, self.backend.name) if self.head else id(self)


def check_student_files(
    config: FilterConfig, folder: Path, name: str, *, offline: bool = False
) -> tuple[EncoderSpec, Path]:
    """Check every file of a student by its sha256; return how it reads and its base model's folder.

    Raises WeightsError, EncoderNotFoundError or BaseModelNotFoundError. ``offline`` never asks the Hub.
    """
    settings = config.student(name)
    check_files(
        folder / settings.adapter,
        settings.sha256,
        owner=f"{config.name} {config.version}",
        remedy=f'Reinstall: pip install --force-reinstall "{distribution_of(config.name)}=={config.version}"',
    )
    encoder_spec = resolve_encoder_spec(config, folder, name)
    if encoder_spec.encoder and settings.encoder:
        encoder_spec.check_adapter(f"encoder {encoder_spec.title}", encoder_remedy(settings.encoder))
    return encoder_spec, encoder_spec.base_folder(offline=offline)


def check_length(tokenizer: HeadTailTokenizer, base: Path, student: str) -> None:
    """Refuse a preprocessing that gives more tokens than the base model can read."""
    limit = _model_config(base).get("max_position_embeddings")
    if limit is not None and tokenizer.max_length > limit:
        raise ConfigError(
            f"students.{student}.preprocessing gives up to {tokenizer.max_length} tokens, special ones counted, "
            f"but the base model reads {limit}.  Lower head_tokens or tail_tokens."
        )


def width_of(base: Path) -> int | None:
    """Return how many numbers a base model's vectors have, None where its config does not say."""
    return _model_config(base).get("hidden_size")


def _model_config(base: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((base / MODEL_CONFIG_FILE).read_text(encoding="utf-8"))
    return config


def _recipe(
    config: FilterConfig, encoder_spec: EncoderSpec, base: Path, head: Head | None, tokenizer: HeadTailTokenizer
) -> NetworkRecipe:
    def build() -> EncoderNetwork:
        from .network import load_encoder, load_network

        if head is not None:
            return load_encoder(base, encoder_spec.adapter_folder, encoder_spec.pooling)
        return load_network(base, encoder_spec.adapter_folder, encoder_spec.pooling, len(config.dimensions))

    return NetworkRecipe(
        # A network's numbers depend on our own code, too; every file has been checked by now.
        identity=f"{core_version()} {encoder_spec.fingerprint} {'vectors' if head else len(config.dimensions)}",
        build=build,
        check_inputs=lambda: _check_inputs(tokenizer.encode(_check_texts(config))),
        to_scores=head.apply if head is not None else _unchanged,
        shared=head is not None,
    )


def _unchanged(outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    return outputs


def _check_inputs(rows: list[list[int]]) -> list[tuple[Ids, Ids]]:
    """Return each row alone and all together, padded: a backend may fail on either."""
    return [*(padded([row]) for row in rows), padded(rows)]


def _check_texts(config: FilterConfig) -> list[str]:
    """Return short and long English texts that every filter has: what its config says of itself."""
    sentences = [config.summary]
    for dimension in config.dimensions:
        sentences += [dimension.description, *dimension.anchors.values()]
    return [*sentences, " ".join(sentences), " ".join(sentences * 20)]
