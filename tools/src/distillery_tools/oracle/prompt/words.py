"""Words, counted alike in every script."""

from __future__ import annotations

import re

# Scripts without spaces, by how many characters make a word's worth of meaning (and at least one token of
# multilingual-e5): two of Chinese and Japanese, six of Thai, Lao, Burmese and Khmer. A longer run than any word,
# such as a web address, counts as several.
_HAN = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_THAI = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
WORD = re.compile(rf"[{_HAN}]{{1,2}}|[{_THAI}]{{1,6}}|[^\s{_HAN}{_THAI}]{{1,20}}")


def count_words(text: str) -> int:
    """Return the number of words in a text."""
    return sum(1 for _ in WORD.finditer(text))
