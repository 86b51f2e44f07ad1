"""FilterConfig: a filter's config.yaml, validated, with every fault reported at once."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from .errors import ConfigError, StudentNotFoundError
from .names import normalise

CONFIG_FILE = "config.yaml"
ENCODER_FILE = "encoder.yaml"
EVALUATION_FILE = "evaluation.json"
WEIGHT_SUM_TOLERANCE = 1e-9
HIGHEST_POINTS = 10.0
NAME_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"

PROBE_FILE = "probe.safetensors"
PROBE_RECORD_FILE = "probe.json"

# The files of an adapter folder, named as PEFT names them.
ADAPTER_FILE = "adapter_model.safetensors"
ADAPTER_CONFIG_FILE = "adapter_config.json"

Pooling = Literal["mean", "first", "last", "pooler"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
T = TypeVar("T")
Points = Annotated[float, Field(ge=0.0, le=HIGHEST_POINTS)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Phrases = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


class Section(BaseModel):
    """A part of config.yaml: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DimensionConfig(Section):
    """One scored aspect: its weight in the average and what its scale means."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    weight: Annotated[float, Field(ge=0.0, le=1.0)]
    description: str
    anchors: dict[str, str] = {}


class TierConfig(Section):
    """A named band of the weighted average, from ``at_least`` upwards."""

    name: str
    at_least: Points
    description: str


class GatekeeperConfig(Section):
    """A cap on the weighted average while one dimension stays under a floor."""

    dimension: str
    below: Points
    cap: Points
    reason: str


class CategoryConfig(Section):
    """A topic that is blocked on ``min_hits`` distinct phrases, unless an exception is named.

    Phrases are matched as whole words; the syntax is that of `distillery.prefilter.Phrase`. Each phrase
    counts once however often it occurs, so none should lie inside another. "One strong phrase or two
    weak ones" is two categories of the same name.
    """

    name: str
    block: Phrases
    unless: list[str] = []
    min_hits: Annotated[int, Field(ge=1)] = 1


class PrefilterConfig(Section):
    """What is set aside before any model runs.

    ``min_content_chars`` and ``window_chars`` count characters of the cleaned text; phrases are looked
    for in a window at the beginning of the title and one at the beginning of the content.
    """

    min_content_chars: Annotated[int, Field(ge=0)] = 300
    window_chars: Annotated[int, Field(ge=1)] = 2000
    blocked_domains: dict[str, Phrases] = {}
    categories: list[CategoryConfig] = []


class PreprocessingConfig(Section):
    """How much of a long article the student reads, in tokens without the special ones."""

    head_tokens: Annotated[int, Field(ge=1)] = 256
    tail_tokens: Annotated[int, Field(ge=0)] = 254


class BaseModelConfig(Section):
    """The base model: its Hub name, a pinned commit, and the sha256 of the files that are read.

    ``package`` is the pip requirement of a package that carries the same files, if one does.
    ``path`` is a local folder that holds them, tried before anything else.
    """

    model: str
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    package: str | None = None
    path: Path | None = None
    sha256: Annotated[dict[str, Sha256], Field(min_length=1)]

    @field_validator("sha256")
    @classmethod
    def _names_every_file_that_is_read(cls, value: dict[str, str]) -> dict[str, str]:
        absent = [name for name in ("config.json", "tokenizer.json") if name not in value]
        absent += [] if any(name.endswith(".safetensors") for name in value) else ["the *.safetensors"]
        if absent:
            raise ValueError(f"states no sha256 for {' and '.join(absent)}")
        return value


class _UniqueKeyLoader(yaml.SafeLoader):
    """Reads what yaml.safe_load reads, but refuses a repeated key, of which PyYAML keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if repeated := [key for key in keys if keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"'{repeated[0]}' is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds; raise ConfigError if it cannot be read or repeats a key."""
    try:
        return _UniqueKeyLoader(path.read_text(encoding="utf-8")).get_single_data()
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; the folder must hold that file.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read as YAML: {error}") from error


def _is_a_version(value: str) -> str:
    try:
        Version(value)
    except InvalidVersion:
        raise ValueError(f"'{value}' is not a version (PEP 440), such as 6.0.0") from None
    return value


def _has_both_bounds(value: str) -> str:
    try:
        operators = {specifier.operator for specifier in SpecifierSet(value)}
    except InvalidSpecifier:
        raise ValueError(f"'{value}' is not a version range, such as >=1.0,<2") from None
    if not (operators & {">=", ">", "==", "~="} and operators & {"<", "<=", "==", "~="}):
        raise ValueError(f"'{value}' needs a lower and an upper bound, such as >=1.0,<2")
    return value


def _names_both_files(value: dict[str, str]) -> dict[str, str]:
    if absent := [name for name in (ADAPTER_FILE, ADAPTER_CONFIG_FILE) if name not in value]:
        raise ValueError(f"states no sha256 for {' and '.join(absent)}")
    return value


PackageVersion = Annotated[str, AfterValidator(_is_a_version)]
VersionRange = Annotated[str, AfterValidator(_has_both_bounds)]
AdapterSha256 = Annotated[dict[str, Sha256], AfterValidator(_names_both_files)]


class EncoderConfig(Section):
    """What encoder.yaml says: a base model adapted on the labels of many filters, for their heads to share.

    ``adapter`` is a folder beside encoder.yaml, ``sha256`` states each of its files. Retrained weights get a
    new name, so that filters on the old ones and on the new ones can be installed together.
    """

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    version: PackageVersion
    requires_core: VersionRange
    summary: str
    base: BaseModelConfig
    adapter: str
    sha256: AdapterSha256
    pooling: Pooling
    dtype: Literal["float32"] = "float32"
    preprocessing: PreprocessingConfig = PreprocessingConfig()

    @classmethod
    def load(cls, folder: Path) -> EncoderConfig:
        """Read ``folder/encoder.yaml``; raise ConfigError with every fault found."""
        path = folder / ENCODER_FILE
        try:
            return cls.model_validate(read_yaml(path))
        except ValidationError as error:
            raise ConfigError(_faults(error, [], str(path))) from error


class EncoderReference(Section):
    """The encoder that a student shares: its name, its pip requirement, and the fingerprint it must have.

    ``path`` is the folder of an encoder.yaml, taken instead of an installed package.
    """

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    package: str | None = None
    path: Path | None = None
    fingerprint: Sha256


class StudentConfig(Section):
    """A trained student: what it reads texts with, and its adapter folder.

    Either ``base``, with ``pooling`` and ``preprocessing``: then the adapter holds updates of the base and the
    head. Or ``encoder``, which states those itself: then the adapter holds the head alone. ``adapter`` is a
    folder beside config.yaml, ``sha256`` states each of its files.
    """

    base: BaseModelConfig | None = None
    encoder: EncoderReference | None = None
    adapter: str
    sha256: dict[str, Sha256]
    pooling: Pooling | None = None
    dtype: Literal["float32"] = "float32"
    preprocessing: PreprocessingConfig | None = None
    calibration: str | None = None

    @property
    def weights_sha256(self) -> str:
        """The sha256 of the trained weights, which stands for the student in every score."""
        return self.sha256[ADAPTER_FILE]

    @field_validator("sha256")
    @classmethod
    def _names_the_weights(cls, value: dict[str, str]) -> dict[str, str]:
        if ADAPTER_FILE not in value:
            raise ValueError(f"states no sha256 for {ADAPTER_FILE}")
        return value

    @model_validator(mode="after")
    def _reads_in_one_way(self) -> Self:
        if (self.base is None) == (self.encoder is None):
            raise ValueError("needs either a base model (base) or a shared encoder (encoder)")
        if self.encoder and (self.pooling or self.preprocessing):
            raise ValueError("pooling and preprocessing are the encoder's; leave them out")
        if self.base and self.pooling is None:
            raise ValueError("pooling: Field required")
        if self.base and ADAPTER_CONFIG_FILE not in self.sha256:
            raise ValueError(f"sha256: states no sha256 for {ADAPTER_CONFIG_FILE}")
        return self


class GuaranteeConfig(Section):
    """What the threshold of a probe promises, and on what ground.

    Of the articles that the oracle puts at ``positive_from`` or above, at most the share ``miss_rate`` is below the
    threshold, with ``confidence``; ``bound`` is the share that the ``n_misses`` of ``n_positives`` held-out ones
    bear out (Clopper-Pearson).
    """

    positive_from: Points
    miss_rate: Share
    confidence: Share
    n_positives: Annotated[int, Field(ge=1)]
    n_misses: Annotated[int, Field(ge=0)]
    bound: Share
    data_sha256: Sha256


class StageCostsConfig(Section):
    """What Stage 1 spares: its share of the articles that the prefilter passes, and both stages' measured costs."""

    n_articles: Annotated[int, Field(ge=1)]
    articles_sha256: Sha256
    skip_rate: Share
    stage1_milliseconds: Annotated[float, Field(ge=0.0)]
    student_milliseconds: Annotated[float, Field(gt=0.0)]
    speed_up: Annotated[float, Field(gt=0.0)]
    backend: str
    machine: str


class ProbeConfig(Section):
    """Stage 1: the probe's folder beside config.yaml, the sha256 of its files, and below which average it decides.

    ``threshold`` is null until it is chosen on labelled articles.
    """

    folder: str
    sha256: dict[str, Sha256]
    threshold: Points | None = None
    guarantee: GuaranteeConfig | None = None
    costs: StageCostsConfig | None = None

    @field_validator("sha256")
    @classmethod
    def _names_every_file(cls, value: dict[str, str]) -> dict[str, str]:
        if absent := [name for name in (PROBE_FILE, PROBE_RECORD_FILE) if name not in value]:
            raise ValueError(f"states no sha256 for {' and '.join(absent)}")
        return value


class TrainingConfig(Section):
    """How the filter's students are trained, where the tools' defaults do not suit it.

    ``snippet_characters``: also learn from each article cut to its title and so many first characters, as feeds
    bring them; only for labels that the beginning of a text earns as well as the whole.
    """

    snippet_characters: Annotated[int, Field(ge=0)] = 0


class OracleConfig(Section):
    """Where the prompt is that made the labels."""

    prompt: str


class FilterConfig(Section):
    """Everything that is true of one version of one filter."""

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    version: PackageVersion
    requires_core: VersionRange
    summary: str
    dimensions: Annotated[list[DimensionConfig], Field(min_length=1)]
    tiers: Annotated[list[TierConfig], Field(min_length=1)]
    gatekeepers: list[GatekeeperConfig] = []
    prefilter: PrefilterConfig = PrefilterConfig()
    students: Annotated[dict[str, StudentConfig], Field(min_length=1)]
    default_student: str
    probe: ProbeConfig | None = None
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
            raise ConfigError(_faults(error, dangling, source)) from error
        if dangling:
            raise ConfigError(_faults(None, dangling, source))
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
    def probe_ceiling(self) -> float:
        """The highest threshold that a probe may have: no cap and no tier above the last lies lower."""
        return _probe_ceiling([gate.cap for gate in self.gatekeepers], [tier.at_least for tier in self.tiers])

    def student(self, name: str | None = None) -> StudentConfig:
        """Return a student by name, or the default one; raise ConfigError listing what exists."""
        wanted = name or self.default_student
        if wanted not in self.students:
            known = ", ".join(self.students)
            raise StudentNotFoundError(f"{self.name} {self.version} has no student '{wanted}'. It has: {known}")
        return self.students[wanted]

    @field_validator("dimensions")
    @classmethod
    def _dimensions_are_sound(cls, value: list[DimensionConfig]) -> list[DimensionConfig]:
        faults = _repeats("dimension", [dimension.name for dimension in value])
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


def _unless(faults: list[str], value: list[T]) -> list[T]:
    if faults:
        raise ValueError("; ".join(faults))
    return value


def _dangling(data: Any) -> list[str]:
    """Return the faults that lie between two sections, which pydantic tells only if there are no others."""
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
        faults += _probe_faults(data)
    except (AttributeError, KeyError, TypeError):
        return []  # what is missing or of a wrong kind is a fault that pydantic tells
    return faults


def _probe_faults(data: Any) -> list[str]:
    """Return whether Stage 1 could give a tier above the last, or spare an article for a gatekeeper's cap."""
    threshold = (data.get("probe") or {}).get("threshold")
    caps = [gate["cap"] for gate in data.get("gatekeepers") or []]
    ceiling = _probe_ceiling(caps, [tier["at_least"] for tier in data["tiers"]])
    if threshold is None or threshold <= ceiling:
        return []
    return [
        f"probe.threshold: {threshold:g} is above {ceiling:g}, the lowest of the caps and of the tiers but the last"
    ]


def _probe_ceiling(caps: list[float], floors: list[float]) -> float:
    return min([HIGHEST_POINTS, *caps, *floors[:-1]])


def _faults(error: ValidationError | None, dangling: list[str], source: str) -> str:
    faults = []
    for fault in error.errors() if error else []:
        place = ".".join(str(part) for part in fault["loc"]) or "(whole file)"
        faults.append(f"{place}: {fault['msg'].removeprefix('Value error, ')}")
    faults += dangling
    return "\n  ".join([f"{source} has {len(faults)} fault(s):", *faults])
