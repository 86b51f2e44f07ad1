"""SeenTexts: finds near-duplicates of texts seen before."""

from __future__ import annotations

from typing import Final

from ..data.near_duplicates import NEIGHBOURS, SHARED, Shingles, shared_part, shingles_of

# Of a long text about every fourth shingle is indexed: two texts that share two thirds still meet many times.
SAMPLED: Final = 4
SHORT: Final = 64


class SeenTexts:
    """Near-duplicates as in `distillery_tools.data.near_duplicates`, but one text at a time.

    Memory grows with the texts added, not with the texts looked up.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._texts: list[tuple[str, Shingles]] = []
        self._holders: dict[int, list[int]] = {}

    def add(self, text: str, label: str) -> None:
        """Add a text, and the label for its near-duplicates."""
        shingles = shingles_of(text)
        place = len(self._texts)
        self._texts.append((label, shingles))
        kept = shingles if len(shingles) <= SHORT else shingles[shingles % SAMPLED == 0]
        for shingle in kept.tolist():
            holders = self._holders.setdefault(shingle, [])
            if len(holders) < NEIGHBOURS:
                holders.append(place)

    def near(self, text: str) -> str | None:
        """Return the label of the first near-duplicate, or None."""
        shingles = shingles_of(text)
        places = {place for shingle in shingles.tolist() for place in self._holders.get(shingle, ())}
        for place in sorted(places):
            label, other = self._texts[place]
            if shared_part(shingles, other) >= SHARED:
                return label
        return None
