"""FilterConfig: a filter's config.yaml, validated, with every fault reported at once."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError, field_validator

from ..errors import ConfigError, OperatingPointError, StudentNotFoundError
from ..names import normalise
from .file_names import CONFIG_FILE
from .operating_points import OperatingPointConfig, OperatingPointsConfig
from .prefilter import PrefilterConfig
from .probe import ProbeConfig
from .rubric import DimensionConfig, GatekeeperConfig, TierConfig
from .scale import AVERAGE, INTERVAL_ENDS
from .section import HIGHEST_POINTS, NAME_PATTERN, PackageVersion, Points, Section, VersionRange, faults_in_words
from .student import StudentConfig
from .yaml_file import read_yaml

WEIGHT_SUM_TOLERANCE = 1e-9

T = TypeVar("T")


class TrainingConfig(Section):
    """How the filter's students are trained, where the tools' defaults do not suit it.

    ``snippet_characters``: also learn from each article cut to its title and so many first characters, as feeds
    deliver them; only where the beginning of a text has the same label as the whole.
    """

    snippet_characters: Annotated[int, Field(ge=0)] = 0


class LimitConfig(Section):
    """A kind of article that the oracle scores at most ``at_most``, on some dimensions or, without any, on all."""

    what: str
    at_most: Points
    dimensions: list[str] = Field(default_factory=list)


class ExampleConfig(Section):
    """A kind of article with its scores, in the order of the dimensions, and why they are so."""

    article: str
    scores: list[Points]
    why: str


class OracleConfig(Section):
    """The prompt that made the labels, and what it says beside the dimensions, where it is made from the config.

    ``on_topic``: what an article must be about to score above 0.
    """

    prompt: str
    on_topic: str | None = None
    limits: list[LimitConfig] = Field(default_factory=list)
    examples: list[ExampleConfig] = Field(default_factory=list)


class FilterConfig(Section):
    """Everything that is true of one version of one filter.

    ``stated_positive_from`` is what the file says under ``positive_from``; read the property of that name.
    ``experimental``: why its scores cannot be relied on yet, for a filter that is to be tried and not depended on.
    """

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    version: PackageVersion
    requires_core: VersionRange
    summary: str
    experimental: str | None = None
    dimensions: Annotated[list[DimensionConfig], Field(min_length=1)]
    tiers: Annotated[list[TierConfig], Field(min_length=1)]
    stated_positive_from: Annotated[Points | None, Field(alias="positive_from")] = None
    gatekeepers: list[GatekeeperConfig] = Field(default_factory=list)
    prefilter: PrefilterConfig = PrefilterConfig()
    students: Annotated[dict[str, StudentConfig], Field(min_length=1)]
    default_student: str
    probe: ProbeConfig | None = None
    operating_points: OperatingPointsConfig | None = None
    oracle: OracleConfig
    training: TrainingConfig = TrainingConfig()

    @classmethod
    def load(cls, folder: Path) -> FilterConfig:
        """Read ``folder/config.yaml``; raise ConfigError with every fault found."""
        path = folder / CONFIG_FILE
        return cls.parse(read_yaml(path), source=str(path))

    @classmethod
    def parse(cls, data: Any, source: str = CONFIG_FILE) -> FilterConfig:
        """Validate what a config.yaml holds; raise ConfigError with every fault found."""
        dangling = _dangling(data)
        try:
            config = cls.model_validate(data)
        except ValidationError as error:
            raise ConfigError(faults_in_words(error, dangling, source)) from error
        if dangling:
            raise ConfigError(faults_in_words(None, dangling, source))
        return config

    @property
    def dimension_names(self) -> list[str]:
        """The dimensions in the order of the student's outputs."""
        return [dimension.name for dimension in self.dimensions]

    @property
    def weights(self) -> list[float]:
        """The weight of each dimension, in the same order."""
        return [dimension.weight for dimension in self.dimensions]

    @property
    def positive_from(self) -> float:
        """The weighted average from which an article is a positive: as stated, or where the second-lowest tier starts.

        Measures, sampling and guarantees count positives by the oracle's average. A filter with a single tier has none
        to start from; its positives begin at the middle of the scale.
        """
        if self.stated_positive_from is not None:
            return self.stated_positive_from
        return self.tiers[-2].at_least if len(self.tiers) > 1 else HIGHEST_POINTS / 2

    @property
    def probe_ceiling(self) -> float:
        """The highest threshold that a probe may have: the lowest cap, or the lowest tier above the last."""
        return _probe_ceiling([gate.cap for gate in self.gatekeepers], [tier.at_least for tier in self.tiers])

    def student(self, name: str | None = None) -> StudentConfig:
        """Return a student by name, or the default one; raise ConfigError listing what exists."""
        expected = name or self.default_student
        if expected not in self.students:
            known = ", ".join(self.students)
            raise StudentNotFoundError(f"{self.name} {self.version} has no student '{expected}'. It has: {known}")
        return self.students[expected]

    def operating_point(self, name: str) -> OperatingPointConfig:
        """Return an operating point by name; raise OperatingPointError listing what exists, or why there are none."""
        stated = self.operating_points
        if stated is not None and name in stated.points:
            return stated.points[name]
        title = f"{self.name} {self.version}"
        if stated is None:
            fault = f"{title} has no operating points.  Choose them: distillery calibrate FOLDER --data DATA"
        elif name in stated.missing:
            fault = f"{title} has no operating point '{name}': {stated.missing[name]}"
        else:
            fault = f"{title} has no operating point '{name}'."
        known = ", ".join(stated.points) if stated else ""
        raise OperatingPointError(fault + (f"  There are: {known}" if known else ""))

    @field_validator("dimensions")
    @classmethod
    def _dimensions_are_sound(cls, value: list[DimensionConfig]) -> list[DimensionConfig]:
        names = [dimension.name for dimension in value]
        faults = [*_repeats("dimension", names), *_reserved(names)]
        total = sum(dimension.weight for dimension in value)
        if abs(total - 1.0) > WEIGHT_SUM_TOLERANCE:
            faults.append(f"the weights sum to {total:.10g}, not to 1")
        return _unless(faults, value)

    @field_validator("tiers")
    @classmethod
    def _tiers_descend_to_zero(cls, value: list[TierConfig]) -> list[TierConfig]:
        faults = _repeats("tier", [tier.name for tier in value])
        floors = [tier.at_least for tier in value]
        if any(upper <= lower for upper, lower in pairwise(floors)):
            faults.append(f"at_least must fall from tier to tier, but is {floors}")
        elif floors[-1] != 0.0:
            faults.append(f"the last tier must start at 0.0, not at {floors[-1]}")
        return _unless(faults, value)

    @property
    def normalised_name(self) -> str:
        """The name as pip normalises it, which is how filters are looked up."""
        return normalise(self.name)


