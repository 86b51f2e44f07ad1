"""The probe's section of config.yaml, rewritten whole while the rest of the file stays as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import yaml
from safetensors.numpy import save_file

from distillery.base_models import sha256_of
from distillery.config import CONFIG_FILE, PROBE_FILE, PROBE_RECORD_FILE, FilterConfig, ProbeConfig
from distillery.probe import ProbeRecord

from ..records import write_json
from .cross_fitting import CrossFitted

KEY = "probe"
FOLDER = "probe"


def install_probe(folder: Path, fitted: CrossFitted, record: ProbeRecord) -> None:
    """Put a probe into a filter's folder and state its sha256; its threshold is then to be chosen anew."""
    place = folder / FOLDER
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    tensors = {"weight": fitted.weight.astype(np.float32), "bias": fitted.bias.astype(np.float32)}
    save_file(tensors, place / PROBE_FILE)
    write_json(place / PROBE_RECORD_FILE, record.model_dump(mode="json"))
    sha256 = {name: sha256_of(place / name) for name in (PROBE_FILE, PROBE_RECORD_FILE)}
    write_section(folder, ProbeConfig(folder=FOLDER, sha256=sha256))


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
