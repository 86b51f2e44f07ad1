"""SeenTexts: tells whether a text is nearly one that came before."""

from __future__ import annotations

from typing import Final

from ..data.near_duplicates import NEIGHBOURS, SHARED, Shingles, shared_part, shingles_of

# Of a long text only every fourth shingle is looked up: of two texts that share two thirds, many remain.
SAMPLED: Final = 4
SHORT: Final = 64


class SeenTexts:
    """Near-duplicates as `distillery_tools.data.near_duplicates` tells them, but one text at a time.

    Memory grows with the texts that were added, not with those that were asked about.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._texts: list[tuple[str, Shingles]] = []
        self._holders: dict[int, list[int]] = {}

    def add(self, text: str, label: str) -> None:
        """Remember a text, and what to call its near-duplicates."""
        shingles = shingles_of(text)
        place = len(self._texts)
        self._texts.append((label, shingles))
        kept = shingles if len(shingles) <= SHORT else shingles[shingles % SAMPLED == 0]
        for shingle in kept.tolist():
            holders = self._holders.setdefault(shingle, [])
            if len(holders) < NEIGHBOURS:
                holders.append(place)

    def near(self, text: str) -> str | None:
        """Return the label of a text that tells the same story in mostly the same words, or None."""
        shingles = shingles_of(text)
        places = {place for shingle in shingles.tolist() for place in self._holders.get(shingle, ())}
        for place in sorted(places):
            label, other = self._texts[place]
            if shared_part(shingles, other) >= SHARED:
                return label
        return None
