"""Filters that share an encoder score as if each had it inside, and it is converted and kept in memory once."""

from __future__ import annotations

import gc
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import numpy as np
import pytest
from commands import FAILED, JSON, OK, run
from numpy.typing import NDArray
from tiny_encoder import ENCODER, TITLE, random_head, write_encoder, write_sharing_filter, write_whole_filter

from distillery.config import FilterConfig
from distillery.errors import AdapterError, BackendError
from distillery.scoring.scorer import FilterBaseScorer
from distillery.students.backends import contract
from distillery.students.backends.contract import _in_memory
from distillery.students.student import Student

Articles = list[dict[str, Any]]
Heads = tuple[Path, Path]

HEADS = (random_head(1), random_head(2))
NAMES = ("tiny-filter", "other-filter")


@pytest.fixture(scope="module")
def adapter(bert_base: Path, write_adapter: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(bert_base, tmp_path_factory.mktemp("adapter"))


@pytest.fixture(scope="module")
def encoder(bert_base: Path, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"), bert_base, adapter)


@pytest.fixture(scope="module")
def sharing(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Heads:
    """Two filters on one encoder."""
    one, two = (
        write_sharing_filter(tmp_path_factory.mktemp(name), encoder, head, name=name)
        for name, head in zip(NAMES, HEADS, strict=True)
    )
    return one, two


@pytest.fixture(scope="module")
def whole(bert_base: Path, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Heads:
    """The same two, each with adapter and head inside."""
    one, two = (
        write_whole_filter(tmp_path_factory.mktemp(name), bert_base, adapter, head, name=name)
        for name, head in zip(NAMES, HEADS, strict=True)
    )
    return one, two


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    monkeypatch.setenv("DISTILLERY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def converted_once(sharing: Heads, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the encoder is converted; not to be changed, `warm_cache` is."""
    folder = tmp_path_factory.mktemp("converted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILLERY_CACHE", str(folder))
        load(sharing[0], "openvino")
    return folder


@pytest.fixture
def warm_cache(converted_once: Path, cache: Path) -> Path:
    """A copy of that cache, of this test's own."""
    return Path(shutil.copytree(converted_once, cache))


def load(folder: Path, backend: str = "torch") -> FilterBaseScorer:
    return FilterBaseScorer.from_folder(folder, backend=backend)


def raw(scorer: FilterBaseScorer, articles: Articles) -> NDArray[np.float64]:
    scores = scorer.score_batch(articles)
    assert [score.error for score in scores] == [None] * len(articles)
    return np.array([list(score.raw_scores.values()) for score in scores if score.raw_scores])


def converted(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "openvino").iterdir())


@pytest.mark.parametrize("which", [0, 1])
def test_scores_equal_those_of_the_network_with_the_head_inside(
    sharing: Heads, whole: Heads, articles: Articles, which: int
) -> None:
    shared = raw(load(sharing[which]), articles)

    assert np.abs(shared - raw(load(whole[which]), articles)).max() < 1e-4
    assert shared.std() > 0.5, "scores that hardly differ prove nothing"


def test_each_filter_has_a_head_of_its_own(sharing: Heads, articles: Articles) -> None:
    one, two = (raw(load(folder), articles) for folder in sharing)

    assert np.abs(one - two).max() > 0.5


def test_batch_equals_one_by_one(sharing: Heads, articles: Articles) -> None:
    scorer = load(sharing[0])

    alone = np.concatenate([raw(scorer, [article]) for article in articles])

    assert np.abs(raw(scorer, articles) - alone).max() < 1e-4


def test_no_texts_give_no_scores(sharing: Heads) -> None:
    assert load(sharing[0]).student.predict([]).shape == (0, 3)


def test_a_head_scores_what_another_filter_encoded(sharing: Heads, articles: Articles) -> None:
    one, two = (load(folder) for folder in sharing)
    texts = [article["content"] for article in articles]

    assert one.student.encoder_key == two.student.encoder_key
    assert np.array_equal(two.student.apply_head(one.student.encode(texts)), two.student.predict(texts))


def test_students_with_adapters_of_their_own_never_read_alike(sharing: Heads, whole: Heads) -> None:
    shared, own = load(sharing[0]).student, load(whole[0]).student

    assert own.encoder_key != load(whole[0]).student.encoder_key
    assert own.encoder_key != shared.encoder_key


def test_provenance_names_the_encoder(sharing: Heads, whole: Heads, articles: Articles) -> None:
    shared, own = (load(folders[0]).score_article(articles[0]).to_dict()["provenance"] for folders in (sharing, whole))

    assert shared["encoder"] == TITLE
    assert shared["weights_sha256"] == FilterConfig.load(sharing[0]).student().weights_sha256
    assert own["encoder"] is None


def test_one_network_in_memory_serves_both_and_goes_with_the_last(sharing: Heads) -> None:
    one, two = (load(folder) for folder in sharing)
    assert one.student.backend is two.student.backend
    (key,) = [key for key, backend in _in_memory.items() if backend is one.student.backend]

    del one
    gc.collect()
    assert key in _in_memory

    del two
    gc.collect()
    assert key not in _in_memory


def test_a_network_with_its_head_inside_is_not_shared(whole: Heads) -> None:
    assert load(whole[0]).student.backend is not load(whole[0]).student.backend


def test_the_encoder_is_converted_once_for_both(sharing: Heads, warm_cache: Path, articles: Articles) -> None:
    before = converted(warm_cache)

    one, two = (load(folder, "openvino") for folder in sharing)

    assert len(before) == 1
    assert converted(warm_cache) == before
    assert one.student.backend is two.student.backend
    for scorer, folder in zip((one, two), sharing, strict=True):
        assert np.abs(raw(scorer, articles) - raw(load(folder), articles)).max() < 0.1


def test_a_warm_cache_needs_no_torch(sharing: Heads, warm_cache: Path, run_python: Callable[..., str]) -> None:
    """Also for the filter that did not convert it."""
    code = f"""
import pathlib, sys, distillery
scorer = distillery.load_filter(pathlib.Path({str(sharing[1])!r}), backend="openvino")
score = scorer.score({{"title": "village", "content": "a new clinic found in the village"}})
assert "torch" not in sys.modules and "transformers" not in sys.modules
print(score.tier, score.provenance.encoder)
"""
    found = run_python(code, DISTILLERY_CACHE=warm_cache)

    assert found.endswith(TITLE)
    assert found.split()[0] in {"high", "medium", "low"}


@pytest.mark.parametrize("warm", [True, False], ids=["after a modest head", "alone"])
def test_the_gate_is_held_for_each_head(
    encoder: Path, tmp_path: Path, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture, *, warm: bool
) -> None:
    """A head of huge weights makes much of a small difference: no converted precision is good enough for it."""
    request.getfixturevalue("warm_cache" if warm else "cache")
    demanding = write_sharing_filter(tmp_path / "demanding", encoder, random_head(3, spread=1e7))

    with caplog.at_level(logging.WARNING, "distillery"):
        automatic = load(demanding, "auto")

    assert automatic.provenance.backend == "torch-float32"
    assert "Using torch instead." in caplog.text


def test_openvino_says_that_no_precision_will_do(encoder: Path, tmp_path: Path, warm_cache: Path) -> None:
    demanding = write_sharing_filter(tmp_path / "demanding", encoder, random_head(3, spread=1e7))

    with pytest.raises(BackendError, match=r"scores stay over 0.1 away from torch's float32 in "):
        load(demanding, "openvino")

    assert len(converted(warm_cache)) == 1


def test_a_reduced_precision_may_do_for_one_head_and_not_for_another(
    sharing: Heads, encoder: Path, warm_cache: Path, tmp_path: Path
) -> None:
    modest = load(sharing[0], "openvino")
    if modest.provenance.backend != "openvino-bfloat16":
        pytest.skip("this CPU has no bfloat16, or the tiny encoder is too coarse in it")
    demanding = load(write_sharing_filter(tmp_path / "filter", encoder, random_head(3, spread=100.0)), "openvino")

    assert demanding.provenance.backend == "openvino-float32"
    assert len(converted(warm_cache)) == 1
    assert demanding.student.encoder_key != modest.student.encoder_key


def test_a_head_that_does_not_fit_is_refused_however_warm_the_cache(whole: Heads, cache: Path, tmp_path: Path) -> None:
    """The weights did not change, but the config has a dimension less."""
    folder = Path(shutil.copytree(whole[0], tmp_path / "filter"))
    config = FilterConfig.load(folder)
    load(folder, "openvino")
    two = config.model_copy(update={"dimensions": config.dimensions[:2]})

    with pytest.raises((AdapterError, BackendError), match="the head predicts 3 values, the config has 2 dimensions"):
        Student.load(two, folder, backend="openvino")


def test_info_shows_the_encoder_and_what_it_reads(sharing: Heads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")

    result = run("info", sharing[0])

    assert (result.exit_code, result.stderr) == (OK, "")
    assert [text for text in ("acme/tiny", TITLE, "16+8", "compact (default)") if text not in result.stdout] == []


@pytest.fixture
def without_encoder(encoder: Path, tmp_path: Path) -> Path:
    """A filter whose encoder comes with a package that is not installed."""
    reference = {"package": "acme-encoder==1.0.0"}
    return write_sharing_filter(tmp_path / "filter", encoder, HEADS[0], reference)


def test_info_without_the_encoder_says_that_it_is_missing(without_encoder: Path) -> None:
    result = run("info", without_encoder)

    assert result.exit_code == OK
    assert "How many people." in result.stdout
    assert ENCODER in result.stdout
    assert json.loads(run("info", without_encoder, *JSON).stdout)["config"]["name"] == "tiny-filter"


def test_doctor_checks_the_encoder(install: Callable[..., None], sharing: Heads) -> None:
    install(sharing[0])

    result = run("doctor", "tiny-filter", *JSON)

    assert (result.exit_code, json.loads(result.stdout)["filters"][0]["fault"]) == (OK, None)


def test_doctor_loads_the_encoder_of_several_filters_once(
    install: Callable[..., None], sharing: Heads, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting(WeakValueDictionary[Any, Any]):
        """What is in memory, and what was ever put there."""

        added: ClassVar[list[Any]] = []

        def __setitem__(self, key: Any, value: Any) -> None:
            self.added.append(key)
            super().__setitem__(key, value)

    monkeypatch.setattr(contract, "_in_memory", Counting())
    for folder, name in zip(sharing, NAMES, strict=True):
        install(folder, name)

    assert run("doctor", "--scores").exit_code == OK
    assert len(Counting.added) == 1


def test_doctor_tells_what_is_wrong_with_the_encoder(
    install: Callable[..., None], encoder: Path, without_encoder: Path, tmp_path: Path
) -> None:
    altered = Path(shutil.copytree(encoder, tmp_path / "altered"))
    weights = altered / "adapter" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes() + b" ")
    install(without_encoder)
    install(write_sharing_filter(tmp_path / "second", altered, HEADS[1], name="second"), "second")

    result = run("doctor", *JSON)

    faults = {entry["name"]: entry["fault"] for entry in json.loads(result.stdout)["filters"]}
    assert result.exit_code == FAILED
    assert f"The encoder {ENCODER} is not installed." in faults["tiny-filter"]
    assert 'pip install "acme-encoder==1.0.0"' in faults["tiny-filter"]
    assert f"encoder {TITLE}: adapter_model.safetensors has sha256" in faults["second"]
