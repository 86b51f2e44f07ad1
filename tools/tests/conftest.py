"""Tiny random base models, and the invented filter on one of them, untrained and trained."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from compare_cases import Scores, write_articles
from invented import NAME, WORDS, Data, Trained, make_data, train, write_filter
from labelling_fixture import LabellingFixture, article

from distillery import FilterConfig
from distillery.testing import write_bert, write_gemma
from distillery_tools.data.labelled import LabelledData


@pytest.fixture(scope="session")
def bert_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT whose tokens are whole words, as a folder of the Hub holds it."""
    # Not every random base tells the words apart enough for ridge to learn them from so few articles.
    return write_bert(tmp_path_factory.mktemp("bert"), WORDS, seed=5)


@pytest.fixture(scope="session")
def gemma_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Gemma-3 text model with the same words."""
    return write_gemma(tmp_path_factory.mktemp("gemma"), WORDS)


@pytest.fixture
def garden(bert_base: Path, tmp_path: Path) -> Path:
    """The folder of an untrained filter, free to be changed."""
    return write_filter(tmp_path / NAME, bert_base)


@pytest.fixture
def config(garden: Path) -> FilterConfig:
    """The config of the untrained filter."""
    return FilterConfig.load(garden)


@pytest.fixture
def without_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no picture after each epoch, which takes four fifths of the time of so small a training."""
    monkeypatch.setattr("distillery_tools.training.trainer.plot_history", lambda *_: None)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty labelled articles, not to be changed."""
    return make_data(tmp_path_factory.mktemp("data"), 60).folder


@pytest.fixture
def labelled(data_folder: Path, config: FilterConfig) -> LabelledData:
    """The sixty labelled articles, read."""
    return LabelledData.load(data_folder / "articles.jsonl", data_folder / "labels" / f"{NAME}.jsonl", config)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """Twenty labelled articles, free to be changed: change the lists, then ``write``."""
    return make_data(tmp_path / "data", 20)


@pytest.fixture(scope="session")
def trained(bert_base: Path, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The filter trained by ``distillery train``, not to be changed; `trained_copy` is."""
    home = tmp_path_factory.mktemp("trained")
    folder = write_filter(home / NAME, bert_base)
    before = (folder / "config.yaml").read_text(encoding="utf-8")
    done = train(folder, data_folder, home / "runs")
    assert done.exit_code == 0, done.output
    return Trained(folder, before, home / "runs", done.output)


@pytest.fixture
def trained_copy(trained: Trained, tmp_path: Path) -> Path:
    """A trained filter's folder, free to be changed."""
    return Path(shutil.copytree(trained.folder, tmp_path / "trained" / NAME))


@pytest.fixture
def labelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabellingFixture:
    """Twelve articles to be labelled, in an environment with keys that only a loopback server takes."""
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "for-loopback-only")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    labelling = LabellingFixture(tmp_path)
    labelling.write([article(number) for number in range(12)])
    monkeypatch.setattr("distillery_tools.oracle.run.limits.PAUSE", 0.02)
    monkeypatch.setattr("distillery_tools.oracle.run.single.SHORTEST_WAIT", 0.01)
    return labelling


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Six articles, as many as a file of scores has."""
    return write_articles(tmp_path / "articles.jsonl")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The scores that version 1.2.0 gave to six articles: the averages 0 to 5."""
    return Scores().write(tmp_path / "old.jsonl")
