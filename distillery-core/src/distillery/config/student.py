"""Students: base models or shared encoders, and how much of a text they read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from .file_names import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from .section import COMMIT_PATTERN, NAME_PATTERN, Pooling, Section, Sha256, without_dtype


class PreprocessingConfig(Section):
    """How much of a long article the student reads, in tokens without the special ones."""

    head_tokens: Annotated[int, Field(ge=1)] = 256
    tail_tokens: Annotated[int, Field(ge=0)] = 254


class BaseModelConfig(Section):
    """The base model: its Hub name, a pinned commit, and the sha256 of the files that are read.

    ``package`` is the pip requirement of a package that carries the same files, if one does.
    ``path`` is a local folder that holds them, tried before anything else.
    """

    model: str
    revision: Annotated[str, Field(pattern=COMMIT_PATTERN)] | None = None
    package: str | None = None
    path: Path | None = None
    sha256: Annotated[dict[str, Sha256], Field(min_length=1)]

    @field_validator("sha256")
    @classmethod
    def _names_every_file_that_is_read(cls, value: dict[str, str]) -> dict[str, str]:
        absent = [name for name in ("config.json", "tokenizer.json") if name not in value]
        absent += [] if any(name.endswith(".safetensors") for name in value) else ["the *.safetensors"]
        if absent:
            raise ValueError(f"states no sha256 for {' and '.join(absent)}")
        return value


class EncoderReference(Section):
    """The encoder that a student shares: its name, its pip requirement, and the fingerprint it must have.

    ``path`` is the folder of an encoder.yaml, taken instead of an installed package.
    """

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    package: str | None = None
    path: Path | None = None
    fingerprint: Sha256


class StudentConfig(Section):
    """A trained student: what it reads texts with, and its adapter folder.

    Either ``base``, with ``pooling`` and ``preprocessing``: then the adapter holds updates of the base and the
    head. Or ``encoder``, which states those itself: then the adapter holds the head alone. ``adapter`` is a
    folder beside config.yaml, ``sha256`` states each of its files.
    """

    base: BaseModelConfig | None = None
    encoder: EncoderReference | None = None
    adapter: str
    sha256: dict[str, Sha256]
    pooling: Pooling | None = None
    preprocessing: PreprocessingConfig | None = None
    calibration: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _reads_older_files(cls, data: Any) -> Any:
        return without_dtype(data)

    @property
    def weights_sha256(self) -> str:
        """The sha256 of the trained weights, which identifies the student in every score."""
        return self.sha256[ADAPTER_FILE]

    @field_validator("sha256")
    @classmethod
    def _names_the_weights(cls, value: dict[str, str]) -> dict[str, str]:
        if ADAPTER_FILE not in value:
            raise ValueError(f"states no sha256 for {ADAPTER_FILE}")
        return value

    @model_validator(mode="after")
    def _reads_in_one_way(self) -> Self:
        if (self.base is None) == (self.encoder is None):
            raise ValueError("needs either a base model (base) or a shared encoder (encoder)")
        if self.encoder and (self.pooling or self.preprocessing):
            raise ValueError("pooling and preprocessing are the encoder's; leave them out")
        if self.base and self.pooling is None:
            raise ValueError("pooling: this key is missing")
        if self.base and ADAPTER_CONFIG_FILE not in self.sha256:
            raise ValueError(f"sha256: states no sha256 for {ADAPTER_CONFIG_FILE}")
        return self
