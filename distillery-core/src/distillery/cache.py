"""Where distillery keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "DISTILLERY_CACHE"


def cache_folder() -> Path:
    """Return ``DISTILLERY_CACHE`` or the user's own cache folder; it need not exist."""
    if configured := os.environ.get(CACHE_VARIABLE):
        return Path(configured)
    from platformdirs import user_cache_path

    return user_cache_path("distillery", appauthor=False)
