"""Which backend is chosen, and that torch is there when OpenVINO is not."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distillery.errors import BackendError, CacheError
from distillery.students.backends import precision, torch_backend
from distillery.students.backends.choose import choose_backend
from distillery.students.backends.contract import NetworkRecipe
from distillery.students.backends.torch_backend import TorchBackend
from distillery.students.batching import Batching, padded


@pytest.fixture
def recipe(linear_recipe: Callable[..., NetworkRecipe]) -> NetworkRecipe:
    return linear_recipe([])


def unusable(*_: Any) -> Any:
    raise RuntimeError("no kernel for this node")


def test_torch_returns_float32_scores(recipe: NetworkRecipe, tmp_path: Path) -> None:
    backend = choose_backend("torch", recipe, tmp_path)

    scores = backend.run(*padded([[1, 2, 3], [4]]))

    assert backend.name == "torch-float32"
    assert scores.dtype == np.float32
    assert scores.tolist() == [[3.0, 3.0], [2.0, 2.0]]


def test_unknown_backend_lists_the_known_ones(recipe: NetworkRecipe, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"There is no backend 'onnx'. There are: auto, torch, openvino"):
        choose_backend("onnx", recipe, tmp_path)


@pytest.mark.parametrize("choice", ["torch", "openvino"])
def test_a_shared_network_is_one_copy_in_memory(recipe: NetworkRecipe, tmp_path: Path, choice: str) -> None:
    shared = replace(recipe, shared=True)

    first, second = (choose_backend(choice, shared, tmp_path) for _ in range(2))

    assert first is second
    assert choose_backend(choice, replace(shared, identity="another"), tmp_path) is not first
    assert choose_backend(choice, recipe, tmp_path) is not choose_backend(choice, recipe, tmp_path)


def test_auto_takes_openvino_where_it_is(recipe: NetworkRecipe, tmp_path: Path) -> None:
    names = [choose_backend("auto", recipe, tmp_path, device).name for device in (None, "cpu")]

    assert all(name.startswith("openvino-") for name in names)


def test_auto_takes_torch_where_openvino_is_not(
    recipe: NetworkRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)

    assert isinstance(choose_backend("auto", recipe, tmp_path), TorchBackend)


def test_openvino_that_is_not_installed_is_an_error_with_the_remedy(
    recipe: NetworkRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)

    with pytest.raises(BackendError, match=r'not installed: pip install "distillery-core\[openvino\]"'):
        choose_backend("openvino", recipe, tmp_path)


@pytest.mark.parametrize("device", ["cuda:99", "nonsense"])
def test_a_device_that_is_not_there_is_an_error(recipe: NetworkRecipe, tmp_path: Path, device: str) -> None:
    with pytest.raises(BackendError, match=f"torch cannot use the device '{device}'"):
        choose_backend("auto", recipe, tmp_path, device)


def test_auto_takes_torch_where_the_conversion_fails(
    recipe: NetworkRecipe, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "distillery"):
        backend = choose_backend("auto", replace(recipe, check_inputs=unusable), tmp_path)

    assert isinstance(backend, TorchBackend)
    assert "RuntimeError: no kernel for this node  Using torch instead." in caplog.text


def test_openvino_says_why_the_conversion_failed(recipe: NetworkRecipe, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="OpenVINO could not convert the network: RuntimeError: no kernel"):
        choose_backend("openvino", replace(recipe, check_inputs=unusable), tmp_path)

    assert not list((tmp_path / "openvino").iterdir()), "an attempt leaves nothing behind"


@pytest.fixture
def unusable_cache(tmp_path: Path) -> Path:
    """A cache that cannot be written, as in a read-only container; a file, since root may write anywhere."""
    (tmp_path / "file").touch()
    return tmp_path / "file" / "cache"


def test_auto_takes_torch_where_the_cache_cannot_be_written(recipe: NetworkRecipe, unusable_cache: Path) -> None:
    assert isinstance(choose_backend("auto", recipe, unusable_cache), TorchBackend)


def test_openvino_says_that_the_cache_cannot_be_written(recipe: NetworkRecipe, unusable_cache: Path) -> None:
    with pytest.raises(CacheError, match="cache not writable: set DISTILLERY_CACHE"):
        choose_backend("openvino", recipe, unusable_cache)


def test_auto_takes_torch_where_openvino_cannot_compile(recipe: NetworkRecipe, tmp_path: Path) -> None:
    """The files are as they were written, yet this machine's OpenVINO refuses them."""
    from distillery.cache import MANIFEST_FILE
    from distillery.students.backends.openvino_backend import MODEL_FILE, OpenVinoBackend
    from distillery.students.base_models import sha256_of

    OpenVinoBackend.from_recipe(recipe, tmp_path)
    model = next(tmp_path.glob(f"openvino/*/{MODEL_FILE}"))
    before = sha256_of(model)
    model.write_text("<net/>", encoding="utf-8")
    manifest = model.parent / MANIFEST_FILE
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(before, sha256_of(model)), encoding="utf-8")

    assert isinstance(choose_backend("auto", recipe, tmp_path), TorchBackend)


