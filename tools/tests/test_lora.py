"""LoraNetwork and its saving: what is saved is what was trained, for the core and for PEFT itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from distillery import FilterConfig
from distillery.config import StudentConfig
from distillery.students.network import load_network
from distillery.toolkit import ADAPTER_CONFIG_FILE, ADAPTER_FILE, load_encoder, padded
from distillery_tools.training.lora import LoraNetwork
from distillery_tools.training.saving import ADAPTER_FOLDER, HEADS_FILE, TrainedNetwork, save_encoder, save_student
from distillery_tools.training.scaling import Scaling
from distillery_tools.training.tasks import tasks_of

N_OUTPUTS, RANK = 3, 4
MEAN, SCALE = torch.tensor([4.0, 2.5, 6.0]), torch.tensor([1.5, 0.2, 3.0])
ROWS = [[2, 7, 8, 9, 10, 3], [2, 11, 3], [2, *range(4, 24), 3], [2, 5, 5, 5, 12, 13, 14, 3]]
ARCHITECTURES = [("bert", "mean"), ("bert", "first"), ("bert", "pooler"), ("gemma", "last"), ("gemma", "mean")]
Save = Callable[[Path], Path]
architectures = pytest.mark.parametrize(("base", "settings"), ARCHITECTURES, indirect=True)
bert_and_gemma = pytest.mark.parametrize(("base", "settings"), [ARCHITECTURES[0], ARCHITECTURES[3]], indirect=True)


@pytest.fixture
def base(request: pytest.FixtureRequest) -> Path:
    """The base model of a name, a BERT unless one is given."""
    folder: Path = request.getfixturevalue(f"{getattr(request, 'param', 'bert')}_base")
    return folder


@pytest.fixture
def settings(config: FilterConfig, request: pytest.FixtureRequest) -> StudentConfig:
    """The student's settings with the pooling asked for."""
    return config.student().model_copy(update={"pooling": getattr(request, "param", "mean")})


@pytest.fixture
def student(base: Path, settings: StudentConfig) -> LoraNetwork:
    """A student a few steps into its training, so that no update is zero."""
    torch.manual_seed(0)
    student = LoraNetwork(base, str(settings.pooling), N_OUTPUTS, RANK)
    trained = [parameter for parameter in student.network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (predict(student.network) - 1).square().mean().backward()
        optimizer.step()
    return student


def trained_network(student: LoraNetwork, config: FilterConfig, settings: StudentConfig) -> TrainedNetwork:
    """Return the student with what its files must say."""
    assert settings.base is not None
    scaling = Scaling(MEAN.double().numpy(), SCALE.double().numpy())
    return TrainedNetwork(student, settings.base, scaling, tasks_of([config]))


@pytest.fixture
def save(student: LoraNetwork, config: FilterConfig, settings: StudentConfig) -> Save:
    """Writes the student into a run's folder; returns its adapter's folder."""

    def write(run: Path) -> Path:
        run.mkdir(exist_ok=True)
        save_student(trained_network(student, config, settings), run)
        return run / ADAPTER_FOLDER

    return write


def predict(network: nn.Module, rows: list[list[int]] = ROWS) -> Tensor:
    """Return the network's output for some token ids, in float32."""
    ids, mask = (torch.from_numpy(array) for array in padded(rows))
    output: Tensor = network(ids, mask)
    return output


def loaded_by_peft(base: Path, adapter: Path) -> Any:
    """Return transformers' own classifier with the adapter that PEFT has read."""
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=N_OUTPUTS)
    return PeftModel.from_pretrained(model, adapter).eval()


def options_in(folder: Path) -> dict[str, Any]:
    """Return the adapter's config."""
    content: dict[str, Any] = json.loads((folder / ADAPTER_CONFIG_FILE).read_text(encoding="utf-8"))
    return content


@architectures
def test_the_core_predicts_what_was_trained(
    base: Path, settings: StudentConfig, student: LoraNetwork, save: Save, tmp_path: Path
) -> None:
    """On the 0-10 scale: the standardisation is in the saved head."""
    network = load_network(base, save(tmp_path), str(settings.pooling), N_OUTPUTS)

    student.network.eval()
    with torch.inference_mode():
        expected, found = predict(student.network) * SCALE + MEAN, predict(network)
    assert (found - expected).abs().max() < 1e-5
    assert expected.std(dim=0).min() > 1e-3, "the rows must differ, or the test says nothing"


@bert_and_gemma
def test_a_new_adapter_changes_nothing_in_the_base(base: Path, settings: StudentConfig, tmp_path: Path) -> None:
    """Only the head is new before the first step."""
    from distillery.toolkit import load_backbone, pool

    fresh = LoraNetwork(base, str(settings.pooling), N_OUTPUTS, RANK)
    ids, mask = (torch.from_numpy(array) for array in padded(ROWS))
    with torch.inference_mode():
        found = fresh.network.eval().embed(ids, mask)
        expected = pool(load_backbone(base).eval()(input_ids=ids, attention_mask=mask), mask, str(settings.pooling))
    assert (found - expected).abs().max() < 1e-5


