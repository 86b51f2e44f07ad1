"""The facts of a filter and of an encoder, as their YAML files state them."""

# ruff: noqa: E402

from ..plugins.packages import discover

discover()  # before pydantic is imported, which would fail on a package that cannot be read

from .encoder import EncoderConfig
from .evaluation import operating_points_fault, own_evaluation, own_stage1, read_evaluation
from .file_names import (
    ADAPTER_CONFIG_FILE,
    ADAPTER_FILE,
    CALIBRATION_FILE,
    CONFIG_FILE,
    ENCODER_FILE,
    EVALUATION_FILE,
    PROBE_FILE,
    PROBE_RECORD_FILE,
    SCOPE_FILE,
)
from .filter import FilterConfig, TrainingConfig
from .operating_points import OperatingPointConfig, OperatingPointsConfig
from .prefilter import CategoryConfig, PrefilterConfig
from .probe import GuaranteeConfig, ProbeConfig, StageCostsConfig
from .rubric import DimensionConfig, GatekeeperConfig, TierConfig
from .section import NAME_PATTERN, Section, Sha256
from .student import BaseModelConfig, EncoderReference, PreprocessingConfig, StudentConfig
from .yaml_file import read_yaml

__all__ = [
    "ADAPTER_CONFIG_FILE",
    "ADAPTER_FILE",
    "CALIBRATION_FILE",
    "CONFIG_FILE",
    "ENCODER_FILE",
    "EVALUATION_FILE",
    "NAME_PATTERN",
    "PROBE_FILE",
    "PROBE_RECORD_FILE",
    "SCOPE_FILE",
    "BaseModelConfig",
    "CategoryConfig",
    "DimensionConfig",
    "EncoderConfig",
    "EncoderReference",
    "FilterConfig",
    "GatekeeperConfig",
    "GuaranteeConfig",
    "OperatingPointConfig",
    "OperatingPointsConfig",
    "PrefilterConfig",
    "PreprocessingConfig",
    "ProbeConfig",
    "Section",
    "Sha256",
    "StageCostsConfig",
    "StudentConfig",
    "TierConfig",
    "TrainingConfig",
    "operating_points_fault",
    "own_evaluation",
    "own_stage1",
    "read_evaluation",
    "read_yaml",
]
