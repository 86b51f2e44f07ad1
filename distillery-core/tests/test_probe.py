"""Probe: its files are checked against config, dimensions and embedder before anything is estimated."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from distillery.config import CALIBRATION_FILE, PROBE_FILE, PROBE_RECORD_FILE, FilterConfig
from distillery.errors import CalibrationError, ConfigError, ProbeError, WeightsError
from distillery.stage1.probe import Probe
from distillery.testing import state_probe, write_probe

CopyOf = Callable[[Path], Path]


@pytest.fixture
def folder(bert_filter: Path, copy_of: CopyOf) -> Path:
    """A filter with a probe, free to be changed."""
    return write_probe(copy_of(bert_filter))


def load(folder: Path) -> Probe:
    return Probe.load(FilterConfig.load(folder), folder)


def change_record(folder: Path, **facts: Any) -> None:
    path = folder / "probe" / PROBE_RECORD_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))
    state_probe(folder)


def change_calibration(folder: Path, **facts: Any) -> None:
    path = folder / "probe" / CALIBRATION_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))
    state_probe(folder)


def change_tensors(folder: Path, tensors: dict[str, Any]) -> None:
    save_file(tensors, folder / "probe" / PROBE_FILE)
    state_probe(folder)


def test_estimates_are_the_linear_map(folder: Path) -> None:
    tensors = load_file(folder / "probe" / PROBE_FILE)
    embeddings = np.random.default_rng(0).standard_normal((5, 32)).astype(np.float32)

    estimates = load(folder).apply(embeddings)

    np.testing.assert_allclose(estimates, embeddings @ tensors["weight"].T + tensors["bias"], atol=1e-4)


def test_company_changes_no_bit_of_an_estimate(folder: Path) -> None:
    probe, embeddings = load(folder), np.random.default_rng(0).standard_normal((7, 32)).astype(np.float32)

    alone = np.vstack([probe.apply(row[None]) for row in embeddings])

    np.testing.assert_array_equal(probe.apply(embeddings), alone)


def test_filter_without_a_probe_says_what_to_do(bert_filter: Path) -> None:
    with pytest.raises(ProbeError, match=r'tiny-filter 1\.2\.3 has no probe.*\n.*mode="full".*distillery probe train'):
        load(bert_filter)


@pytest.mark.parametrize("name", [PROBE_FILE, PROBE_RECORD_FILE, CALIBRATION_FILE])
def test_changed_file_is_refused(folder: Path, name: str) -> None:
    with (folder / "probe" / name).open("ab") as file:
        file.write(b" ")

    with pytest.raises(WeightsError, match=f"{name} has sha256"):
        load(folder)


def test_missing_calibration_is_refused(folder: Path) -> None:
    (folder / "probe" / CALIBRATION_FILE).unlink()

    with pytest.raises(WeightsError, match=r"calibration\.json is missing"):
        load(folder)


CALIBRATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "another filter": ({"filter_name": "other"}, "was fitted for filter 'other', not for 'tiny-filter'"),
    "other weights": (
        {"weights_sha256": "2" * 64},
        r"with weights_sha256 2+, but the probe has .*\n.*distillery probe",
    ),
    "another embedder": ({"embedder_fingerprint": "3" * 64}, "with embedder_fingerprint 3+, but the probe has"),
    "other dimensions": ({"dimensions": {"novelty": {"x": [0], "y": [0]}}}, "maps none of the dimensions"),
    "a map that falls": ({"dimensions": {"reach": {"x": [0, 1], "y": [1, 0]}}}, "dimension 'reach' does not rise"),
    "intervals of one dimension": ({"intervals": {"edges": {}, "half_widths": {}}}, "intervals of 'reach'"),
}


@pytest.mark.parametrize("case", CALIBRATIONS)
def test_calibration_that_does_not_fit_is_refused(folder: Path, case: str) -> None:
    facts, says = CALIBRATIONS[case]
    change_calibration(folder, **facts)

    with pytest.raises(CalibrationError, match=says):
        load(folder)


RECORDS: dict[str, tuple[dict[str, Any], str]] = {
    "another filter": ({"filter": "other"}, "is the probe of other"),
    "another order": ({"dimensions": ["proof", "reach", "lasting"]}, "the probe of tiny-filter with proof, reach"),
    "another embedder": ({"embedder_fingerprint": "0" * 64}, "was trained on embeddings with fingerprint 000000000000"),
    "another width": ({"width": 31}, r"need a weight \(3, 31\)"),
    "a fact too many": ({"colour": "red"}, "is not what `distillery probe train` writes"),
}


@pytest.mark.parametrize("case", RECORDS)
def test_record_that_does_not_fit_is_refused(folder: Path, case: str) -> None:
    facts, says = RECORDS[case]
    change_record(folder, **facts)

    with pytest.raises(ProbeError, match=says):
        load(folder)


TENSORS = {
    "too few dimensions": ({"weight": np.ones((2, 32), np.float32), "bias": np.ones(2, np.float32)}, "holds"),
    "one too many": (
        {"weight": np.ones((3, 32), np.float32), "bias": np.ones(3, np.float32), "x": np.ones(1, np.float32)},
        "'x'",
    ),
    "not finite": (
        {"weight": np.full((3, 32), np.nan, np.float32), "bias": np.ones(3, np.float32)},
        "numbers that are not finite",
    ),
}


@pytest.mark.parametrize("case", TENSORS)
def test_tensors_that_do_not_fit_are_refused(folder: Path, case: str) -> None:
    tensors, says = TENSORS[case]
    change_tensors(folder, tensors)

    with pytest.raises(ProbeError, match=says):
        load(folder)


def test_no_safetensors_file_is_named(folder: Path) -> None:
    (folder / "probe" / PROBE_FILE).write_bytes(b"not tensors")
    state_probe(folder)

    with pytest.raises(ProbeError, match="cannot be read"):
        load(folder)


@pytest.mark.parametrize(("threshold", "sound"), [(3.0, True), (3.01, False), (10.1, False), (-0.1, False)])
def test_threshold_lies_at_or_below_caps_and_tiers(config_data: dict[str, Any], threshold: float, sound: bool) -> None:
    stated = {"folder": "probe", "sha256": dict.fromkeys((PROBE_FILE, PROBE_RECORD_FILE, CALIBRATION_FILE), "0" * 64)}
    config_data["probe"] = stated | {"threshold": threshold}

    if sound:
        assert FilterConfig.parse(config_data).probe_ceiling == 3.0
    else:
        with pytest.raises(ConfigError, match=r"probe\.threshold"):
            FilterConfig.parse(config_data)


def test_ceiling_is_the_lowest_tier_above_the_last_without_gatekeepers(config_data: dict[str, Any]) -> None:
    assert FilterConfig.parse(config_data | {"gatekeepers": []}).probe_ceiling == 4.0


def test_every_file_of_a_probe_has_a_sha256(config_data: dict[str, Any]) -> None:
    config_data["probe"] = {"folder": "probe", "sha256": {PROBE_FILE: "0" * 64}}

    with pytest.raises(ConfigError, match=r"states no sha256 for probe\.json and calibration\.json"):
        FilterConfig.parse(config_data)
