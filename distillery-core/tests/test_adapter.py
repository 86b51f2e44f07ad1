"""Adapter: every tensor used, nothing missing, nothing misread; the numbers are in test_network.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from distillery.config import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from distillery.errors import AdapterError
from distillery.students.adapter import Adapter
from distillery.students.network import load_backbone

WriteAdapter = Callable[..., Path]
QUERY = "base_model.model.bert.encoder.layer.0.attention.self.query"


@pytest.fixture
def folder(bert_base: Path, write_adapter: WriteAdapter, tmp_path: Path) -> Path:
    """A sound adapter for the tiny BERT, free to be damaged."""
    return write_adapter(bert_base, tmp_path / "student")


@pytest.fixture
def backbone(bert_base: Path) -> nn.Module:
    return load_backbone(bert_base)


def change_tensors(folder: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    tensors = load_file(folder / ADAPTER_FILE)
    change(tensors)
    save_file(tensors, folder / ADAPTER_FILE)


def change_options(folder: Path, **options: Any) -> None:
    path = folder / ADAPTER_CONFIG_FILE
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | options), encoding="utf-8")


def refused(folder: Path, backbone: nn.Module | None = None) -> str:
    """Return the message with which an adapter is refused: while it is read, or merged if a base is given."""
    if backbone is None:
        with pytest.raises(AdapterError) as error:
            Adapter.load(folder)
    else:
        adapter = Adapter.load(folder)
        with pytest.raises(AdapterError) as error:
            adapter.merge_into(backbone, "bert")
    return str(error.value)


def test_what_peft_saved_is_read(folder: Path) -> None:
    adapter = Adapter.load(folder)

    adapter.check_head(3)
    assert set(adapter.head) == {"weight", "bias"}
    assert len(adapter.lora) == 2 * (2 + 3) + 1, "query, value and three dense layers in each of two layers; the pooler"
    assert adapter.scaling == 8 / 4


def test_rslora_scales_by_the_root_of_the_rank(folder: Path) -> None:
    change_options(folder, use_rslora=True)

    assert Adapter.load(folder).scaling == 8 / 4**0.5


def test_merging_adds_the_scaled_product(folder: Path, backbone: nn.Module) -> None:
    adapter = Adapter.load(folder)
    pair = adapter.lora["bert.encoder.layer.0.attention.self.query"]
    before = backbone.get_parameter("encoder.layer.0.attention.self.query.weight").clone()

    adapter.merge_into(backbone, "bert")

    after = backbone.get_parameter("encoder.layer.0.attention.self.query.weight")
    assert torch.allclose(after, before + 2.0 * pair["B"] @ pair["A"], atol=1e-6)
    assert not torch.allclose(after, before, atol=1e-3)


def test_modules_that_are_not_adapted_stay(folder: Path, backbone: nn.Module) -> None:
    before = backbone.get_parameter("encoder.layer.1.attention.self.key.weight").clone()

    Adapter.load(folder).merge_into(backbone, "bert")

    assert torch.equal(backbone.get_parameter("encoder.layer.1.attention.self.key.weight"), before)


@pytest.mark.parametrize(
    "key",
    [
        "base_model.model.bert.embeddings.word_embeddings.weight",
        f"{QUERY}.base_layer.weight",
        f"{QUERY}.lora_magnitude_vector",
        f"{QUERY}.lora_embedding_A",
        f"{QUERY}.lora_B.bias",
        "base_model.model.classifier.dense.weight",
        "anything",
    ],
)
def test_a_tensor_that_nothing_uses_is_refused(folder: Path, key: str) -> None:
    """A loader that skips what it does not know once used 0 of 29 tensors, silently."""
    change_tensors(folder, lambda tensors: tensors.update({key: torch.zeros(2, 2)}))

    message = refused(folder)

    assert "1 of 25 tensors are neither LoRA nor head" in message
    assert key in message


@pytest.mark.parametrize(
    "key", ["base_model.model.score.weight", "base_model.model.classifier.modules_to_save.default.weight"]
)
def test_a_second_head_is_refused(folder: Path, key: str) -> None:
    change_tensors(folder, lambda tensors: tensors.update({key: torch.zeros(3, 32)}))

    refused(folder)


def test_a_second_update_of_one_module_is_refused(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.update({f"{QUERY}.lora_A.default.weight": torch.zeros(4, 32)}))

    refused(folder)


def test_a_missing_head_is_refused(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.pop("base_model.model.classifier.weight"))

    with pytest.raises(AdapterError, match="holds no head"):
        Adapter.load(folder).check_head(3)


def test_half_an_update_is_refused(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.pop(f"{QUERY}.lora_B.weight"))

    assert "query has lora_A or lora_B, but not both" in refused(folder)


def test_a_missing_layer_is_refused(folder: Path, backbone: nn.Module) -> None:
    change_tensors(folder, lambda tensors: [tensors.pop(f"{QUERY}.lora_{side}.weight") for side in "AB"])

    message = refused(folder, backbone)

    assert "holds nothing for 1 of those modules, such as encoder.layer.0.attention.self.query" in message


def test_an_adapter_of_a_deeper_base_is_refused(folder: Path, backbone: nn.Module) -> None:
    def add_layer(tensors: dict[str, Tensor]) -> None:
        for side in "AB":
            tensors[QUERY.replace("layer.0", "layer.2") + f".lora_{side}.weight"] = tensors[
                f"{QUERY}.lora_{side}.weight"
            ].clone()

    change_tensors(folder, add_layer)

    message = refused(folder, backbone)

    assert "1 of 12 adapted modules are not in the base model, such as encoder.layer.2" in message
    assert "trained on another base" in message


def test_an_adapter_of_another_architecture_is_refused(
    gemma_base: Path, write_adapter: WriteAdapter, tmp_path: Path, backbone: nn.Module
) -> None:
    write_adapter(gemma_base, tmp_path / "other")

    assert "8 of 8 adapted modules are not in the base model" in refused(tmp_path / "other", backbone)


@pytest.mark.parametrize(("side", "shape"), [("A", (4, 48)), ("B", (48, 4))])
def test_an_update_of_another_width_is_refused(
    folder: Path, backbone: nn.Module, side: str, shape: tuple[int, int]
) -> None:
    change_tensors(folder, lambda tensors: tensors.update({f"{QUERY}.lora_{side}.weight": torch.zeros(shape)}))

    message = refused(folder, backbone)

    assert "the update of encoder.layer.0.attention.self.query has shape" in message
    assert "the base model's weight [32, 32]" in message


def test_halves_of_different_rank_are_refused(folder: Path, backbone: nn.Module) -> None:
    change_tensors(folder, lambda tensors: tensors.update({f"{QUERY}.lora_A.weight": torch.zeros(5, 32)}))

    with pytest.raises(AdapterError):
        Adapter.load(folder).merge_into(backbone, "bert")


def test_a_rank_that_is_not_the_tensors_is_refused(folder: Path, backbone: nn.Module) -> None:
    """The scaling depends on it, so every score would be wrong without a word."""
    change_options(folder, r=8)

    with pytest.raises(AdapterError):
        Adapter.load(folder).merge_into(backbone, "bert")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("peft_type", "LOHA"),
        ("bias", "all"),
        ("use_dora", True),
        ("lora_bias", True),
        ("fan_in_fan_out", True),
        ("rank_pattern", {"query": 8}),
        ("alpha_pattern", {"query": 8}),
        ("layer_replication", [[0, 2]]),
        ("target_parameters", ["x"]),
        ("trainable_token_indices", [1]),
        ("use_qalora", True),
        ("alora_invocation_tokens", [1]),
        ("use_bdlora", {"nblocks": 2}),
        ("kasa_config", {"beta": 0.1}),
        ("velora_config", {"num_groups": 2}),
        ("arrow_config", {"top_k": 2}),
        ("what_a_later_peft_adds", True),
    ],
)
def test_a_kind_of_adapter_that_is_not_plain_lora_is_refused(folder: Path, option: str, value: Any) -> None:
    change_options(folder, **{option: value})

    assert f"{option}={value!r} is not supported; a student is a plain LoRA adapter" in refused(folder)


def test_dora_as_peft_saves_it_is_refused(bert_base: Path, write_adapter: WriteAdapter, tmp_path: Path) -> None:
    write_adapter(bert_base, tmp_path / "dora", use_dora=True)

    assert "use_dora=True is not supported" in refused(tmp_path / "dora")


@pytest.mark.parametrize("start", ["pissa", "pissa_niter_4", "olora", "corda", "lora_ga", "loftq", "PISSA", "later"])
def test_an_initialisation_that_changed_the_base_is_refused(folder: Path, start: str) -> None:
    change_options(folder, init_lora_weights=start)

    assert f"init_lora_weights='{start}' is not supported: it took a part out of the base's weights" in refused(folder)


@pytest.mark.parametrize("start", ["pissa", "olora", "pissa_niter_2"])
def test_what_peft_saves_of_such_an_initialisation_is_refused(
    bert_base: Path, write_adapter: WriteAdapter, tmp_path: Path, start: str
) -> None:
    write_adapter(bert_base, tmp_path / "student", init_lora_weights=start)

    assert f"init_lora_weights='{start}'" in refused(tmp_path / "student")


@pytest.mark.parametrize(
    "options", [{"r": 0}, {"r": None}, {"r": -4}, {"r": "4"}, {"lora_alpha": None}, {"lora_alpha": "8"}]
)
def test_a_scaling_that_cannot_be_computed_is_refused(folder: Path, options: dict[str, Any]) -> None:
    change_options(folder, **options)

    assert "needs a rank r above 0 and a lora_alpha" in refused(folder)


def test_a_target_given_as_an_expression_is_followed(folder: Path, backbone: nn.Module) -> None:
    change_options(folder, target_modules=r".*\.(query|value|dense)")

    Adapter.load(folder).merge_into(backbone, "bert")


def test_excluded_modules_are_not_missed(
    bert_base: Path, write_adapter: WriteAdapter, tmp_path: Path, backbone: nn.Module
) -> None:
    write_adapter(bert_base, tmp_path / "student", exclude_modules=["pooler.dense"])

    adapter = Adapter.load(tmp_path / "student")
    adapter.merge_into(backbone, "bert")

    assert len(adapter.lora) == 10


def test_layers_may_be_a_choice(
    bert_base: Path, write_adapter: WriteAdapter, tmp_path: Path, backbone: nn.Module
) -> None:
    write_adapter(
        bert_base, tmp_path / "student", target_modules=["query"], layers_to_transform=[1], layers_pattern="layer"
    )

    adapter = Adapter.load(tmp_path / "student")
    adapter.merge_into(backbone, "bert")

    assert list(adapter.lora) == ["bert.encoder.layer.1.attention.self.query"]


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff" * 64])
def test_corrupt_tensors_are_refused(folder: Path, content: bytes) -> None:
    (folder / ADAPTER_FILE).write_bytes(content)

    assert f"{ADAPTER_FILE} cannot be read" in refused(folder)


def test_cut_off_tensors_are_refused(folder: Path) -> None:
    content = (folder / ADAPTER_FILE).read_bytes()
    (folder / ADAPTER_FILE).write_bytes(content[: len(content) // 2])

    assert f"{ADAPTER_FILE} cannot be read" in refused(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "[1, 2]", "5", "null"])
def test_corrupt_options_are_refused(folder: Path, content: str) -> None:
    (folder / ADAPTER_CONFIG_FILE).write_text(content, encoding="utf-8")

    assert ADAPTER_CONFIG_FILE in refused(folder)


@pytest.mark.parametrize("name", [ADAPTER_FILE, ADAPTER_CONFIG_FILE])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    assert f"{name} cannot be read" in refused(folder)
