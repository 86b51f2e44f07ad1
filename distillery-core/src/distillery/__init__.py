"""distillery: filters that score articles as an expensive LLM would, offline and in milliseconds.

    import distillery

    scorer = distillery.load_filter("uplifting")
    score = scorer.score({"title": "...", "content": "..."})

Names are resolved when they are first used, so importing distillery costs next to nothing.
"""

from __future__ import annotations

import importlib
import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import FilterConfig
    from .errors import (
        AdapterError,
        ArticleError,
        ArticleTypeError,
        BackendError,
        BaseModelNotFoundError,
        CacheError,
        CalibrationError,
        ConfigError,
        DistilleryError,
        DuplicateFilterError,
        EncoderNotFoundError,
        FilterContractError,
        FilterError,
        FilterImportError,
        FilterNotFoundError,
        FilterVersionError,
        ForkedProcessError,
        InputFileError,
        ModelError,
        OperatingPointError,
        OutputFileError,
        PluginError,
        ProbeError,
        ScoringError,
        StudentNotFoundError,
        WeightsError,
    )
    from .loading import load_config, load_filter, load_filters
    from .plugins.filters import list_filters
    from .plugins.hookspecs import hookimpl
    from .results.frames import to_arrow, to_frame
    from .scoring.article import Article
    from .scoring.gate import FilterGate
    from .scoring.panel import FilterPanel
    from .scoring.score import Provenance, Score
    from .scoring.scorer import FilterBaseScorer
    from .scoring.stream import BatchMetrics

    __version__: str

_HOMES = {
    "Article": "scoring.article",
    "BatchMetrics": "scoring.stream",
    "FilterBaseScorer": "scoring.scorer",
    "FilterConfig": "config",
    "FilterGate": "scoring.gate",
    "FilterPanel": "scoring.panel",
    "Provenance": "scoring.score",
    "Score": "scoring.score",
    "hookimpl": "plugins",
    "list_filters": "plugins.filters",
    "load_config": "loading",
    "load_filter": "loading",
    "load_filters": "loading",
    "to_arrow": "results.frames",
    "to_frame": "results.frames",
}

__all__ = [
    "AdapterError",
    "Article",
    "ArticleError",
    "ArticleTypeError",
    "BackendError",
    "BaseModelNotFoundError",
    "BatchMetrics",
    "CacheError",
    "CalibrationError",
    "ConfigError",
    "DistilleryError",
    "DuplicateFilterError",
    "EncoderNotFoundError",
    "FilterBaseScorer",
    "FilterConfig",
    "FilterContractError",
    "FilterError",
    "FilterGate",
    "FilterImportError",
    "FilterNotFoundError",
    "FilterPanel",
    "FilterVersionError",
    "ForkedProcessError",
    "InputFileError",
    "ModelError",
    "OperatingPointError",
    "OutputFileError",
    "PluginError",
    "ProbeError",
    "Provenance",
    "Score",
    "ScoringError",
    "StudentNotFoundError",
    "WeightsError",
    "hookimpl",
    "list_filters",
    "load_config",
    "load_filter",
    "load_filters",
    "to_arrow",
    "to_frame",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())
# Read when huggingface_hub is imported.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from .plugins.manager import core_version

        return core_version()
    if name not in __all__:
        raise AttributeError(f"module 'distillery' has no attribute '{name}'")
    return getattr(importlib.import_module(f".{_HOMES.get(name, 'errors')}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
