"""The OpenVINO backend: close to torch, converted once, never trusted blindly."""

from __future__ import annotations

import dataclasses
import json
import logging
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file

from distillery.cache import MANIFEST_FILE, cache_folder
from distillery.errors import BackendError
from distillery.scoring.scorer import FilterBaseScorer
from distillery.students.backends.contract import Backend, NetworkRecipe
from distillery.students.backends.openvino_backend import MODEL_FILE, WEIGHTS_FILE, OpenVinoBackend
from distillery.students.backends.precision import CHECK_OUTPUTS_FILE
from distillery.students.batching import padded

Articles = list[dict[str, Any]]
Recipe = Callable[..., NetworkRecipe]


@pytest.fixture(scope="module")
def scorer(bert_filter: Path) -> FilterBaseScorer:
    return FilterBaseScorer.from_folder(bert_filter, backend="openvino")


def raw(scorer: FilterBaseScorer, articles: Articles) -> NDArray[np.float64]:
    scores = scorer.score_batch(articles)
    assert [score.error for score in scores] == [None] * len(articles)
    return np.array([list(score.raw_scores.values()) for score in scores if score.raw_scores])


def converted(cache: Path) -> Path:
    """Return the one folder of a converted network in a cache."""
    (folder,) = (cache / "openvino").iterdir()
    return folder


def test_scores_stay_close_to_torchs(
    scorer: FilterBaseScorer, bert_scorer: FilterBaseScorer, articles: Articles
) -> None:
    distance = np.abs(raw(scorer, articles) - raw(bert_scorer, articles))

    assert distance.max() < 0.1
    assert distance.mean() < 0.02


def test_auto_scores_gemma_close_to_torch(
    gemma_filter: Path, gemma_scorer: FilterBaseScorer, articles: Articles, caplog: pytest.LogCaptureFixture
) -> None:
    """OpenVINO may fail to convert it; then torch scores, and the log says why."""
    with caplog.at_level(logging.WARNING, "distillery"):
        automatic = FilterBaseScorer.from_folder(gemma_filter, backend="auto")

    assert np.abs(raw(automatic, articles) - raw(gemma_scorer, articles)).max() < 0.1
    assert automatic.provenance.backend.startswith("openvino-") or "Using torch instead." in caplog.text


def test_batch_equals_one_by_one(scorer: FilterBaseScorer, articles: Articles) -> None:
    """To the bit, in any precision: each is read by itself."""
    alone = np.concatenate([raw(scorer, [article]) for article in articles[:8]])

    assert np.array_equal(raw(scorer, articles[:8]), alone)
    assert np.array_equal(raw(scorer, articles[:8][::-1]), alone[::-1])


def test_provenance_names_the_precision_that_was_measured(scorer: FilterBaseScorer) -> None:
    precision = scorer.provenance.backend.removeprefix("openvino-")
    measured = [load_file(path) for path in cache_folder().glob(f"openvino/*/{CHECK_OUTPUTS_FILE}")]

    distances = [np.abs(outputs[precision] - outputs["torch"]) for outputs in measured]

    assert any(distance.max() <= 0.1 and distance.mean() <= 0.02 for distance in distances)


def test_threads_may_share_a_scorer(scorer: FilterBaseScorer, articles: Articles) -> None:
    alone = raw(scorer, articles)

    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(lambda _: raw(scorer, articles), range(6)))

    assert all(np.array_equal(scores, alone) for scores in together)


def test_a_warm_cache_needs_no_torch(
    scorer: FilterBaseScorer, bert_filter: Path, articles: Articles, run_python: Callable[..., str]
) -> None:
    code = f"""
import json, pathlib, sys, distillery
scorer = distillery.load_filter(pathlib.Path({str(bert_filter)!r}), backend="openvino")
print(json.dumps([score.raw_scores for score in scorer.score({articles[:4]!r})]))
assert "torch" not in sys.modules and "transformers" not in sys.modules
"""
    found = [list(scores.values()) for scores in json.loads(run_python(code))]

    assert np.abs(np.array(found) - raw(scorer, articles[:4])).max() < 1e-3


