"""Student: its files are checked, its texts come back as scores in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import distillery.students.student
from distillery.config import ADAPTER_CONFIG_FILE, ADAPTER_FILE, FilterConfig
from distillery.errors import ConfigError, DistilleryError, ModelError, WeightsError
from distillery.scoring.scorer import FilterBaseScorer
from distillery.students.backends.contract import NetworkRecipe
from distillery.students.backends.torch_backend import TorchBackend
from distillery.students.network import load_network
from distillery.students.student import Student

Copy = Callable[[Path], Path]
Restate = Callable[..., Path]


def load(folder: Path) -> Student:
    return Student.load(FilterConfig.load(folder), folder, backend="torch")


def test_scores_come_in_the_order_of_the_texts(bert_scorer: FilterBaseScorer) -> None:
    """Inside, the longest come first and the batches are bounded by tokens."""
    texts = [" ".join(["village", "clinic", "river"][: n % 3 + 1] * (n % 5 + 1)) for n in range(150)]

    together = bert_scorer.student.predict(texts)

    alone = np.concatenate([bert_scorer.student.predict([text]) for text in texts[:15]])
    assert together.shape == (150, 3)
    assert together.dtype == np.float32
    assert np.abs(together[:15] - alone).max() < 1e-4
    assert np.abs(together[15:30] - alone).max() < 1e-4, "the same fifteen texts again"


def test_in_bfloat16_company_and_order_change_nothing(bert_scorer: FilterBaseScorer) -> None:
    """Rows of one length share a batch, and none is padded."""
    texts = [" ".join(["village", "clinic", "river", "music"][n % 4 :] * (n % 7 + 1)) for n in range(60)]
    spec = bert_scorer.student.encoder_spec
    network = load_network(spec.base_folder(), spec.adapter_folder, spec.pooling, 3)
    student = replace(bert_scorer.student, backend=TorchBackend(network, "cpu", "bfloat16"))
    alone = np.concatenate([student.predict([text]) for text in texts])

    assert np.array_equal(student.predict(texts), alone)
    assert np.array_equal(student.predict(texts[::-1]), alone[::-1])
    assert np.abs(alone - bert_scorer.student.predict(texts)).max() > 0, "it is another precision"


def test_no_texts_give_no_scores(bert_scorer: FilterBaseScorer) -> None:
    assert bert_scorer.student.predict([]).shape == (0, 3)


def test_head_and_tail_alone_decide(bert_scorer: FilterBaseScorer) -> None:
    start, end = "village clinic " * 20, " river bank" * 20

    short, long = bert_scorer.student.predict([start + "music" + end, start + "promise " * 999 + end])

    # Equal rows of one batch may be summed in another order: float32 at about 5, to six digits.
    assert short == pytest.approx(long, abs=1e-5)


@pytest.mark.parametrize("name", [ADAPTER_FILE, ADAPTER_CONFIG_FILE])
def test_a_changed_adapter_is_refused_with_the_remedy(bert_filter: Path, copy_of: Copy, name: str) -> None:
    folder = copy_of(bert_filter)
    path = folder / "student" / name
    path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(WeightsError) as refused:
        load(folder)

    assert f"tiny-filter 1.2.3: {name} has sha256" in str(refused.value)
    assert 'pip install --force-reinstall "distillery-filter-tiny-filter==1.2.3"' in str(refused.value)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_changed_base_is_refused(bert_filter: Path, copy_of: Copy, name: str) -> None:
    folder = copy_of(bert_filter)
    path = folder / "base" / name
    path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(WeightsError, match=f"acme/tiny: {name} has sha256"):
        load(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_base_that_lacks_a_file_is_refused(bert_filter: Path, copy_of: Copy, restated: Restate, name: str) -> None:
    """Also where the config does not state the file's sha256."""
    folder = copy_of(bert_filter)
    (folder / "base" / name).unlink()
    restated(folder)

    with pytest.raises((ModelError, ConfigError), match=name if name != "model.safetensors" else "base"):
        load(folder)


def test_more_tokens_than_the_base_reads_are_refused(bert_filter: Path, copy_of: Copy, restated: Restate) -> None:
    folder = restated(copy_of(bert_filter), preprocessing={"head_tokens": 40, "tail_tokens": 23})

    with pytest.raises(ConfigError) as refused:
        load(folder)

    assert "students.compact.preprocessing gives up to 65 tokens, special ones counted" in str(refused.value)
    assert "the base model reads 64" in str(refused.value)


def test_as_many_tokens_as_the_base_reads_are_read(bert_filter: Path, copy_of: Copy, restated: Restate) -> None:
    folder = restated(copy_of(bert_filter), preprocessing={"head_tokens": 40, "tail_tokens": 22})

    assert np.isfinite(load(folder).predict(["village " * 500])).all()


def test_a_pooler_that_the_base_does_not_have_is_refused(gemma_filter: Path, copy_of: Copy, restated: Restate) -> None:
    """At once, not article by article."""
    folder = restated(copy_of(gemma_filter), pooling="pooler")

    with pytest.raises(DistilleryError, match="pooler"):
        load(folder)


def test_converted_networks_are_held_against_torch_on_padded_rows_too(
    bert_filter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO's Gemma (sdpa) is exact on every row alone, and NaN on the shorter rows of a batch."""
    recipes: list[NetworkRecipe] = []
    monkeypatch.setattr(distillery.students.student, "choose_backend", lambda _, recipe, *__: recipes.append(recipe))

    load(bert_filter)

    assert any((mask == 0).any() for _, mask in recipes[0].check_inputs())


def test_unknown_student_lists_the_known_ones(bert_filter: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no student 'gemma'. It has: compact"):
        Student.load(FilterConfig.load(bert_filter), bert_filter, "gemma")


def test_relative_path_of_the_base_is_the_filters(
    bert_filter: Path, copy_of: Copy, restated: Restate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A filter's folder can be moved and used from anywhere."""
    folder = copy_of(bert_filter)
    data: dict[str, Any] = FilterConfig.load(folder).model_dump(mode="json", by_alias=True)
    data["students"]["compact"]["base"]["path"] = "base"
    monkeypatch.chdir(tmp_path)

    student = Student.load(FilterConfig.parse(data), folder, backend="torch")

    assert student.name == "compact"
