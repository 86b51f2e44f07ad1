"""What all tests share: no Hub, few threads, the same examples in every run, and a cache of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Read when the libraries are imported: no test asks the Hub, and tiny matrices need no threads.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No example depends on the clock, on chance or on what a former run left.
settings.register_profile("distillery", deadline=None, max_examples=60, derandomize=True, database=None)
settings.load_profile("distillery")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their number: compressed ones hold the time, and all processes must name a test alike."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(autouse=True, scope="session")
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep converted networks of all tests away from the user's own cache; processes side by side share one."""
    session = tmp_path_factory.getbasetemp()
    folder = (session.parent if "PYTEST_XDIST_WORKER" in os.environ else session) / "cache"
    os.environ["DISTILLERY_CACHE"] = str(folder)
    return folder