def test_cache_variable_is_respected(scorer: FilterBaseScorer, private_cache: Path) -> None:
    assert scorer.provenance.backend.startswith("openvino-")
    assert cache_folder() == private_cache
    assert list(private_cache.glob(f"openvino/*/{MODEL_FILE}"))


def test_cache_is_the_users_where_no_variable_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DISTILLERY_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert cache_folder().name == "distillery"


@pytest.fixture(scope="module")
def converted_once(linear_recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache = tmp_path_factory.mktemp("converted")
    OpenVinoBackend.from_recipe(linear_recipe([]), cache)
    return cache


@pytest.fixture
def warm_cache(converted_once: Path, tmp_path: Path) -> Path:
    """A cache that holds the converted linear network, free to be damaged."""
    shutil.copytree(converted_once, tmp_path / "cache")
    return tmp_path / "cache"


def total(backend: Backend) -> list[list[float]]:
    return backend.run(*padded([[1, 2, 3], [4]])).tolist()


def test_a_network_is_converted_once(linear_recipe: Recipe, tmp_path: Path) -> None:
    built: list[float] = []

    first = OpenVinoBackend.from_recipe(linear_recipe(built), tmp_path)
    second = OpenVinoBackend.from_recipe(linear_recipe(built), tmp_path)

    assert total(first) == total(second) == [[3.0, 3.0], [2.0, 2.0]]
    assert built == [0.5]


def test_converting_leaves_the_programs_logging_as_it_was(linear_recipe: Recipe, tmp_path: Path) -> None:
    """The converter silences the root logger below errors."""
    root = logging.getLogger()
    before = root.level, root.filters[:], root.handlers[:]

    OpenVinoBackend.from_recipe(linear_recipe([]), tmp_path)

    assert (root.level, root.filters, root.handlers) == before


def test_another_network_is_converted_on_its_own(linear_recipe: Recipe, warm_cache: Path) -> None:
    built: list[float] = []

    other = OpenVinoBackend.from_recipe(linear_recipe(built, 0.25), warm_cache)

    assert total(other) == [[1.5, 1.5], [1.0, 1.0]]
    assert built == [0.25]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (WEIGHTS_FILE, b"\x00" * 64),
        (WEIGHTS_FILE, None),
        (MODEL_FILE, b""),
        (CHECK_OUTPUTS_FILE, None),
        (CHECK_OUTPUTS_FILE, b"\x00" * 64),
        (MANIFEST_FILE, None),
        (MANIFEST_FILE, b""),
        (MANIFEST_FILE, b"[]"),
        (MANIFEST_FILE, b'{"sha256": null}'),
        (MANIFEST_FILE, b'{"sha256": {}}'),
    ],
)
def test_a_damaged_cache_is_converted_again(
    linear_recipe: Recipe, warm_cache: Path, name: str, content: bytes | None
) -> None:
    built: list[float] = []
    folder = converted(warm_cache)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)

    again = OpenVinoBackend.from_recipe(linear_recipe(built), warm_cache)

    assert total(again) == [[3.0, 3.0], [2.0, 2.0]]
    assert built == [0.5]
    assert converted(warm_cache) == folder


def test_a_network_whose_scores_are_no_numbers_is_refused(linear_recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"OpenVINO's scores stay over 0.1 away from torch's"):
        OpenVinoBackend.from_recipe(linear_recipe([], float("nan")), tmp_path)

    assert not list((tmp_path / "openvino").iterdir())


def test_processes_that_convert_at_once_agree(linear_recipe: Recipe, tmp_path: Path) -> None:
    """The second process finds the folder of the first, and uses it."""
    recipe = linear_recipe([])

    def build_after_another_process() -> Any:
        OpenVinoBackend.from_recipe(recipe, tmp_path)
        return recipe.build()

    late = OpenVinoBackend.from_recipe(dataclasses.replace(recipe, build=build_after_another_process), tmp_path)

    assert total(late) == [[3.0, 3.0], [2.0, 2.0]]
    assert converted(tmp_path).is_dir()
