"""StudentNetwork: an adapter merged into its base scores as PEFT's own model does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from distillery.config import ADAPTER_FILE
from distillery.errors import AdapterError, ModelError
from distillery.students.network import StudentNetwork, load_backbone, load_encoder, load_network

WriteAdapter = Callable[..., Path]

POOLING = {"bert": "pooler", "gemma": "last"}


@pytest.fixture(params=["bert", "gemma"])
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def base(request: pytest.FixtureRequest, architecture: str) -> Path:
    folder: Path = request.getfixturevalue(f"{architecture}_base")
    return folder


def load(base: Path, adapter: Path, pooling: str | None = None) -> StudentNetwork:
    return load_network(base, adapter, pooling or POOLING[base.name.rstrip("0123456789")], 3)


@pytest.fixture(scope="module")
def batch() -> tuple[Tensor, Tensor]:
    """Ids and mask of four articles of 20, 13, 2 and 1 tokens."""
    lengths = torch.tensor([20, 13, 2, 1])
    mask = (torch.arange(20) < lengths[:, None]).long()
    ids = torch.randint(4, 100, mask.shape, generator=torch.Generator().manual_seed(5)) * mask
    return ids, mask


@torch.inference_mode()
def scores(network: StudentNetwork, batch: tuple[Tensor, Tensor]) -> Tensor:
    return network(*batch)


@torch.inference_mode()
def scores_of_peft(base: Path, adapter: Path, batch: tuple[Tensor, Tensor]) -> Tensor:
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=3, dtype=torch.float32)
    ids, mask = batch
    logits: Tensor = PeftModel.from_pretrained(model, adapter).eval()(input_ids=ids, attention_mask=mask).logits
    return logits


def distance(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


@pytest.mark.parametrize(
    "options",
    [{}, {"use_rslora": True}, {"r": 2, "lora_alpha": 3}, {"lora_alpha": 0.5}, {"target_modules": "all-linear"}],
    ids=["plain", "rslora", "rank", "alpha", "all-linear"],
)
def test_scores_equal_pefts(
    base: Path, write_adapter: WriteAdapter, tmp_path: Path, batch: tuple[Tensor, Tensor], options: dict[str, Any]
) -> None:
    write_adapter(base, tmp_path, **options)

    ours, pefts = scores(load(base, tmp_path), batch), scores_of_peft(base, tmp_path, batch)

    assert distance(ours, pefts) < 1e-5
    assert ours.std() > 0.5, "scores that hardly differ prove nothing"


def test_adapter_changes_the_scores(
    base: Path, write_adapter: WriteAdapter, tmp_path: Path, batch: tuple[Tensor, Tensor]
) -> None:
    write_adapter(base, tmp_path)
    network = load(base, tmp_path)
    with_adapter = scores(network, batch)

    network.backbone = load_backbone(base).eval()

    assert distance(with_adapter, scores(network, batch)) > 0.1


def test_new_key_names_load_identically(
    base: Path, write_adapter: WriteAdapter, tmp_path: Path, batch: tuple[Tensor, Tensor]
) -> None:
    """Names as in PEFT's memory, which PEFT itself does not load."""
    old, new = write_adapter(base, tmp_path / "old"), write_adapter(base, tmp_path / "new")
    tensors = {
        key.replace(".weight", ".default.weight")
        if "lora_" in key
        else key.replace("classifier.", "classifier.modules_to_save.default.").replace(
            "score.", "score.modules_to_save.default."
        ): tensor
        for key, tensor in load_file(new / ADAPTER_FILE).items()
    }
    assert not tensors.keys() & load_file(old / ADAPTER_FILE).keys()
    save_file(tensors, new / ADAPTER_FILE)

    assert torch.equal(scores(load(base, new), batch), scores(load(base, old), batch))


def test_bfloat16_adapter_is_merged_in_float32(
    base: Path, write_adapter: WriteAdapter, tmp_path: Path, batch: tuple[Tensor, Tensor]
) -> None:
    write_adapter(base, tmp_path)
    save_file(
        {key: tensor.bfloat16() for key, tensor in load_file(tmp_path / ADAPTER_FILE).items()}, tmp_path / ADAPTER_FILE
    )

    network = load(base, tmp_path)

    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert distance(scores(network, batch), scores_of_peft(base, tmp_path, batch)) < 1e-5


def test_padding_does_not_change_a_score(
    base: Path, write_adapter: WriteAdapter, tmp_path: Path, batch: tuple[Tensor, Tensor]
) -> None:
    network = load(base, write_adapter(base, tmp_path))
    ids, mask = batch

    alone = [
        scores(network, (ids[n : n + 1, :length], mask[n : n + 1, :length])) for n, length in enumerate(mask.sum(1))
    ]

    assert distance(scores(network, batch), torch.cat(alone)) < 1e-5


