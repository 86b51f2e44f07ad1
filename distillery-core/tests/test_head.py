"""Head: what an adapter folder without an encoder holds, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tiny_encoder import HEAD_KEYS, Tensors, random_head, write_head

from distillery.config import ADAPTER_FILE
from distillery.errors import AdapterError
from distillery.students.head import Head

WEIGHT, BIAS = HEAD_KEYS


def refused(folder: Path, head: Tensors) -> str:
    """Return the message with which a head of three dimensions on 32 numbers is refused."""
    with pytest.raises(AdapterError) as error:
        Head.load(write_head(folder, head), 3, 32)
    assert str(folder / ADAPTER_FILE) in str(error.value)
    return str(error.value)


def test_scores_are_the_weighted_sums_and_the_bias(tmp_path: Path) -> None:
    tensors = {WEIGHT: np.array([[1, 2], [0, -1], [0.5, 0]], np.float32), BIAS: np.array([5, 0, 1], np.float32)}

    head = Head.load(write_head(tmp_path, tensors), 3, 2)

    scores = head.apply(np.array([[1, 0], [2, 3]], np.float32))
    assert scores.tolist() == [[6.0, 0.0, 1.5], [13.0, -3.0, 2.0]]
    assert scores.dtype == np.float32


@pytest.mark.parametrize("n_dimensions", [1, 3, 8])
@pytest.mark.parametrize("width", [32, 384])
def test_a_score_does_not_depend_on_its_company(n_dimensions: int, width: int) -> None:
    """To the last bit, whatever the number of rows."""
    tensors = random_head(1, n_dimensions=n_dimensions, width=width)
    head = Head(tensors[WEIGHT], tensors[BIAS])
    vectors = np.random.default_rng(2).standard_normal((70, width)).astype(np.float32)

    together = head.apply(vectors)

    assert np.array_equal(together, np.concatenate([head.apply(vectors[n : n + 1]) for n in range(70)]))
    assert np.array_equal(together[::-1], head.apply(vectors[::-1]))


@pytest.mark.parametrize("stem", ["score", "base_model.model.score", "classifier.modules_to_save.default"])
def test_every_name_that_peft_gives_a_head_is_known(tmp_path: Path, stem: str) -> None:
    weight, bias = random_head(1).values()

    head = Head.load(write_head(tmp_path, {f"{stem}.weight": weight, f"{stem}.bias": bias}), 3, 32)

    assert np.array_equal(head.weight, weight)
    assert np.array_equal(head.bias, bias)


def test_a_head_in_half_precision_is_read_as_float32(tmp_path: Path) -> None:
    halved = {key: tensor.astype(np.float16) for key, tensor in random_head(1).items()}

    head = Head.load(write_head(tmp_path, halved), 3, 32)

    assert head.weight.dtype == head.bias.dtype == np.float32
    assert np.array_equal(head.weight, halved[WEIGHT])


@pytest.mark.parametrize("key", [WEIGHT, BIAS])
def test_half_a_head_is_refused(tmp_path: Path, key: str) -> None:
    head = random_head(1)
    del head[key]

    assert "must hold the head alone, weight and bias, but holds " in refused(tmp_path, head)


@pytest.mark.parametrize(
    "key",
    [
        "base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight",
        "base_model.model.score.weight",
        "classifier.dense.weight",
    ],
)
def test_anything_beside_the_head_is_refused(tmp_path: Path, key: str) -> None:
    """Updates of a base would be left out without a word."""
    message = refused(tmp_path, random_head(1) | {key: np.zeros((3, 32), np.float32)})

    assert key in message


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert "must hold the head alone" in refused(tmp_path, {})


@pytest.mark.parametrize("shape", [(2, 32), (4, 32), (3, 33), (32, 3), (96,), (1, 3, 32), ()])
def test_a_weight_of_another_shape_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    message = refused(tmp_path, random_head(1) | {WEIGHT: np.zeros(shape, np.float32)})

    assert f"the head has a weight {list(shape)} and a bias [3]" in message
    assert "need [3, 32] and [3]" in message


@pytest.mark.parametrize("shape", [(2,), (3, 1), (1, 3), ()])
def test_a_bias_of_another_shape_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Arithmetic would stretch some of them over every score."""
    message = refused(tmp_path, random_head(1) | {BIAS: np.zeros(shape, np.float32)})

    assert f"a bias {list(shape)}" in message


def test_a_width_that_is_not_known_is_the_heads(tmp_path: Path) -> None:
    assert Head.load(write_head(tmp_path, random_head(1, width=48)), 3, None).weight.shape == (3, 48)


@pytest.mark.parametrize("content", [None, b"", b"garbage", b"\xff" * 64])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / ADAPTER_FILE).write_bytes(content)

    with pytest.raises(AdapterError, match=f"{ADAPTER_FILE} cannot be read"):
        Head.load(tmp_path, 3, 32)


def test_a_cut_off_file_is_refused(tmp_path: Path) -> None:
    save_file(random_head(1), tmp_path / ADAPTER_FILE)
    content = (tmp_path / ADAPTER_FILE).read_bytes()
    (tmp_path / ADAPTER_FILE).write_bytes(content[:-7])

    with pytest.raises(AdapterError, match="cannot be read"):
        Head.load(tmp_path, 3, 32)
