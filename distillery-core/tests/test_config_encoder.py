"""EncoderConfig, and a student's choice between a base and an encoder: every fault is reported with its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_encoder import ENCODER

from distillery.config import (
    ADAPTER_CONFIG_FILE,
    ADAPTER_FILE,
    ENCODER_FILE,
    EncoderConfig,
    FilterConfig,
    PreprocessingConfig,
)
from distillery.errors import ConfigError

Data = dict[str, Any]
Change = Callable[[Data], object]

BASE_FILES = ("config.json", "model.safetensors", "tokenizer.json")


@pytest.fixture
def encoder_data() -> Data:
    """What a sound encoder.yaml holds, free to be changed."""
    return {
        "name": ENCODER,
        "version": "1.0.0",
        "requires_core": ">=1.0,<2",
        "summary": "Reads for all.",
        "base": {"model": "acme/tiny", "sha256": dict.fromkeys(BASE_FILES, "0" * 64)},
        "adapter": "adapter",
        "sha256": {ADAPTER_FILE: "1" * 64, ADAPTER_CONFIG_FILE: "2" * 64},
        "pooling": "mean",
    }


@pytest.fixture
def sharing(config_data: Data) -> Data:
    """What a sound config.yaml holds whose student shares an encoder, free to be changed."""
    config_data["students"]["compact"] = {
        "encoder": {"name": ENCODER, "package": f"distillery-encoder-{ENCODER}==1.0.0", "fingerprint": "a" * 64},
        "adapter": "student",
        "sha256": {ADAPTER_FILE: "1" * 64},
    }
    return config_data


def written(folder: Path, data: Any) -> Path:
    (folder / ENCODER_FILE).write_text(yaml.safe_dump(data), encoding="utf-8")
    return folder


def compact(data: Data) -> Data:
    student: Data = data["students"]["compact"]
    return student


def refused(data: Data) -> str:
    """Return the message with which a filter's config is refused."""
    with pytest.raises(ConfigError) as error:
        FilterConfig.parse(data, source="the/config.yaml")
    return str(error.value)


def test_a_sound_encoder_is_read(tmp_path: Path, encoder_data: Data) -> None:
    config = EncoderConfig.load(written(tmp_path, encoder_data))

    assert (config.name, config.version, config.pooling) == (ENCODER, "1.0.0", "mean")
    assert config.base.model == "acme/tiny"
    assert config.preprocessing == PreprocessingConfig()


def test_an_older_file_that_states_its_dtype_is_the_same_encoder(tmp_path: Path, encoder_data: Data) -> None:
    plain = EncoderConfig.load(written(tmp_path, encoder_data))

    assert EncoderConfig.load(written(tmp_path, encoder_data | {"dtype": "float32"})) == plain


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(name="Tiny_Encoder"), "name: "),
        (lambda d: d.update(version="one"), r"version: 'one' is not a version \(PEP 440\), such as 6.0.0"),
        (lambda d: d.update(version=1.0), "version: "),
        (lambda d: d.update(requires_core=">=1.0"), "requires_core: '>=1.0' needs a lower and an upper bound"),
        (lambda d: d.update(requires_core="1 to 2"), "requires_core: '1 to 2' is not a version range"),
        (lambda d: d.pop("summary"), "summary: this key is missing"),
        (lambda d: d.pop("base"), "base: this key is missing"),
        (lambda d: d["base"]["sha256"].pop("tokenizer.json"), "base.sha256: states no sha256 for tokenizer.json"),
        (lambda d: d["base"].update(revision="main"), "base.revision: "),
        (lambda d: d.pop("adapter"), "adapter: this key is missing"),
        (lambda d: d["sha256"].pop(ADAPTER_FILE), f"sha256: states no sha256 for {ADAPTER_FILE}"),
        (lambda d: d["sha256"].pop(ADAPTER_CONFIG_FILE), f"sha256: states no sha256 for {ADAPTER_CONFIG_FILE}"),
        (lambda d: d["sha256"].update({ADAPTER_FILE: "1" * 63}), f"sha256.{ADAPTER_FILE}: "),
        (lambda d: d.pop("pooling"), "pooling: this key is missing"),
        (lambda d: d.update(pooling="max"), "pooling: "),
        (lambda d: d.update(dtype="bfloat16"), "dtype: "),
        (lambda d: d.update(preprocessing={"head_tokens": 0}), "preprocessing.head_tokens: "),
        (lambda d: d.update(dimensions=[]), "dimensions: there is no such key here"),
    ],
)
def test_a_fault_of_an_encoder_is_named_with_its_place(
    tmp_path: Path, encoder_data: Data, change: Change, message: str
) -> None:
    change(encoder_data)

    with pytest.raises(ConfigError) as error:
        EncoderConfig.load(written(tmp_path, encoder_data))

    text = str(error.value)
    assert text.startswith(f"{tmp_path / ENCODER_FILE} has 1 fault(s):")
    assert re.search(rf"\n  {message}", text)