def _repeats(kind: str, names: list[str]) -> list[str]:
    repeated = sorted({name for name in names if names.count(name) > 1})
    return [f"{kind} named more than once: {', '.join(repeated)}"] if repeated else []


def _reserved(names: list[str]) -> list[str]:
    """Return the dimensions that results already use for something else."""
    ends = {f"{name}{end}": name for name in names for end in INTERVAL_ENDS}
    faults = [f"'{AVERAGE}' cannot be a dimension: results use that name for the average"] if AVERAGE in names else []
    return faults + [
        f"'{name}' cannot be a dimension beside '{ends[name]}': tables use that name for its interval"
        for name in names
        if name in ends
    ]


def _unless(faults: list[str], value: list[T]) -> list[T]:
    if faults:
        raise ValueError("; ".join(faults))
    return value


def _dangling(data: Any) -> list[str]:
    """Return the faults that lie between two sections, which pydantic reports only if there are no others."""
    try:
        dimensions = [dimension["name"] for dimension in data["dimensions"]]
        faults = [
            f"gatekeepers.{n}.dimension: '{gate['dimension']}' is not a dimension; there are: {', '.join(dimensions)}"
            for n, gate in enumerate(data.get("gatekeepers") or [])
            if dimensions and gate["dimension"] not in dimensions
        ]
        if data["students"] and data["default_student"] not in data["students"]:
            known = ", ".join(data["students"])
            faults.append(f"default_student: '{data['default_student']}' is not a student; there are: {known}")
        faults += _oracle_faults(data, dimensions)
        faults += _probe_faults(data)
    except (AttributeError, KeyError, TypeError):
        return []  # what is missing or of a wrong kind is a fault that pydantic reports
    return faults


def _oracle_faults(data: Any, dimensions: list[str]) -> list[str]:
    """Return which limits name an unknown dimension, and which examples have too few or too many scores."""
    limits, examples = (data["oracle"].get(key) or [] for key in ("limits", "examples"))
    return [
        f"oracle.limits.{n}.dimensions: '{name}' is not a dimension; there are: {', '.join(dimensions)}"
        for n, limit in enumerate(limits)
        for name in limit.get("dimensions") or []
        if dimensions and name not in dimensions
    ] + [
        f"oracle.examples.{n}.scores: {len(example['scores'])} for {len(dimensions)} dimensions; give one for each"
        for n, example in enumerate(examples)
        if dimensions and len(example["scores"]) != len(dimensions)
    ]


def _probe_faults(data: Any) -> list[str]:
    """Return whether Stage 1 could give a tier above the last, or skip an article because of a gatekeeper's cap."""
    threshold = (data.get("probe") or {}).get("threshold")
    caps = [gate["cap"] for gate in data.get("gatekeepers") or []]
    ceiling = _probe_ceiling(caps, [tier["at_least"] for tier in data["tiers"]])
    if threshold is None or threshold <= ceiling:
        return []
    return [f"probe.threshold: {threshold:g} is above {ceiling:g}, the lowest cap or tier above the last"]


def _probe_ceiling(caps: list[float], floors: list[float]) -> float:
    return min([HIGHEST_POINTS, *caps, *floors[:-1]])