@bert_and_gemma
def test_only_updates_and_head_are_trained(student: LoraNetwork) -> None:
    """The base stays frozen; every linear layer but the pooler has its updates."""
    names = {name for name, parameter in student.network.named_parameters() if parameter.requires_grad}
    adapted = {name.split(".parametrizations.")[0] for name in names if ".lora_" in name}
    linear = {
        name
        for name, module in student.network.backbone.named_modules()
        if isinstance(module, nn.Linear) and "pooler" not in name
    }
    assert {name.removeprefix("backbone.") for name in adapted} == linear
    assert {name for name in names if ".lora_" not in name} == {"score.weight", "score.bias"}


@bert_and_gemma
def test_the_updates_of_one_step_reach_every_layer(save: Save, tmp_path: Path) -> None:
    """No tensor of the saved adapter is still zero after a few steps."""
    from safetensors.torch import load_file

    tensors = load_file(save(tmp_path) / ADAPTER_FILE)
    assert {str(tensor.dtype) for tensor in tensors.values()} == {"torch.float32"}
    assert [name for name, tensor in tensors.items() if not tensor.any()] == []


@bert_and_gemma
def test_peft_loads_the_updates_too(base: Path, student: LoraNetwork, save: Save, tmp_path: Path) -> None:
    """PEFT puts the saved updates where they were trained: hidden states agree."""
    loaded = loaded_by_peft(base, save(tmp_path))

    ids, mask = (torch.from_numpy(array) for array in padded(ROWS))
    backbone = loaded.get_base_model().base_model
    with torch.inference_mode():
        found = backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        expected = student.network.eval().backbone(input_ids=ids, attention_mask=mask).last_hidden_state
    assert ((found - expected).abs() * mask[..., None]).max() < 1e-5


@pytest.mark.parametrize(("base", "settings"), [("bert", "pooler"), ("gemma", "last")], indirect=True)
def test_peft_predicts_the_same_where_its_model_pools_so(
    base: Path, student: LoraNetwork, save: Save, tmp_path: Path
) -> None:
    """The head has the name that transformers gives it; a decoder's has no bias there."""
    loaded = loaded_by_peft(base, save(tmp_path))

    ids, mask = (torch.from_numpy(array) for array in padded(ROWS))
    absent = student.network.score.bias * SCALE + MEAN if student.network.pooling == "last" else 0
    with torch.inference_mode():
        found = loaded(input_ids=ids, attention_mask=mask).logits + absent
        expected = predict(student.network.eval()) * SCALE + MEAN
    assert (found - expected).abs().max() < 1e-5


@bert_and_gemma
def test_saving_twice_gives_the_same_bytes(save: Save, tmp_path: Path) -> None:
    """config.yaml states the sha256 of both files."""
    first, second = save(tmp_path / "first"), save(tmp_path / "second")
    for name in (ADAPTER_CONFIG_FILE, ADAPTER_FILE):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_saving_does_not_disturb_training(student: LoraNetwork, save: Save, tmp_path: Path) -> None:
    """Every epoch may be saved: the network goes on as it was."""
    before = {name: value.clone() for name, value in student.network.state_dict().items()}
    save(tmp_path)
    after = student.network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


@bert_and_gemma
def test_the_adapter_config_says_what_it_was_trained_on(settings: StudentConfig, save: Save, tmp_path: Path) -> None:
    """PEFT and people find the base model by its Hub name and commit."""
    options = options_in(save(tmp_path))
    assert settings.base is not None
    assert options["base_model_name_or_path"] == settings.base.model
    assert options["revision"] == settings.base.revision
    assert (options["peft_type"], options["task_type"]) == ("LORA", "SEQ_CLS")
    assert (options["r"], options["lora_alpha"], options["lora_dropout"]) == (RANK, 2 * RANK, 0.0)
    assert options["inference_mode"] is True
    assert options["target_modules"] == sorted(options["target_modules"])


def test_no_path_of_this_machine_is_saved(base: Path, save: Save, tmp_path: Path) -> None:
    """A released adapter says nothing of the trainer's folders."""
    assert str(base) not in (save(tmp_path) / ADAPTER_CONFIG_FILE).read_text(encoding="utf-8")


@architectures
def test_every_dropout_is_off(student: LoraNetwork) -> None:
    """In training, too, the same articles give the same output."""
    student.network.train()
    with torch.no_grad():
        assert torch.equal(predict(student.network), predict(student.network))


