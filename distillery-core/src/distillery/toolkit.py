"""What programs that make and measure filters need of the core; distillery-tools uses nothing else of it.

Scoring articles needs only `distillery`. These names are for those who train, calibrate, evaluate or serve filters:
they are documented, tested and stable within a major version of the core. What is in none of `distillery`,
`distillery.plugins`, `distillery.testing` and this module is private and may change in any release.

Names are resolved when they are first used, so importing this module costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cache import VECTORS, cache_folder, mark_used, writing
    from .calibration.intervals import HalfWidths, Interval
    from .calibration.maps import Breakpoints, Calibration
    from .calibration.origin import CalibrationOrigin
    from .calibration.probabilities import BetaCurve
    from .cli.lazy import FAILED, OK
    from .cli.output import format_option, print_json, print_table
    from .cli.probe_lines import probe_lines
    from .config import (
        ADAPTER_CONFIG_FILE,
        ADAPTER_FILE,
        CALIBRATION_FILE,
        CONFIG_FILE,
        ENCODER_FILE,
        EVALUATION_FILE,
        PROBE_FILE,
        PROBE_RECORD_FILE,
        SCOPE_FILE,
        BaseModelConfig,
        EncoderConfig,
        GuaranteeConfig,
        PreprocessingConfig,
        ProbeConfig,
        StageCostsConfig,
        TierConfig,
        TrainingConfig,
        operating_points_fault,
    )
    from .config.scale import AVERAGE, HIGHEST, LOWEST
    from .files import replacing
    from .golden import GOLDEN_FILE, read_golden
    from .io import ArticleReader, Line, read_records
    from .io.sources import STANDARD_INPUT
    from .loading import HYBRID, locate_filter
    from .plugins.host import host_plugins
    from .scoring.cleaning import clean
    from .scoring.contracts import Embedder
    from .scoring.postfilter import Outcome, Postfilter
    from .scoring.prefilter import PASSED, Phrase, Prefilter, Verdict, words_of
    from .scoring.score import STAGE_1, STAGE_2
    from .stage1.embedder import EmbedderConfig, StaticEmbedder
    from .stage1.probe import Probe, ProbeRecord, probe_settings
    from .students.adapter import Adapter
    from .students.backends.contract import AUTO, CHOICES, FLOAT32, TORCH
    from .students.backends.precision import cpu_has_bfloat16
    from .students.backends.torch_backend import TorchBackend
    from .students.base_models import TOKENIZER_FILE, sha256_of
    from .students.batching import batches_by_length, padded
    from .students.encoder_spec import EncoderSpec, load_encoder_spec, resolve_encoder_spec
    from .students.encoders import locate_encoder
    from .students.head import Head
    from .students.network import (
        EncoderNetwork,
        StudentNetwork,
        hidden_size_of,
        load_backbone,
        load_encoder,
        pool,
        prefix_of,
    )
    from .students.scope import Scope
    from .students.student import Student, check_length, check_student_files
    from .students.tokens import HeadTailTokenizer
    from .summary import kind_of_reason
    from .textbook import TEXTBOOK_FILE, Textbook, failures, find_textbook, run_checks, shares

_HOMES = {
    "cache": ("VECTORS", "cache_folder", "mark_used", "writing"),
    "calibration.intervals": ("HalfWidths", "Interval"),
    "calibration.maps": ("Breakpoints", "Calibration"),
    "calibration.origin": ("CalibrationOrigin",),
    "calibration.probabilities": ("BetaCurve",),
    "cli.lazy": ("FAILED", "OK"),
    "cli.output": ("format_option", "print_json", "print_table"),
    "cli.probe_lines": ("probe_lines",),
    "config": (
        "ADAPTER_CONFIG_FILE",
        "ADAPTER_FILE",
        "BaseModelConfig",
        "CALIBRATION_FILE",
        "CONFIG_FILE",
        "ENCODER_FILE",
        "EVALUATION_FILE",
        "EncoderConfig",
        "GuaranteeConfig",
        "PROBE_FILE",
        "PROBE_RECORD_FILE",
        "PreprocessingConfig",
        "ProbeConfig",
        "SCOPE_FILE",
        "StageCostsConfig",
        "TierConfig",
        "TrainingConfig",
        "operating_points_fault",
    ),
    "config.scale": ("AVERAGE", "HIGHEST", "LOWEST"),
    "files": ("replacing",),
    "golden": ("GOLDEN_FILE", "read_golden"),
    "io": ("ArticleReader", "Line", "read_records"),
    "io.sources": ("STANDARD_INPUT",),
    "loading": ("HYBRID", "locate_filter"),
    "plugins.host": ("host_plugins",),
    "scoring.cleaning": ("clean",),
    "scoring.contracts": ("Embedder",),
    "scoring.postfilter": ("Outcome", "Postfilter"),
    "scoring.prefilter": ("PASSED", "Phrase", "Prefilter", "Verdict", "words_of"),
    "scoring.score": ("STAGE_1", "STAGE_2"),
    "stage1.embedder": ("EmbedderConfig", "StaticEmbedder"),
    "stage1.probe": ("Probe", "ProbeRecord", "probe_settings"),
    "students.adapter": ("Adapter",),
    "students.backends.contract": ("AUTO", "CHOICES", "FLOAT32", "TORCH"),
    "students.backends.precision": ("cpu_has_bfloat16",),
    "students.backends.torch_backend": ("TorchBackend",),
    "students.base_models": ("TOKENIZER_FILE", "sha256_of"),
    "students.batching": ("batches_by_length", "padded"),
    "students.encoder_spec": ("EncoderSpec", "load_encoder_spec", "resolve_encoder_spec"),
    "students.encoders": ("locate_encoder",),
    "students.head": ("Head",),
    "students.network": (
        "EncoderNetwork",
        "StudentNetwork",
        "hidden_size_of",
        "load_backbone",
        "load_encoder",
        "pool",
        "prefix_of",
    ),
    "students.scope": ("Scope",),
    "students.student": ("Student", "check_length", "check_student_files"),
    "students.tokens": ("HeadTailTokenizer",),
    "summary": ("kind_of_reason",),
    "textbook": ("TEXTBOOK_FILE", "Textbook", "failures", "find_textbook", "run_checks", "shares"),
}

__all__ = [
    "ADAPTER_CONFIG_FILE",
    "ADAPTER_FILE",
    "AUTO",
    "AVERAGE",
    "CALIBRATION_FILE",
    "CHOICES",
    "CONFIG_FILE",
    "ENCODER_FILE",
    "EVALUATION_FILE",
    "FAILED",
    "FLOAT32",
    "GOLDEN_FILE",
    "HIGHEST",
    "HYBRID",
    "LOWEST",
    "OK",
    "PASSED",
    "PROBE_FILE",
    "PROBE_RECORD_FILE",
    "SCOPE_FILE",
    "STAGE_1",
    "STAGE_2",
    "STANDARD_INPUT",
    "TEXTBOOK_FILE",
    "TOKENIZER_FILE",
    "TORCH",
    "VECTORS",
    "Adapter",
    "ArticleReader",
    "BaseModelConfig",
    "BetaCurve",
    "Breakpoints",
    "Calibration",
    "CalibrationOrigin",
    "Embedder",
    "EmbedderConfig",
    "EncoderConfig",
    "EncoderNetwork",
    "EncoderSpec",
    "GuaranteeConfig",
    "HalfWidths",
    "Head",
    "HeadTailTokenizer",
    "Interval",
    "Line",
    "Outcome",
    "Phrase",
    "Postfilter",
    "Prefilter",
    "PreprocessingConfig",
    "Probe",
    "ProbeConfig",
    "ProbeRecord",
    "Scope",
    "StageCostsConfig",
    "StaticEmbedder",
    "Student",
    "StudentNetwork",
    "Textbook",
    "TierConfig",
    "TorchBackend",
    "TrainingConfig",
    "Verdict",
    "batches_by_length",
    "cache_folder",
    "check_length",
    "check_student_files",
    "clean",
    "cpu_has_bfloat16",
    "failures",
    "find_textbook",
    "format_option",
    "hidden_size_of",
    "host_plugins",
    "kind_of_reason",
    "load_backbone",
    "load_encoder",
    "load_encoder_spec",
    "locate_encoder",
    "locate_filter",
    "mark_used",
    "operating_points_fault",
    "padded",
    "pool",
    "prefix_of",
    "print_json",
    "print_table",
    "probe_lines",
    "probe_settings",
    "read_golden",
    "read_records",
    "replacing",
    "resolve_encoder_spec",
    "run_checks",
    "sha256_of",
    "shares",
    "words_of",
    "writing",
]

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'distillery.toolkit' has no attribute '{name}'")
    return getattr(importlib.import_module(f".{_HOME_OF[name]}", __package__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
