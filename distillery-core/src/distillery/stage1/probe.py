"""Probe: Stage 1's linear map from a text's embedding to estimates of a filter's dimensions, and their calibration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from ..calibration.maps import Calibration
from ..calibration.origin import CalibrationOrigin
from ..config import CALIBRATION_FILE, PROBE_FILE, PROBE_RECORD_FILE, FilterConfig, ProbeConfig, Section, Sha256
from ..errors import ProbeError
from ..names import distribution_of
from ..students.base_models import check_files
from ..students.linear_map import LinearMap
from .embedder import EmbedderConfig


class ProbeRecord(Section):
    """What probe.json says: the filter and embedder of the probe, and how it was trained."""

    filter: str
    dimensions: list[str]
    width: int
    embedder: EmbedderConfig
    embedder_fingerprint: Sha256
    training: dict[str, Any]


@dataclass(frozen=True)
class Probe(LinearMap):
    """A linear map to uncalibrated estimates on the 0-10 scale, its record and its calibration."""

    record: ProbeRecord
    calibration: Calibration

    @classmethod
    def load(cls, config: FilterConfig, folder: Path) -> Probe:
        """Read and check the probe of the filter in ``folder``.

        Raises ProbeError for a probe of another filter, CalibrationError for a calibration of another probe, and
        WeightsError if a file is not the one that config.yaml states.
        """
        settings = probe_settings(config)
        probe_folder = folder / settings.folder
        remedy = f'Reinstall: pip install --force-reinstall "{distribution_of(config.name)}=={config.version}"'
        check_files(probe_folder, settings.sha256, owner=f"{config.name} {config.version}", remedy=remedy)
        record = _record(probe_folder / PROBE_RECORD_FILE, config)
        weight, bias = _tensors(probe_folder / PROBE_FILE, len(config.dimensions), record.width)
        origin = CalibrationOrigin.of_probe(settings.sha256[PROBE_FILE], record.embedder_fingerprint)
        return cls(weight, bias, record, Calibration.load(probe_folder / CALIBRATION_FILE, config, origin))


def probe_settings(config: FilterConfig) -> ProbeConfig:
    """Return ``probe`` of a filter's config; raise ProbeError naming what to do if it has none."""
    if config.probe is None:
        raise ProbeError(
            f"{config.name} {config.version} has no probe, so no article can skip its student.\n"
            f'  Load it with mode="full", or train one: distillery probe train FOLDER --data DATA'
        )
    return config.probe


def _record(path: Path, config: FilterConfig) -> ProbeRecord:
    try:
        record = ProbeRecord.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ProbeError(f"{path} is not what `distillery probe train` writes: {error}") from error
    if (record.filter, record.dimensions) != (config.name, config.dimension_names):
        raise ProbeError(
            f"{path} is the probe of {record.filter} with {', '.join(record.dimensions)}, but {config.name} has "
            f"{', '.join(config.dimension_names)}.\n  Train the probe again: distillery probe train"
        )
    if record.embedder.fingerprint != record.embedder_fingerprint:
        raise ProbeError(
            f"{path} was trained on embeddings with fingerprint {record.embedder_fingerprint[:12]}..., but what it "
            f"says of the embedder gives {record.embedder.fingerprint[:12]}....\n"
            f"  Train the probe again: distillery probe train"
        )
    return record


def _tensors(path: Path, n_dimensions: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    from safetensors.numpy import load_file

    try:
        tensors = load_file(path)
    except Exception as error:  # safetensors raises its own kinds and OSError
        raise ProbeError(f"{path} cannot be read: {error}") from error
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if found != {"weight": (n_dimensions, width), "bias": (n_dimensions,)}:
        raise ProbeError(
            f"{path} holds {found}, but the filter's dimensions and the embedder need a weight "
            f"{(n_dimensions, width)} and a bias {(n_dimensions,)}.\n  Train the probe again: distillery probe train"
        )
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ProbeError(f"{path} holds numbers that are not finite.\n  Train the probe again: distillery probe train")
    return tensors["weight"].astype(np.float32), tensors["bias"].astype(np.float32)