def probes_kept(cache: Path) -> list[Path]:
    return sorted(cache.glob("torch/*/probes.safetensors"))


@pytest.fixture
def with_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    """This CPU has matrix units for bfloat16, or else emulates them, to the same numbers."""
    monkeypatch.setattr(torch_backend, "cpu_has_bfloat16", lambda: True)


@pytest.mark.usefixtures("with_bfloat16")
def test_auto_takes_torch_in_a_reduced_precision_that_is_close(
    recipe: NetworkRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)

    backend = choose_backend("auto", recipe, tmp_path)

    assert backend.name == "torch-bfloat16"
    assert backend.run(*padded([[1, 2, 3], [4]])).tolist() == [[3.0, 3.0], [2.0, 2.0]]
    assert backend.batching.batches([3, 3, 1]) == [[0], [1], [2]], "other rows would change the sums"


@pytest.mark.usefixtures("with_bfloat16")
def test_the_measurement_of_torch_is_kept(linear_recipe: Callable[..., NetworkRecipe], tmp_path: Path) -> None:
    built: list[float] = []
    probed: list[int] = []
    recipe = linear_recipe(built)

    def check_inputs() -> Any:
        probed.append(1)
        return recipe.check_inputs()

    for _ in range(2):
        backend = choose_backend("torch", replace(recipe, check_inputs=check_inputs), tmp_path, precision="bfloat16")
        assert backend.name == "torch-bfloat16"

    assert probed == [1]
    assert len(built) == 3, "once to measure, and once for each backend"
    assert len(probes_kept(tmp_path)) == 1


@pytest.mark.usefixtures("with_bfloat16")
def test_a_reduced_precision_that_is_not_close_is_not_used(
    linear_recipe: Callable[..., NetworkRecipe],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """bfloat16 keeps about three digits: 6 times 100.3 becomes 604."""
    monkeypatch.setitem(sys.modules, "openvino", None)
    recipe = linear_recipe([], factor=100.3)

    with caplog.at_level(logging.WARNING, "distillery"):
        backend = choose_backend("auto", recipe, tmp_path)

    assert backend.name == "torch-float32"
    assert re.search(r"torch bfloat16 is off by [\d.]+ \(mean [\d.]+\) from float32; not used\.", caplog.text)
    with pytest.raises(BackendError, match=r"torch's scores stay over 0.1 away from torch's float32 in bfloat16"):
        choose_backend("torch", recipe, tmp_path, precision="bfloat16")


@pytest.mark.usefixtures("with_bfloat16")
def test_a_cache_that_cannot_be_written_leaves_float32(
    recipe: NetworkRecipe, unusable_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)

    assert choose_backend("auto", recipe, unusable_cache).name == "torch-float32"


def test_a_cpu_without_units_for_bfloat16_runs_float32(
    recipe: NetworkRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_backend, "cpu_has_bfloat16", lambda: False)
    monkeypatch.setitem(sys.modules, "openvino", None)

    assert choose_backend("auto", recipe, tmp_path).name == "torch-float32"
    with pytest.raises(BackendError, match=r"torch on cpu has no precision 'bfloat16' here. There are: auto, float32"):
        choose_backend("torch", recipe, tmp_path, precision="bfloat16")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("processor: 0\nflags\t\t: fpu avx512f avx512_bf16\n", True),
        ("flags : fpu avx512f amx_bf16 amx_tile\n", True),
        ("Features : fp asimd bf16\n", True),
        ("flags : fpu avx2\n", False),
        ("", False),
        (None, False),
    ],
)
def test_the_cpu_tells_whether_it_has_bfloat16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, *, expected: bool
) -> None:
    if content is not None:
        (tmp_path / "cpuinfo").write_text(content)
    monkeypatch.setattr(precision, "_CPU_INFO", tmp_path / "cpuinfo")

    assert precision.cpu_has_bfloat16() is expected


def test_a_gpu_is_given_more_at_once_and_may_work_in_float16() -> None:
    """None is needed to say so, and none was there to measure it."""
    assert torch_backend._batching("cuda:0", "float16") == Batching(torch_backend.GPU_TOKEN_BUDGET)
    assert torch_backend._machine_precisions("cuda") == ["float16", "bfloat16", "float32"]


def test_openvino_in_the_precision_asked_for(recipe: NetworkRecipe, tmp_path: Path) -> None:
    assert choose_backend("openvino", recipe, tmp_path, precision="float32").name == "openvino-float32"
    with pytest.raises(BackendError, match="OpenVINO has no precision 'float16' here"):
        choose_backend("openvino", recipe, tmp_path, precision="float16")
