"""Articles that we invented: ordinary ones of several lengths and languages, and awkward ones."""

from __future__ import annotations

from typing import Any

_BRIDGE = (
    "The footbridge at Ostrand opened on Monday after nine years of planning. The county measured 4,100 crossings "
    "in its first week, twice what the engineers had counted on, and the ferry stays for those with carts. "
)

PLAIN: tuple[dict[str, Any], ...] = (
    {"id": "line", "title": "Rain", "content": "It rained in Ostrand."},
    {"id": "paragraph", "title": "A bridge for Ostrand", "content": _BRIDGE},
    {"id": "page", "title": "What a bridge does to a town", "content": _BRIDGE * 12},
    {"id": "pages", "title": "A bridge, told at length", "content": _BRIDGE * 60},
    {
        "id": "dutch",
        "title": "Een brug voor Ostrand",
        "content": "Maandag ging de loopbrug open. In de eerste week telde de provincie 4.100 voetgangers. " * 3,
    },
    {
        "id": "greek",
        "title": "Μια γέφυρα για το Όστραντ",  # noqa: RUF001
        "content": "Η πεζογέφυρα άνοιξε τη Δευτέρα και ο δήμος μέτρησε 4.100 διαβάτες την πρώτη εβδομάδα. " * 3,  # noqa: RUF001
    },
)

AWKWARD: dict[str, dict[str, Any]] = {
    "empty": {"id": "empty", "title": "", "content": ""},
    "only whitespace": {"id": "only whitespace", "title": "Rain", "content": " \t\r\n\u00a0\u2003\n"},
    "one megabyte": {"id": "one megabyte", "title": "Rain", "content": _BRIDGE * (2**20 // len(_BRIDGE) + 1)},
    "one word of a megabyte": {"id": "one word of a megabyte", "title": "Rain", "content": "a" * 2**20},
    "emoji": {"id": "emoji", "title": "🎉👩‍👩‍👧‍👦", "content": "🌉🇳🇱👍🏽 " * 200},
    "NUL": {"id": "NUL", "title": "Ra\x00in", "content": f"\x00{_BRIDGE}\x00\x00"},
    "right to left": {
        "id": "right to left",
        "title": "جسر جديد في \u202eأوستراند\u202c",  # noqa: RUF001
        "content": "افتتح جسر المشاة يوم الاثنين. גשר חדש נפתח ביום שני. " * 5,
    },
    "markup": {"id": "markup", "title": "<b>Rain</b>", "content": "<p>&lt;" * 500},
    "no content": {"id": "no content", "title": "Rain"},
    "a number for a title": {"id": "a number for a title", "title": 7, "content": _BRIDGE},
}
