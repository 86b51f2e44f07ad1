"""EncoderSpec: its fingerprint covers every fact that the numbers depend on; another encoder is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_encoder import (
    ENCODER,
    TITLE,
    change_encoder,
    random_head,
    restate_encoder,
    write_encoder,
    write_sharing_filter,
)

from distillery.config import ADAPTER_CONFIG_FILE, ADAPTER_FILE, ENCODER_FILE, FilterConfig
from distillery.errors import ConfigError, FilterVersionError, ModelError, WeightsError
from distillery.students.encoder_spec import EncoderSpec, load_encoder_spec, resolve_encoder_spec
from distillery.students.student import Student

WriteAdapter = Callable[..., Path]
Facts = dict[str, Any]


@pytest.fixture(scope="module")
def adapter(bert_base: Path, write_adapter: WriteAdapter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(bert_base, tmp_path_factory.mktemp("adapter"))


@pytest.fixture
def encoder(bert_base: Path, adapter: Path, tmp_path: Path) -> Path:
    """An encoder with a copy of its base, free to be changed."""
    base = shutil.copytree(bert_base, tmp_path / "base")
    return write_encoder(tmp_path / "encoder", base, adapter)


@pytest.fixture
def sharing(encoder: Path, tmp_path: Path) -> Path:
    """A filter on that encoder."""
    return write_sharing_filter(tmp_path / "filter", encoder, random_head(1))


def spec(folder: Path) -> EncoderSpec:
    return resolve_encoder_spec(FilterConfig.load(folder), folder)


def load(folder: Path) -> Student:
    return Student.load(FilterConfig.load(folder), folder, backend="torch")


def facts(encoder: Path) -> Facts:
    data: Facts = yaml.safe_load((encoder / ENCODER_FILE).read_text(encoding="utf-8"))
    return data


def with_package(folder: Path, package: str) -> Path:
    """Let the filter say which package its encoder comes with."""
    path = folder / "config.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data["students"]["compact"]["encoder"]["package"] = package
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return folder


def test_a_sharing_student_reads_as_its_encoder_says(sharing: Path, encoder: Path) -> None:
    found = spec(sharing)

    assert found == load_encoder_spec(encoder)
    assert found.title == TITLE
    assert found.adapter_folder == encoder / "adapter"
    assert (found.pooling, found.preprocessing.head_tokens, found.preprocessing.tail_tokens) == ("mean", 16, 8)


def test_a_student_with_an_adapter_of_its_own_has_no_title(bert_filter: Path) -> None:
    found = spec(bert_filter)

    assert (found.title, found.encoder) == (None, None)
    assert found.adapter_folder == bert_filter / "student"


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f["sha256"].update({ADAPTER_FILE: "f" * 64}),
        lambda f: f["sha256"].update({ADAPTER_CONFIG_FILE: "f" * 64}),
        lambda f: f["base"]["sha256"].update({"model.safetensors": "f" * 64}),
        lambda f: f["base"]["sha256"].update({"tokenizer.json": "f" * 64}),
        lambda f: f.update(pooling="first"),
        lambda f: f["preprocessing"].update(head_tokens=17),
        lambda f: f["preprocessing"].update(tail_tokens=9),
    ],
    ids=["adapter", "scaling", "base", "tokenizer", "pooling", "head tokens", "tail tokens"],
)
def test_another_encoder_than_pinned_is_refused(
    sharing: Path, encoder: Path, change: Callable[[Facts], object]
) -> None:
    data, pinned = facts(encoder), load_encoder_spec(encoder).fingerprint
    change(data)
    change_encoder(encoder, **data)
    present = load_encoder_spec(encoder).fingerprint

    with pytest.raises(WeightsError) as refused:
        spec(sharing)

    message = str(refused.value)
    assert f"tiny-filter 1.2.3 was trained on the encoder {ENCODER} with fingerprint {pinned[:12]}" in message
    assert f"{TITLE} has {present[:12]}" in message
    assert str(encoder) in message
    assert "Give the encoder that the filter was trained on" in message


def test_the_remedy_is_the_package_where_one_is_named(sharing: Path, encoder: Path) -> None:
    with_package(sharing, "acme-encoder==1.0.0")
    change_encoder(encoder, pooling="first")

    with pytest.raises(WeightsError, match=r'pip install --force-reinstall "acme-encoder==1.0.0"'):
        spec(sharing)


@pytest.mark.parametrize("change", [{"version": "1.0.1"}, {"summary": "Reads."}, {"requires_core": ">=1.0,<3"}])
def test_what_the_numbers_do_not_depend_on_may_change(sharing: Path, encoder: Path, change: Facts) -> None:
    before = spec(sharing).fingerprint

    change_encoder(encoder, **change)

    assert spec(sharing).fingerprint == before


def test_the_fingerprint_does_not_depend_on_where_the_files_are(encoder: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(encoder, tmp_path / "moved")
    change_encoder(moved, base=facts(encoder)["base"] | {"path": "../base"})

    assert load_encoder_spec(moved).fingerprint == load_encoder_spec(encoder).fingerprint


def test_relative_paths_start_at_the_encoder(
    encoder: Path, sharing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encoder and filter can be moved together, and used from anywhere."""
    change_encoder(encoder, base=facts(encoder)["base"] | {"path": "../base"})
    monkeypatch.chdir(sharing)

    assert spec(sharing).base_folder().resolve() == tmp_path / "base"