@pytest.mark.parametrize("pooling", ["mean", "first", "last"])
def test_pooling(
    bert_base: Path, write_adapter: WriteAdapter, tmp_path: Path, batch: tuple[Tensor, Tensor], pooling: str
) -> None:
    network = load(bert_base, write_adapter(bert_base, tmp_path), pooling)
    ids, mask = batch

    with torch.inference_mode():
        pooled = network.embed(ids, mask)
        hidden = network.backbone(input_ids=ids, attention_mask=mask).last_hidden_state

    for vector, row, length in zip(pooled, hidden, mask.sum(1).tolist(), strict=True):
        real = row[:length]
        wanted = {"mean": real.mean(0), "first": real[0], "last": real[-1]}[pooling]
        assert torch.allclose(vector, wanted, atol=1e-6)


def test_an_encoder_gives_the_vectors_that_a_head_reads(
    base: Path, write_adapter: WriteAdapter, tmp_path: Path, batch: tuple[Tensor, Tensor]
) -> None:
    network = load(base, write_adapter(base, tmp_path), "mean")
    with torch.inference_mode():
        expected = network.embed(*batch)
    tensors = {key: tensor for key, tensor in load_file(tmp_path / ADAPTER_FILE).items() if "lora_" in key}
    save_file(tensors, tmp_path / ADAPTER_FILE)

    encoder = load_encoder(base, tmp_path, "mean")

    with torch.inference_mode():
        assert torch.equal(encoder(*batch), expected)
    assert not any(module.training for module in encoder.modules())


def test_an_encoder_with_a_head_is_refused(bert_base: Path, write_adapter: WriteAdapter, tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="an encoder's adapter holds no head, but this one does"):
        load_encoder(bert_base, write_adapter(bert_base, tmp_path), "mean")


def test_network_is_ready_to_predict(base: Path, write_adapter: WriteAdapter, tmp_path: Path) -> None:
    """In training mode dropout would change the score from call to call."""
    assert not any(module.training for module in load(base, write_adapter(base, tmp_path)).modules())


def test_a_head_of_another_size_is_refused(bert_base: Path, write_adapter: WriteAdapter, tmp_path: Path) -> None:
    write_adapter(bert_base, tmp_path, n_outputs=4)

    with pytest.raises(AdapterError, match="the head predicts 4 values, the config has 3 dimensions"):
        load(bert_base, tmp_path)


def test_a_head_of_another_width_is_refused(bert_base: Path, write_adapter: WriteAdapter, tmp_path: Path) -> None:
    write_adapter(bert_base, tmp_path)
    tensors = load_file(tmp_path / ADAPTER_FILE)
    tensors["base_model.model.classifier.weight"] = torch.zeros(3, 48)
    save_file(tensors, tmp_path / ADAPTER_FILE)

    with pytest.raises(AdapterError, match="the head does not fit the base model"):
        load(bert_base, tmp_path)


@pytest.fixture
def damaged_base(bert_base: Path, copy_of: Callable[[Path], Path], bert_filter: Path) -> Path:
    """A copy of the tiny BERT, free to be damaged."""
    return copy_of(bert_filter) / "base"


def test_a_base_without_its_config_is_refused(damaged_base: Path) -> None:
    (damaged_base / "config.json").unlink()

    with pytest.raises(ModelError, match="does not load as a base model"):
        load_backbone(damaged_base)


@pytest.mark.parametrize("content", [None, b"", b"garbage"])
def test_a_base_without_sound_weights_is_refused(damaged_base: Path, content: bytes | None) -> None:
    weights = damaged_base / "model.safetensors"
    weights.unlink()
    if content is not None:
        weights.write_bytes(content)

    with pytest.raises(ModelError, match="does not load as a base model"):
        load_backbone(damaged_base)


def test_a_base_that_lacks_a_tensor_is_refused(
    damaged_base: Path, write_adapter: WriteAdapter, bert_base: Path, tmp_path: Path
) -> None:
    """A hole is filled with random numbers, so that no two processes agree."""
    write_adapter(bert_base, tmp_path / "adapter")
    tensors = load_file(damaged_base / "model.safetensors")
    del tensors["encoder.layer.1.attention.self.value.weight"]
    save_file(tensors, damaged_base / "model.safetensors", metadata={"format": "pt"})

    with pytest.raises(ModelError, match=r"value.weight"):
        load(damaged_base, tmp_path / "adapter", "mean")


