"""Which share of the checks passes, by kind, language and length, and which fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .cases import KINDS, LANGUAGES
from .checks import Check

# Up to this many words of content; the feeds' snippets are short, and a long text is longer than a student reads.
_LENGTHS = {"short, up to 60 words": 60, "medium, up to 150 words": 150}
_LONG = "long, over 150 words"


def shares(checks: Sequence[Check]) -> dict[str, Any]:
    """Return number of checks and number passed, by kind, language and length, and the failures, for JSON."""
    return {
        "kinds": _counts(checks, lambda check: check.kind, KINDS),
        "languages": _counts(checks, lambda check: check.language, LANGUAGES),
        "lengths": _counts(checks, length_of, (*_LENGTHS, _LONG)),
        "failures": failures(checks),
    }


def failures(checks: Iterable[Check]) -> dict[str, float]:
    """Return the checks that fail by their names, each with the student's figure."""
    return {check.name: check.figure for check in checks if not check.passed}


def length_of(check: Check) -> str:
    """Return the class of a check's text by its number of words."""
    return next((name for name, most in _LENGTHS.items() if check.n_words <= most), _LONG)


def _counts(
    checks: Sequence[Check], group_of: Callable[[Check], str], groups: Iterable[str]
) -> dict[str, dict[str, int]]:
    counts = {}
    for group in groups:
        members = [check for check in checks if group_of(check) == group]
        if members:
            counts[group] = {"n": len(members), "passed": sum(check.passed for check in members)}
    return counts
