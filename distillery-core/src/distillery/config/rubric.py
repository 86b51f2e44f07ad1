"""What a filter measures: dimensions, tiers and gatekeepers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .section import DIMENSION_PATTERN, Points, Section


class DimensionConfig(Section):
    """One scored aspect: its weight in the average and what its scale means."""

    name: Annotated[str, Field(pattern=DIMENSION_PATTERN)]
    weight: Annotated[float, Field(ge=0.0, le=1.0)]
    description: str
    anchors: dict[str, str] = Field(default_factory=dict)


class TierConfig(Section):
    """A named band of the weighted average, from ``at_least`` upwards."""

    name: str
    at_least: Points
    description: str


class GatekeeperConfig(Section):
    """A cap on the weighted average while the score of one dimension is below a floor."""

    dimension: str
    below: Points
    cap: Points
    reason: str
