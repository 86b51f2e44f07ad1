"""Section: what all parts of a config have in common, the kinds of values in it, and its faults in words."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from .file_names import ADAPTER_CONFIG_FILE, ADAPTER_FILE

HIGHEST_POINTS = 10.0
# In what all weights are trained; part of fingerprints and calibrations.
DTYPE = "float32"
NAME_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"

DIMENSION_PATTERN = r"^[a-z][a-z0-9_]*$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"
COMMIT_PATTERN = r"^[0-9a-f]{40}$"

# What a person reads instead of pydantic's messages, by the type of the fault or the pattern that does not match.
_FAULTS = {
    "missing": "this key is missing",
    "extra_forbidden": "there is no such key here; check its spelling",
    "too_short": "must have at least one entry",
}
_SECTION = "be a section of keys and values"
_RULES = {
    "dict_type": _SECTION,
    "model_type": _SECTION,
    "list_type": "be a list",
    "string_type": "be text (put it in quotes)",
    "string_too_short": "not be empty",
    **dict.fromkeys(("float_type", "float_parsing"), "be a number"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "be a whole number"),
}
_PATTERNS = {
    NAME_PATTERN: "be lower-case letters and digits, with single hyphens between words",
    DIMENSION_PATTERN: "be lower-case letters, digits and underscores, beginning with a letter",
    SHA256_PATTERN: "be a sha256 of 64 hexadecimal digits in lower case",
    COMMIT_PATTERN: "be a commit of 40 hexadecimal digits in lower case",
}

Pooling = Literal["mean", "first", "last", "pooler"]
Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]
Points = Annotated[float, Field(ge=0.0, le=HIGHEST_POINTS)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Phrases = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


class Section(BaseModel):
    """A part of config.yaml: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def without_dtype(data: Any) -> Any:
    """Return a section's data without ``dtype: float32``, which older files state; any other dtype stays a fault."""
    if isinstance(data, Mapping) and data.get("dtype") == DTYPE:
        return {name: value for name, value in data.items() if name != "dtype"}
    return data


def faults_in_words(error: ValidationError | None, between: Sequence[str], source: str) -> str:
    """Return every fault that pydantic found in a source, and those between its sections, one per line."""
    faults = [_in_words(fault) for fault in error.errors()] if error else []
    faults += between
    return "\n  ".join([f"{source} has {len(faults)} fault(s):", *faults])


def _in_words(fault: ErrorDetails) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "(whole file)"
    if fault["type"] in _FAULTS:
        return f"{place}: {_FAULTS[fault['type']]}"
    if fault["type"] == "value_error":
        return f"{place}: {fault['msg'].removeprefix('Value error, ')}"
    pattern = str((fault.get("ctx") or {}).get("pattern"))
    rule = _PATTERNS.get(pattern) or _RULES.get(fault["type"]) or fault["msg"].removeprefix("Input should ")
    return f"{place}: must {rule.removeprefix('must ')}, but is {reprlib.repr(fault['input'])}"


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
