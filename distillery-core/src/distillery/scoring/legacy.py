"""What consumers of the legacy format read of a scorer: its constants. The keys of a score are in `Score.to_dict`.

Why: docs/decisions/legacy-formats.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config import FilterConfig
    from ..students.student import Student


class LegacyConstants:
    """The upper-case constants of a scorer that legacy consumers read; they restate the config."""

    config: FilterConfig
    student: Student

    @property
    def FILTER_NAME(self) -> str:  # noqa: N802
        """The filter's name."""
        return self.config.name

    @property
    def FILTER_VERSION(self) -> str:  # noqa: N802
        """The filter's full version."""
        return self.config.version

    @property
    def DIMENSION_NAMES(self) -> list[str]:  # noqa: N802
        """The dimensions in the order of the student's outputs."""
        return self.config.dimension_names

    @property
    def DIMENSION_WEIGHTS(self) -> dict[str, float]:  # noqa: N802
        """The weight of each dimension."""
        return dict(zip(self.config.dimension_names, self.config.weights, strict=True))

    @property
    def TIER_THRESHOLDS(self) -> list[tuple[str, float, str]]:  # noqa: N802
        """Name, lowest average and description of each tier, highest first."""
        return [(tier.name, tier.at_least, tier.description) for tier in self.config.tiers]

    @property
    def GATEKEEPER_DIMENSION(self) -> str | None:  # noqa: N802
        """The dimension of the first gatekeeper, or None."""
        return self.config.gatekeepers[0].dimension if self.config.gatekeepers else None

    @property
    def GATEKEEPER_MIN(self) -> float | None:  # noqa: N802
        """The score below which the first gatekeeper applies, or None."""
        return self.config.gatekeepers[0].below if self.config.gatekeepers else None

    @property
    def GATEKEEPER_CAP(self) -> float | None:  # noqa: N802
        """The cap of the first gatekeeper, or None."""
        return self.config.gatekeepers[0].cap if self.config.gatekeepers else None

    @property
    def MAX_TOKEN_LENGTH(self) -> int:  # noqa: N802
        """The most tokens of an article that the student reads, special ones counted."""
        return self.student.tokenizer.max_length
