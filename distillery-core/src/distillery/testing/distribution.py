"""An installed filter's distribution: its names, its metadata, its requirements and its files."""

from __future__ import annotations

from importlib.metadata import Distribution, PackagePath
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..config import FilterConfig
from ..golden import GOLDEN_FILE
from ..names import EXPERIMENTAL, distribution_of, package_of
from ..plugins.filters import InstalledFilter
from ..plugins.manager import CORE_DISTRIBUTION

LARGEST_FILE = 30 * 10**6  # bytes
UNSAFE = {".bin", ".ckpt", ".joblib", ".npy", ".npz", ".pickle", ".pkl", ".pt", ".pth"}
DATA = {".csv", ".jsonl", ".parquet", ".sqlite", ".tsv"}
NOT_FOR_USERS = {"__pycache__", "test", "tests"}

_LOWER, _UPPER = {">=", ">", "==", "~="}, {"<", "<=", "==", "~="}


def name_faults(item: InstalledFilter, config: FilterConfig) -> list[str]:
    """Return which of entry point, import package and distribution has another name than config.yaml."""
    name = config.name
    names = {
        "the entry point": (item.entry_point.name, name),
        "the import package": (item.entry_point.module, package_of(name)),
        "the distribution": (item.distribution, distribution_of(name)),
    }
    return [
        f"{what} is named {found}.  For the filter '{name}' it must be {expected}."
        for what, (found, expected) in names.items()
        if found != expected
    ]


def metadata_faults(distribution: Distribution) -> list[str]:
    """Return whether the README or the licence is missing from a distribution's metadata."""
    metadata = distribution.metadata.json
    expected = {
        "the text of a README": ("description", 'readme = "README.md"'),
        "a licence": ("license_expression", 'license = "Apache-2.0" or another SPDX expression'),
        "the licence's text": ("license_file", 'license-files = ["LICENSE"]'),
    }
    return [
        f"its metadata lacks {what}.  Put {remedy} into pyproject.toml."
        for what, (key, remedy) in expected.items()
        if not metadata.get(key)
    ]


def mark_faults(distribution: Distribution, config: FilterConfig) -> list[str]:
    """Return whether the metadata, which `distillery list` reads, marks the filter otherwise than config.yaml."""
    is_marked = EXPERIMENTAL in (distribution.metadata.get_all("Classifier") or [])
    if is_marked == bool(config.experimental):
        return []
    found, expected = ("experimental", "not") if is_marked else ("not experimental", "that it is")
    return [f"its metadata says that it is {found}, config.yaml says {expected}.  Build it again."]


def requirement_faults(distribution: Distribution, config: FilterConfig) -> list[str]:
    """Return each requirement without both bounds, and a core range other than config.yaml's."""
    requirements = [Requirement(line) for line in distribution.requires or []]
    faults = [
        f"it requires {requirement}.  Give a lower and an upper bound, or pin it with ==."
        for requirement in requirements
        if not _has_both_bounds(requirement.specifier)
    ]
    core = [each.specifier for each in requirements if canonicalize_name(each.name) == CORE_DISTRIBUTION]
    if core != [SpecifierSet(config.requires_core)]:
        found = " and ".join(f"{CORE_DISTRIBUTION} {specifier}" for specifier in core) or "no core"
        faults.append(f"it requires {found}, but config.yaml says {config.requires_core}.  Build it again.")
    return faults


def file_faults(distribution: Distribution) -> list[str]:
    """Return each file of an installed distribution that no user should get."""
    return [
        f"{file} is {reason}."
        for file in distribution.files or []
        if not _written_by_installer(file)
        for reason in _reasons_against(file, Path(str(file.locate())).stat().st_size)
    ]


def _reasons_against(file: PurePosixPath, size: int) -> list[str]:
    reasons = {
        "of a format that can run code or hide data; ship safetensors and JSON": file.suffix in UNSAFE,
        f"data; ship no articles but {GOLDEN_FILE}": file.suffix in DATA and file.name != GOLDEN_FILE,
        "not for users; leave it out of the wheel": bool(NOT_FOR_USERS.intersection(file.parts)),
        f"{size / 1e6:.0f} MB; at most {LARGEST_FILE / 1e6:.0f} are allowed": size > LARGEST_FILE,
    }
    return [reason for reason, holds in reasons.items() if holds]


def _written_by_installer(file: PackagePath) -> bool:
    """Return whether pip wrote a file itself: it states no hash of compiled modules and of RECORD."""
    return file.hash is None


def _has_both_bounds(specifiers: SpecifierSet) -> bool:
    operators = {specifier.operator for specifier in specifiers}
    return bool(operators & _LOWER and operators & _UPPER)
