"""OpenVINO, imported without its telemetry, which would write an id into HOME and ask an analytics host."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_TELEMETRY = "openvino_telemetry"


def _import_without_telemetry() -> Any:
    """Import OpenVINO as if its telemetry package were not installed; it then uses a stub of its own."""
    before = sys.modules.get(_TELEMETRY)
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # so an import of it fails
    try:
        import openvino as module
    finally:
        if before is None:
            del sys.modules[_TELEMETRY]
        else:
            sys.modules[_TELEMETRY] = before
    return module


@contextmanager
def without_telemetry() -> Iterator[None]:
    """Convert without telemetry, even if another part of the program imported OpenVINO before with it."""
    from openvino.tools.ovc import convert_impl, telemetry_stub, telemetry_utils

    modules: tuple[Any, ...] = (convert_impl, telemetry_utils)
    before = [module.tm for module in modules]
    try:
        for module in modules:
            module.tm = telemetry_stub
        yield
    finally:
        for module, telemetry in zip(modules, before, strict=True):
            module.tm = telemetry


@contextmanager
def with_logging_unchanged() -> Iterator[None]:
    """Restore the root logger: the converter sets its level to ERROR and adds a filter and a handler."""
    root = logging.getLogger()
    level, filters, handlers = root.level, root.filters[:], root.handlers[:]
    try:
        yield
    finally:
        root.setLevel(level)
        root.filters[:] = filters
        root.handlers[:] = handlers


openvino = _import_without_telemetry()
