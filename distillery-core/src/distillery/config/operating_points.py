"""Operating points: thresholds of the weighted average from which articles count as positives, and what each finds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .section import Points, Section, Sha256, Share

# A share with the ends of its bootstrap 95 % interval.
Figure = tuple[Share, Share, Share]


class OperatingPointConfig(Section):
    """A threshold, and precision, recall and F1 of the validation articles at it: value, low, high."""

    threshold: Points
    precision: Figure
    recall: Figure
    f1: Figure


class OperatingPointsConfig(Section):
    """A filter's operating points by name, and what they were chosen on.

    ``missing`` says by name why there is no such point. ``positive_from``, ``weights_sha256`` and ``calibration`` are
    those of the student at the time: with others, the thresholds mean nothing and are refused.
    """

    positive_from: Points
    n_articles: Annotated[int, Field(ge=1)]
    n_positives: Annotated[int, Field(ge=0)]
    weights_sha256: Sha256
    calibration: str
    points: dict[str, OperatingPointConfig] = Field(default_factory=dict)
    missing: dict[str, str] = Field(default_factory=dict)
