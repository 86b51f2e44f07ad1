"""A random probe for a tiny filter, written as ``distillery probe train`` and ``threshold`` write it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from safetensors.numpy import save_file

from ..config import CALIBRATION_FILE, CONFIG_FILE, PROBE_FILE, PROBE_RECORD_FILE, FilterConfig
from ..config.scale import AVERAGE
from ..stage1.embedder import EmbedderConfig, StaticEmbedder
from ..students.base_models import sha256_of
from ..students.encoder_spec import resolve_encoder_spec

FOLDER = "probe"
# Of a tiny filter's articles, about half lie below it.
THRESHOLD = 2.5
# Its map lowers every estimate, so that all that lie below the threshold stay in the last tier.
MAP = {"x": [0.0, 10.0], "y": [0.0, 8.0]}
HALF_WIDTH = 1.5


def write_probe(folder: Path, *, seed: int = 4, threshold: float | None = THRESHOLD) -> Path:
    """Give the filter in a folder a probe on its own base model, whose estimates lie around the threshold."""
    config = FilterConfig.load(folder)
    embedder = EmbedderConfig.of(resolve_encoder_spec(config, folder), folder)
    width = StaticEmbedder.load(embedder, folder).width
    numbers = np.random.default_rng(seed)
    weight = numbers.standard_normal((len(config.dimensions), width)).astype(np.float32)
    bias = np.full(len(config.dimensions), THRESHOLD, dtype=np.float32)
    record = {
        "filter": config.name,
        "dimensions": config.dimension_names,
        "width": width,
        "embedder": embedder.model_dump(mode="json"),
        "embedder_fingerprint": embedder.fingerprint,
        "training": {},
    }
    (folder / FOLDER).mkdir(exist_ok=True)
    save_file({"weight": weight, "bias": bias}, folder / FOLDER / PROBE_FILE)
    (folder / FOLDER / PROBE_RECORD_FILE).write_text(json.dumps(record), encoding="utf-8")
    (folder / FOLDER / CALIBRATION_FILE).write_text(
        json.dumps(_calibration(folder, config, embedder)), encoding="utf-8"
    )
    return state_probe(folder, threshold=threshold)


def state_probe(folder: Path, **settings: Any) -> Path:
    """Write the present sha256 of a probe's files, and other settings of it, into config.yaml."""
    path = folder / CONFIG_FILE
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    sha256 = {name: sha256_of(folder / FOLDER / name) for name in (PROBE_FILE, PROBE_RECORD_FILE, CALIBRATION_FILE)}
    config["probe"] = {**(config.get("probe") or {}), "folder": FOLDER, "sha256": sha256, **settings}
    path.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return folder


def _calibration(folder: Path, config: FilterConfig, embedder: EmbedderConfig) -> dict[str, Any]:
    names = [*config.dimension_names, AVERAGE]
    return {
        "filter_name": config.name,
        "weights_sha256": sha256_of(folder / FOLDER / PROBE_FILE),
        "embedder_fingerprint": embedder.fingerprint,
        "dimensions": dict.fromkeys(config.dimension_names, MAP),
        "intervals": {
            "edges": {name: [] for name in names},
            "half_widths": {name: [HALF_WIDTH] for name in names},
        },
    }