def test_a_dropout_that_the_base_does_not_state_is_off(base: Path, settings: StudentConfig, tmp_path: Path) -> None:
    """Base models may leave their config to the architecture's defaults, BERT's being a dropout of 0.1."""
    import shutil

    copy = Path(shutil.copytree(base, tmp_path / "base"))
    options = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    stated = {name: value for name, value in options.items() if "dropout" not in name}
    (copy / "config.json").write_text(json.dumps(stated), encoding="utf-8")

    network = LoraNetwork(copy, str(settings.pooling), N_OUTPUTS, RANK).network.train()

    with torch.no_grad():
        assert torch.equal(predict(network), predict(network))


def test_the_seed_decides_the_start(base: Path, settings: StudentConfig) -> None:
    """Head and updates are drawn from torch's generator and nothing else."""

    def start(seed: int) -> dict[str, Tensor]:
        torch.manual_seed(seed)
        return LoraNetwork(base, str(settings.pooling), N_OUTPUTS, RANK).network.state_dict()

    first, again, other = start(1), start(1), start(2)
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert not torch.equal(first["score.weight"], other["score.weight"])


class TestEncoder:
    """save_encoder: an adapter without a head, and the heads beside it."""

    @architectures
    def test_the_core_encodes_what_was_trained(
        self, base: Path, config: FilterConfig, settings: StudentConfig, student: LoraNetwork, tmp_path: Path
    ) -> None:
        """Vectors from the adapter; with the head, scores on the 0-10 scale."""
        from safetensors.torch import load_file

        save_encoder(trained_network(student, config, settings), tmp_path)

        encoder = load_encoder(base, tmp_path / ADAPTER_FOLDER, str(settings.pooling))
        heads = load_file(tmp_path / HEADS_FILE)
        with torch.inference_mode():
            vectors = predict(encoder)
            expected = predict(student.network.eval()) * SCALE + MEAN
        found = vectors @ heads["garden.weight"].T + heads["garden.bias"]
        assert (found - expected).abs().max() < 1e-4
        assert expected.std(dim=0).min() > 1e-3

    @bert_and_gemma
    def test_peft_loads_it_on_the_bare_base(
        self, base: Path, config: FilterConfig, settings: StudentConfig, student: LoraNetwork, tmp_path: Path
    ) -> None:
        """Its names are those of a model without a head."""
        from peft import PeftModel
        from transformers import AutoModel

        save_encoder(trained_network(student, config, settings), tmp_path)
        loaded = PeftModel.from_pretrained(AutoModel.from_pretrained(base), tmp_path / ADAPTER_FOLDER).eval()

        ids, mask = (torch.from_numpy(array) for array in padded(ROWS))
        with torch.inference_mode():
            found = loaded(input_ids=ids, attention_mask=mask).last_hidden_state
            expected = student.network.eval().backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        assert ((found - expected).abs() * mask[..., None]).max() < 1e-5
        assert options_in(tmp_path / ADAPTER_FOLDER)["task_type"] == "FEATURE_EXTRACTION"


class TestLowestLayer:
    """Adapting the upper layers alone."""

    @pytest.fixture
    def student(self, base: Path, settings: StudentConfig) -> LoraNetwork:
        """A student whose first layer is as the base has it."""
        torch.manual_seed(0)
        student = LoraNetwork(base, str(settings.pooling), N_OUTPUTS, RANK, lowest_layer=1)
        for name, parameter in student.trained.items():
            if "lora_B" in name:
                nn.init.normal_(parameter, std=0.1)
        return student

    @bert_and_gemma
    def test_no_update_is_below(self, student: LoraNetwork) -> None:
        """Of two layers, the second has them all."""
        found = {re.search(r"layers?\.(\d+)\.", name)[1] for name in student.trained if "lora_" in name}  # type: ignore[index]
        assert found == {"1"}

    @bert_and_gemma
    def test_the_core_and_peft_take_it(
        self, base: Path, settings: StudentConfig, student: LoraNetwork, save: Save, tmp_path: Path
    ) -> None:
        """The core checks each module that the config names, and finds the excluded ones excluded."""
        adapter = save(tmp_path)
        network = load_network(base, adapter, str(settings.pooling), N_OUTPUTS)
        backbone = loaded_by_peft(base, adapter).get_base_model().base_model
        ids, mask = (torch.from_numpy(array) for array in padded(ROWS))
        with torch.inference_mode():
            expected = predict(student.network.eval()) * SCALE + MEAN
            assert (predict(network) - expected).abs().max() < 1e-5
            found = backbone(input_ids=ids, attention_mask=mask).last_hidden_state
            trained = student.network.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        assert ((found - trained).abs() * mask[..., None]).max() < 1e-5

    def test_no_gradient_is_computed_below(self, student: LoraNetwork) -> None:
        """What enters the first adapted layer needs none: the layers below cost a forward pass alone."""
        entered: list[bool] = []
        layer = student.network.backbone.get_submodule("encoder.layer.1")
        layer.register_forward_pre_hook(lambda _module, inputs: entered.append(inputs[0].requires_grad))
        assert predict(student.network).requires_grad
        assert entered == [False]
