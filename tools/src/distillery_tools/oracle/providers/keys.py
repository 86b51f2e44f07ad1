"""Keys: from the environment alone."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..failures import HardStopError
from .contract import ProviderSettings

NO_KEY = "none"


def api_key(settings: ProviderSettings, usual: Sequence[str], base_url: str | None) -> str:
    """Return the key from the first variable that has one; an endpoint at a URL of its own may need none.

    Raises HardStopError naming the variables.
    """
    names = [settings.key_variable] if settings.key_variable else list(usual)
    for name in names:
        if key := os.environ.get(name):
            return key
    if base_url and not settings.key_variable:
        return NO_KEY
    raise HardStopError(f"No key: set the environment variable {' or '.join(names)}.")