@pytest.mark.parametrize("name", [ADAPTER_FILE, ADAPTER_CONFIG_FILE])
@pytest.mark.parametrize("present", [True, False], ids=["changed", "missing"])
def test_an_adapter_that_is_not_as_stated_is_refused(sharing: Path, encoder: Path, name: str, *, present: bool) -> None:
    with_package(sharing, "acme-encoder==1.0.0")
    path = encoder / "adapter" / name
    path.write_bytes(path.read_bytes() + b" ") if present else path.unlink()

    with pytest.raises(WeightsError) as refused:
        load(sharing)

    message = str(refused.value)
    assert message.startswith(f"encoder {TITLE}: ")
    assert f"{name} has sha256" in message or f"{name} is missing" in message
    assert 'pip install --force-reinstall "acme-encoder==1.0.0"' in message


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_base_that_is_not_as_stated_is_refused(sharing: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "base" / name
    path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(WeightsError, match=f"acme/tiny: {name} has sha256"):
        load(sharing)


def test_an_encoder_with_a_head_is_refused(sharing: Path, encoder: Path, adapter: Path, tmp_path: Path) -> None:
    shutil.rmtree(encoder)
    write_encoder(encoder, tmp_path / "base", adapter)
    shutil.copy(adapter / ADAPTER_FILE, encoder / "adapter" / ADAPTER_FILE)
    restate_encoder(encoder, facts(encoder))
    write_sharing_filter(sharing, encoder, random_head(1))

    with pytest.raises(ModelError, match="an encoder's adapter holds no head, but this one does"):
        load(sharing)


def test_a_head_for_another_encoder_is_refused(encoder: Path, tmp_path: Path) -> None:
    """When it is loaded, not article by article."""
    wider = write_sharing_filter(tmp_path / "wider", encoder, random_head(1, width=48))

    with pytest.raises(ModelError, match=r"weight \[3, 48\].* need \[3, 32\]"):
        load(wider)


def test_more_tokens_than_the_base_reads_are_refused(encoder: Path, tmp_path: Path) -> None:
    change_encoder(encoder, preprocessing={"head_tokens": 60, "tail_tokens": 3})
    folder = write_sharing_filter(tmp_path / "filter", encoder, random_head(1))

    with pytest.raises(ConfigError, match="up to 65 tokens, special ones counted, but the base model reads 64"):
        load(folder)


def test_an_encoder_for_another_core_is_refused(sharing: Path, encoder: Path) -> None:
    change_encoder(encoder, requires_core=">=0.1,<0.2")

    with pytest.raises(FilterVersionError) as refused:
        spec(sharing)

    assert f"encoder {TITLE} needs distillery-core >=0.1,<0.2" in str(refused.value)
    assert f"pip install -U distillery-encoder-{ENCODER}" in str(refused.value)


def test_a_fault_in_the_encoders_file_is_told(sharing: Path, encoder: Path) -> None:
    change_encoder(encoder, pooling="max")

    with pytest.raises(ConfigError, match=r"encoder.yaml has 1 fault\(s\):\n  pooling: "):
        spec(sharing)