def test_pooler_that_the_base_lacks_is_refused(
    damaged_base: Path, write_adapter: WriteAdapter, bert_base: Path, tmp_path: Path
) -> None:
    write_adapter(bert_base, tmp_path / "adapter", target_modules=["query"])
    tensors = load_file(damaged_base / "model.safetensors")
    kept = {key: tensor for key, tensor in tensors.items() if "pooler" not in key}
    save_file(kept, damaged_base / "model.safetensors", metadata={"format": "pt"})

    with pytest.raises(ModelError, match="pooler"):
        load(damaged_base, tmp_path / "adapter", "pooler")


def test_pooler_that_is_not_read_may_be_absent(
    damaged_base: Path, write_adapter: WriteAdapter, bert_base: Path, tmp_path: Path
) -> None:
    write_adapter(bert_base, tmp_path / "adapter", target_modules=["query"])
    tensors = load_file(damaged_base / "model.safetensors")
    kept = {key: tensor for key, tensor in tensors.items() if "pooler" not in key}
    save_file(kept, damaged_base / "model.safetensors", metadata={"format": "pt"})

    load(damaged_base, tmp_path / "adapter", "mean")


def test_pickled_weights_are_never_read(damaged_base: Path) -> None:
    tensors = load_file(damaged_base / "model.safetensors")
    (damaged_base / "model.safetensors").unlink()
    torch.save(tensors, damaged_base / "pytorch_model.bin")

    with pytest.raises(ModelError, match="does not load as a base model"):
        load_backbone(damaged_base)


def test_overrides_change_the_bases_config(bert_base: Path) -> None:
    backbone = load_backbone(bert_base, overrides={"hidden_dropout_prob": 0.0})

    assert backbone.config.hidden_dropout_prob == 0.0


# Options of PEFT, and what a refusal names; None where the adapter is applied.
KINDS: dict[str, tuple[dict[str, Any], str | None]] = {
    "gaussian": ({"init_lora_weights": "gaussian"}, None),
    "orthogonal": ({"init_lora_weights": "orthogonal"}, None),
    "no initialisation": ({"init_lora_weights": False}, None),
    "one layer": ({"layers_to_transform": [1], "layers_pattern": "layer", "target_modules": ["query"]}, None),
    "an expression": ({"target_modules": r".*\.(query|key)"}, None),
    "rsLoRA": ({"use_rslora": True}, None),
    "PiSSA": ({"init_lora_weights": "pissa"}, "init_lora_weights"),
    "PiSSA, fast": ({"init_lora_weights": "pissa_niter_2"}, "init_lora_weights"),
    "OLoRA": ({"init_lora_weights": "olora"}, "init_lora_weights"),
    "DoRA": ({"use_dora": True}, "use_dora"),
    "ranks by module": ({"rank_pattern": {"query": 2}}, "rank_pattern"),
    "alphas by module": ({"alpha_pattern": {"query": 32}}, "alpha_pattern"),
    "biases of LoRA": ({"lora_bias": True}, "lora_bias"),
    "biases of the layers": ({"bias": "lora_only"}, "bias"),
    "all biases": ({"bias": "all"}, "bias"),
    "a trained module": ({"modules_to_save": ["pooler"], "target_modules": ["query"]}, "pooler"),
    "trained embeddings": ({"target_modules": ["query", "word_embeddings"]}, "lora_embedding"),
    "trained tokens": ({"trainable_token_indices": {"word_embeddings": [1, 2]}}, "trainable_token_indices"),
}


@pytest.mark.filterwarnings("ignore:Adapter 'default'. 4 LoRA tensor.s. have invalid shape")  # PEFT, of its own biases
@pytest.mark.parametrize(("options", "named"), KINDS.values(), ids=list(KINDS))
def test_each_kind_of_adapter_is_applied_as_peft_does_or_refused_by_name(
    bert_base: Path, tmp_path: Path, batch: tuple[Tensor, Tensor], options: dict[str, Any], named: str | None
) -> None:
    """The scores are those of the model that was trained, in memory: a changed base is part of it."""
    trained = trained_with_peft(bert_base, tmp_path, options)

    if named is not None:
        with pytest.raises(AdapterError, match=named):
            load(bert_base, tmp_path)
        return

    ids, mask = batch
    with torch.inference_mode():
        theirs = trained(input_ids=ids, attention_mask=mask).logits
    assert distance(scores(load(bert_base, tmp_path), batch), theirs) < 1e-5


def trained_with_peft(base: Path, folder: Path, options: dict[str, Any]) -> Any:
    """Return a model with an adapter, every trained number moved a little; its adapter is saved in the folder."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(5)
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=3, dtype=torch.float32)
    plain = {"r": 4, "lora_alpha": 8, "target_modules": ["query", "value"]}
    adapted = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", **(plain | options)))
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.05)
    adapted.eval().save_pretrained(folder)
    return adapted
