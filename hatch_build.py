"""Build hook of every filter and encoder package: requirements come from its config.yaml or encoder.yaml.

A package whose file is not valid, or names weights that are not in the folder, does not build.
"""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from hatchling.metadata.plugin.interface import MetadataHookInterface

CORE_SOURCE = Path(__file__).parent / "distillery-core" / "src"


class DistilleryMetadataHook(MetadataHookInterface):
    """Requires the core range, and the packages of the base models and encoders that the file names."""

    def update(self, metadata: dict) -> None:
        """Set summary, dependencies and the mark of what is experimental from config.yaml or encoder.yaml."""
        path = facts_file(Path(self.root))
        check(path)
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        packages = {(reader.get("base") or reader["encoder"]).get("package") for reader in readers(config)}
        metadata["description"] = config["summary"]
        metadata["dependencies"] = [f"distillery-core{config['requires_core']}", *sorted(packages - {None})]
        if config.get("experimental"):
            metadata["classifiers"] = [experimental_classifier()]


def facts_file(project: Path) -> Path:
    """Return the only config.yaml or encoder.yaml of a project."""
    source = project / "src"
    found = [*source.glob("*/config.yaml"), *source.glob("*/encoder.yaml")]
    if len(found) != 1:
        raise ValueError(f"{source} needs one config.yaml or encoder.yaml in its package, but has {len(found)}.")
    return found[0]


def readers(config: dict) -> list[dict]:
    """Return the sections that name a base model or an encoder: a filter's students, or the encoder itself."""
    return list(config["students"].values()) if "students" in config else [config]


@contextmanager
def core_importable() -> Iterator[None]:
    """Let the core be imported from its source beside this file, where there is one."""
    if CORE_SOURCE.is_dir():
        sys.path.insert(0, str(CORE_SOURCE))
    try:
        yield
    finally:
        if CORE_SOURCE.is_dir():
            sys.path.remove(str(CORE_SOURCE))


def experimental_classifier() -> str:
    """Return the classifier by which `distillery list` knows an experimental filter without importing it."""
    with core_importable():
        from distillery.names import EXPERIMENTAL
    return EXPERIMENTAL


def check(path: Path) -> None:
    """Raise ValueError with every fault of a config.yaml or encoder.yaml and of the files that it names."""
    try:
        with core_importable():
            from distillery.config import EncoderConfig, FilterConfig
            from distillery.errors import ConfigError
    except ModuleNotFoundError as error:
        needed = "the core's source beside this file, and pydantic"
        raise ValueError(f"{path} cannot be checked: {error}. The build needs {needed}.") from error
    kind = EncoderConfig if path.name == "encoder.yaml" else FilterConfig
    try:
        config = kind.load(path.parent)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    if faults := [*name_faults(path, config.name), *file_faults(path)]:
        raise ValueError("\n  ".join([f"{path} has {len(faults)} fault(s):", *faults]))


def name_faults(path: Path, name: str) -> list[str]:
    """Return whether the import package goes by another name than the file says."""
    kind = "encoder" if path.name == "encoder.yaml" else "filter"
    expected = f"distillery_{kind}_{name.replace('-', '_')}"
    return [] if path.parent.name == expected else [f"name: '{name}' belongs in the package {expected}"]


def file_faults(path: Path) -> list[str]:
    """Return each file that is missing, or whose sha256 is not the one stated."""
    config, folder = yaml.safe_load(path.read_text(encoding="utf-8")), path.parent
    stated = [(reader["adapter"], reader["sha256"]) for reader in readers(config)]
    stated += [(config["probe"]["folder"], config["probe"]["sha256"])] if config.get("probe") else []
    faults = [
        f"{place}/{name}: {fault}"
        for place, hashes in stated
        for name, sha256 in hashes.items()
        if (fault := file_fault(folder / place / name, sha256))
    ]
    others = [reader.get("calibration") for reader in readers(config)] + [(config.get("oracle") or {}).get("prompt")]
    return faults + [f"{name}: the file is missing" for name in others if name and not (folder / name).is_file()]


def file_fault(path: Path, sha256: str) -> str | None:
    """Return what is wrong with one file."""
    if not path.is_file():
        return "the file is missing"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    return None if found == sha256 else f"its sha256 is {found[:12]}..., {sha256[:12]}... is stated"
