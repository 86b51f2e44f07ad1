"""The machine and the libraries that a benchmark ran on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("distillery-core", "torch", "openvino", "transformers", "peft")
CPU_INFO = Path("/proc/cpuinfo")


def machine() -> dict[str, Any]:
    """Return processor, cores, operating system and versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _processor() -> str:
    if not CPU_INFO.exists():
        return platform.processor() or platform.machine()
    lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
