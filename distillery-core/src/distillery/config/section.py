"""Section: what all parts of a config have in common, the kinds of values in it, and its faults in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from .file_names import ADAPTER_CONFIG_FILE, ADAPTER_FILE

HIGHEST_POINTS = 10.0
NAME_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Pooling = Literal["mean", "first", "last", "pooler"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Points = Annotated[float, Field(ge=0.0, le=HIGHEST_POINTS)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Phrases = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


class Section(BaseModel):
    """A part of config.yaml: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def faults_in_words(error: ValidationError | None, dangling: Sequence[str], source: str) -> str:
    """Return every fault that pydantic found in a source, and those that lie between its sections."""
    faults = []
    for fault in error.errors() if error else []:
        place = ".".join(str(part) for part in fault["loc"]) or "(whole file)"
        faults.append(f"{place}: {fault['msg'].removeprefix('Value error, ')}")
    faults += dangling
    return "\n  ".join([f"{source} has {len(faults)} fault(s):", *faults])


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