def test_all_faults_of_an_encoder_are_told_at_once(tmp_path: Path, encoder_data: Data) -> None:
    del encoder_data["pooling"]

    with pytest.raises(ConfigError, match=r"has 3 fault\(s\)"):
        EncoderConfig.load(written(tmp_path, encoder_data | {"version": "one", "surprise": 1}))


@pytest.mark.parametrize("data", [None, [], "name: x", 3])
def test_an_encoder_must_be_a_mapping(tmp_path: Path, data: Any) -> None:
    with pytest.raises(ConfigError, match=r"\(whole file\): "):
        EncoderConfig.load(written(tmp_path, data))


def test_a_missing_encoder_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"encoder.yaml does not exist; the folder must hold that file"):
        EncoderConfig.load(tmp_path)


@pytest.mark.parametrize("content", ["name: [", "name: a\nname: b\n", "name: !!python/object/apply:os.getcwd []"])
def test_an_encoder_file_that_is_not_plain_yaml_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / ENCODER_FILE).write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"encoder.yaml cannot be read as YAML"):
        EncoderConfig.load(tmp_path)


def test_a_student_may_share_an_encoder(sharing: Data) -> None:
    student = FilterConfig.parse(sharing).student()

    assert student.encoder
    assert (student.encoder.name, student.encoder.path) == (ENCODER, None)
    assert (student.base, student.pooling, student.preprocessing) == (None, None, None)
    assert student.weights_sha256 == "1" * 64


BOTH = "students.compact: needs either a base model .base. or a shared encoder .encoder."
ENCODERS_OWN = "students.compact: pooling and preprocessing are the encoder's; leave them out"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("encoder"), BOTH),
        (lambda s: s.update(base={"model": "acme/tiny", "sha256": dict.fromkeys(BASE_FILES, "0" * 64)}), BOTH),
        (lambda s: s.update(pooling="mean"), ENCODERS_OWN),
        (lambda s: s.update(preprocessing={"head_tokens": 16}), ENCODERS_OWN),
        (lambda s: s["encoder"].pop("name"), "students.compact.encoder.name: this key is missing"),
        (lambda s: s["encoder"].update(name="Tiny Encoder"), "students.compact.encoder.name: "),
        (lambda s: s["encoder"].pop("fingerprint"), "students.compact.encoder.fingerprint: this key is missing"),
        (lambda s: s["encoder"].update(fingerprint="a" * 63), "students.compact.encoder.fingerprint: "),
        (lambda s: s["encoder"].update(version="1.0.0"), "students.compact.encoder.version: there is no such key"),
        (lambda s: s["sha256"].pop(ADAPTER_FILE), f"students.compact.sha256: states no sha256 for {ADAPTER_FILE}"),
    ],
)
def test_a_fault_of_a_sharing_student_is_named_with_its_place(sharing: Data, change: Change, message: str) -> None:
    change(compact(sharing))

    text = refused(sharing)

    assert text.startswith("the/config.yaml has 1 fault(s):")
    assert re.search(rf"\n  {message}", text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("pooling"), "students.compact: pooling: this key is missing"),
        (
            lambda s: s["sha256"].pop(ADAPTER_CONFIG_FILE),
            f"students.compact: sha256: states no sha256 for {ADAPTER_CONFIG_FILE}",
        ),
    ],
)
def test_a_student_with_a_base_needs_what_an_encoder_would_state(
    config_data: Data, change: Change, message: str
) -> None:
    change(compact(config_data))

    assert f"\n  {message}" in refused(config_data)
