"""Articles that changed their tier, or of which only one version has a score."""

from __future__ import annotations

from typing import Any

from .pairs import Pairs
from .results import Side

Flip = dict[str, Any]


def tier_flips(pairs: Pairs) -> dict[str, list[Flip]]:
    """Return the articles whose tier rose (``up``) and fell (``down``), the largest shift of the average first."""
    old_floors, new_floors = _floors(pairs.old), _floors(pairs.new)
    found: dict[str, list[Flip]] = {"up": [], "down": []}
    for key, (old, new) in pairs.scored.items():
        if old.tier == new.tier:
            continue
        # By the tiers' floors, which may have moved themselves; renamed tiers by the average.
        rise = new_floors[new.tier] - old_floors[old.tier] or new.average - old.average
        flip = {"id": key, "old": old.tier, "new": new.tier, "old_average": old.average, "new_average": new.average}
        found["up" if rise > 0 else "down"].append(flip)
    return {way: sorted(flips, key=_shift, reverse=True) for way, flips in found.items()}


def outcome_changes(pairs: Pairs) -> list[Flip]:
    """Return the articles that are scored, set aside or failed by one version, and not in that way by the other."""
    return [
        {"id": key, "old": old.outcome, "new": new.outcome}
        for key, (old, new) in pairs.both.items()
        if old.outcome != new.outcome
    ]


def _floors(side: Side) -> dict[str, float]:
    """Return where each tier begins; a file of scores shows its lowest average."""
    if side.config is not None:
        return {tier.name: tier.at_least for tier in side.config.tiers}
    floors: dict[str, float] = {}
    for result in side.results.values():
        if result.is_scored:
            floors[result.tier] = min(result.average, floors.get(result.tier, result.average))
    return floors


def _shift(flip: Flip) -> float:
    return abs(float(flip["new_average"]) - float(flip["old_average"]))
