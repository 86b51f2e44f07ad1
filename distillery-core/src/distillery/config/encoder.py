"""EncoderConfig: a shared encoder's encoder.yaml, validated, with every fault reported at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from ..errors import ConfigError
from .file_names import ENCODER_FILE
from .section import (
    NAME_PATTERN,
    AdapterSha256,
    PackageVersion,
    Pooling,
    Section,
    VersionRange,
    faults_in_words,
    without_dtype,
)
from .student import BaseModelConfig, PreprocessingConfig
from .yaml_file import read_yaml


class EncoderConfig(Section):
    """What encoder.yaml says: a base model adapted on the labels of many filters, for their heads to share.

    ``adapter`` is a folder beside encoder.yaml, ``sha256`` states each of its files. Retrained weights get a
    new name, so that filters on the old ones and on the new ones can be installed together.
    """

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    version: PackageVersion
    requires_core: VersionRange
    summary: str
    base: BaseModelConfig
    adapter: str
    sha256: AdapterSha256
    pooling: Pooling
    preprocessing: PreprocessingConfig = PreprocessingConfig()

    @model_validator(mode="before")
    @classmethod
    def _reads_older_files(cls, data: Any) -> Any:
        return without_dtype(data)

    @classmethod
    def load(cls, folder: Path) -> EncoderConfig:
        """Read ``folder/encoder.yaml``; raise ConfigError with every fault found."""
        path = folder / ENCODER_FILE
        try:
            return cls.model_validate(read_yaml(path))
        except ValidationError as error:
            raise ConfigError(faults_in_words(error, [], str(path))) from error
