"""Keys: read from the environment alone, and kept out of everything that is written or shown."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from ..errors import HardStopError
from .contract import ProviderSettings

NO_KEY = "none"
REDACTED = "[key]"
# Shorter values are not secrets; replacing them would destroy ordinary text.
SHORTEST_SECRET = 8

_KEY_NAMES = re.compile(r"API_(KEY|TOKEN)$")
_PROXY_NAMES = re.compile(r"_PROXY$", re.IGNORECASE)


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


class Redactor:
    """Replaces secrets in text: servers repeat the key in their errors, whole, in part, or encoded."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Take the secrets; those shorter than eight characters are left out."""
        spellings = {spelling for secret in secrets for spelling in (secret, quote(secret, safe=""))}
        known = sorted((s for s in spellings if len(s) >= SHORTEST_SECRET), key=len, reverse=True)
        # A beginning of eight characters is enough: servers cut keys, and put stars in their middle.
        patterns = [rf"{re.escape(secret[:SHORTEST_SECRET])}[^\s\"'<>,;(){{}}\[\]]*" for secret in known]
        self._pattern = re.compile("|".join([*map(re.escape, known), *patterns])) if known else None

    @classmethod
    def of(cls, settings: ProviderSettings) -> Redactor:
        """Return what hides the keys of the environment, and passwords in the URLs of the endpoint and of proxies."""
        keys = [
            value.strip()
            for name, value in os.environ.items()
            if name == settings.key_variable or _KEY_NAMES.search(name)
        ]
        proxies = [value for name, value in os.environ.items() if _PROXY_NAMES.search(name)]
        return cls([*keys, *(secret for url in (settings.base_url, *proxies) for secret in secrets_in(url or ""))])

    @classmethod
    def of_url(cls, url: str | None) -> Redactor:
        """Return what hides the password and the query of a URL."""
        return cls(secrets_in(url or ""))

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        return self._pattern.sub(REDACTED, text) if self._pattern else text


def secrets_in(url: str) -> list[str]:
    """Return the password and the query of a URL, which may hold a key."""
    try:
        parts = urlsplit(url)
        return [secret for secret in (parts.password, parts.query) if secret]
    except ValueError:
        return []
