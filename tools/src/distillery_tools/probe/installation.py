"""Installing a probe: its files in the filter's folder, and its section of config.yaml."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from distillery import FilterConfig
from distillery.toolkit import CALIBRATION_FILE, CONFIG_FILE, PROBE_FILE, PROBE_RECORD_FILE, ProbeConfig, sha256_of

from ..records import write_json
from ..yaml_editor import edited
from .training import TrainedProbe

KEY = "probe"
FOLDER = "probe"
FILES = (PROBE_FILE, PROBE_RECORD_FILE, CALIBRATION_FILE)


def install_probe(folder: Path, trained: TrainedProbe) -> ProbeConfig:
    """Put a probe into a filter's folder; return its section of config.yaml.

    Unchanged weights keep their threshold; new weights have none until one is chosen.
    """
    former = FilterConfig.load(folder).probe
    place = folder / FOLDER
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / PROBE_FILE).write_bytes(trained.weights)
    write_json(place / PROBE_RECORD_FILE, trained.record.model_dump(mode="json"))
    write_json(place / CALIBRATION_FILE, trained.calibration)
    settings = _section(former, {name: sha256_of(place / name) for name in FILES})
    write_section(folder, settings)
    return settings


def _section(former: ProbeConfig | None, sha256: dict[str, str]) -> ProbeConfig:
    """Return the section of a probe; it keeps the threshold if the weights are unchanged."""
    if former is None or former.sha256[PROBE_FILE] != sha256[PROBE_FILE]:
        return ProbeConfig(folder=FOLDER, sha256=sha256)
    return former.model_copy(update={"folder": FOLDER, "sha256": sha256})


def write_section(folder: Path, settings: ProbeConfig) -> None:
    """Write the section ``probe`` into config.yaml; raise ConfigError if the result is not valid."""
    path = folder / CONFIG_FILE
    text = edited(path, {(KEY,): settings.model_dump(mode="json", exclude_none=True)})
    FilterConfig.parse(yaml.safe_load(text), source=str(path))
    path.write_text(text, encoding="utf-8")
