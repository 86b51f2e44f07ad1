"""The probe's section of config.yaml, rewritten whole while the rest of the file stays as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from distillery.config import CALIBRATION_FILE, CONFIG_FILE, PROBE_FILE, PROBE_RECORD_FILE, FilterConfig, ProbeConfig
from distillery.students.base_models import sha256_of

from ..records import write_json
from .training import TrainedProbe

KEY = "probe"
FOLDER = "probe"
FILES = (PROBE_FILE, PROBE_RECORD_FILE, CALIBRATION_FILE)


def install_probe(folder: Path, trained: TrainedProbe) -> ProbeConfig:
    """Put a probe into a filter's folder, and return the section that states its sha256.

    The same weights as before keep their threshold; that of other weights is then to be chosen anew.
    """
    former = FilterConfig.load(folder).probe
    place = folder / FOLDER
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / PROBE_FILE).write_bytes(trained.weights)
    write_json(place / PROBE_RECORD_FILE, trained.record.model_dump(mode="json"))
    write_json(place / CALIBRATION_FILE, trained.calibration)
    settings = _kept(former, {name: sha256_of(place / name) for name in FILES})
    write_section(folder, settings)
    return settings


def _kept(former: ProbeConfig | None, sha256: dict[str, str]) -> ProbeConfig:
    """Return the section of a probe, with what is known of its threshold if it is of the same weights."""
    if former is None or former.sha256[PROBE_FILE] != sha256[PROBE_FILE]:
        return ProbeConfig(folder=FOLDER, sha256=sha256)
    return former.model_copy(update={"folder": FOLDER, "sha256": sha256})


def write_section(folder: Path, settings: ProbeConfig) -> None:
    """Write ``probe:`` into config.yaml where it stands, or at the end; raise ConfigError if the result is unsound."""
    path = folder / CONFIG_FILE
    text = path.read_text(encoding="utf-8")
    section = yaml.safe_dump({KEY: settings.model_dump(mode="json")}, sort_keys=False, allow_unicode=True, width=120)
    start, end = _place(text)
    before, after = text[:start], text[end:]
    changed = f"{before.rstrip()}\n\n{section}" + (f"\n{after.lstrip()}" if after.strip() else "")
    FilterConfig.parse(yaml.safe_load(changed), source=str(path))
    path.write_text(changed, encoding="utf-8")


def _place(text: str) -> tuple[int, int]:
    """Return where the section's lines begin and end, at the file's end if it has none."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    for number, (key, _) in enumerate(pairs):
        if key.value == KEY:
            following = pairs[number + 1 :]
            return key.start_mark.index, following[0][0].start_mark.index if following else len(text)
    return len(text), len(text)
