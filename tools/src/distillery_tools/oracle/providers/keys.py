"""Keys: from the environment alone."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..failures import HardStopError
from .contract import ProviderSettings

NO_KEY = "none"


def api_key(settings: ProviderSettings, usual: Sequence[str], base_url: str | None) -> str:
    """Return the key from the first variable that has one; an endpoint at a URL of its own may need none.

    Raises HardStopError naming the variables, or the one whose key no header can hold: the client's own error would
    show the key.
    """
    names = [settings.key_variable] if settings.key_variable else list(usual)
    for name in names:
        if key := os.environ.get(name, "").strip():
            if not (key.isascii() and key.isprintable()):
                raise HardStopError(f"The key in {name} holds characters that no key has; set it again.")
            return key
    if base_url and not settings.key_variable:
        return NO_KEY
    raise HardStopError(f"No key: set the environment variable {' or '.join(names)}.")
