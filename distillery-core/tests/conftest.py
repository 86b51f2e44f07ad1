"""Tiny random filters of the real architectures, written as a filter's author would write them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import processes
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from installed_filter import Package, install_sound_filter

from distillery import hookimpl, testing
from distillery.config import FilterConfig
from distillery.plugins import filters as plugins
from distillery.plugins.filters import InstalledFilter
from distillery.plugins.packages import forget_packages
from distillery.scoring.score import Provenance, Score
from distillery.scoring.scorer import FilterBaseScorer
from distillery.students.backends.contract import Backend, NetworkRecipe
from distillery.students.batching import padded
from distillery.testing import restate, tiny_config, write_bert, write_filter, write_gemma
from distillery.testing.tiny_models import WORDS


@pytest.fixture
def config_data() -> dict[str, Any]:
    """What a sound config.yaml holds, free to be changed."""
    return tiny_config()


@pytest.fixture
def config(config_data: dict[str, Any]) -> FilterConfig:
    return FilterConfig.parse(config_data)


@pytest.fixture(scope="session")
def run_python() -> Callable[..., str]:
    """A function that runs code in a process of its own, with variables set, and returns what it prints."""

    def run(code: str, **variables: object) -> str:
        environment = os.environ | {name: str(value) for name, value in variables.items()}
        ended = processes.run(sys.executable, "-c", code, env=environment, text=True)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    return run


@pytest.fixture
def provenance() -> Provenance:
    return Provenance("tiny-filter", "1.2.3", "1.0.0", "compact", "1" * 64, None, "torch-float32")


@pytest.fixture(scope="session")
def bert_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT with its WordPiece tokenizer, as a folder of the Hub holds it."""
    return write_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def gemma_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Gemma-3 text model with a BPE tokenizer that writes spaces as Gemma's does."""
    return write_gemma(tmp_path_factory.mktemp("gemma"))


@pytest.fixture(scope="session")
def write_adapter() -> Callable[..., Path]:
    """A function that writes a random adapter, as PEFT's ``save_pretrained`` does."""
    return testing.write_adapter


@pytest.fixture(scope="session")
def bert_filter(bert_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filter whose student is a BERT read at its pooler; not to be changed, `copy_of` is."""
    return write_filter(tmp_path_factory.mktemp("bert-filter"), bert_base, pooling="pooler")


@pytest.fixture(scope="session")
def gemma_filter(gemma_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filter whose student is a Gemma-3 read at its last token; not to be changed, `copy_of` is."""
    return write_filter(tmp_path_factory.mktemp("gemma-filter"), gemma_base, pooling="last")


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Path], Path]:
    """A function that copies a filter's folder, base model included, to where a test may damage it."""

    def copy(folder: Path) -> Path:
        target = tmp_path / "filter"
        shutil.copytree(folder, target)
        base = FilterConfig.load(folder).student().base
        assert base
        assert base.path
        shutil.copytree(base.path, target / "base")
        restate(target, base=target / "base")
        return target

    return copy


@pytest.fixture(scope="session")
def restated() -> Callable[..., Path]:
    """A function that writes the files' present sha256 and other settings into config.yaml."""
    return restate


@pytest.fixture(scope="session")
def bert_scorer(bert_filter: Path) -> FilterBaseScorer:
    return FilterBaseScorer.from_folder(bert_filter, backend="torch")


@pytest.fixture
def with_backend(bert_scorer: FilterBaseScorer) -> Callable[[Backend], FilterBaseScorer]:
    """A function that gives the tiny filter's scorer on another backend."""

    def swap(backend: Backend) -> FilterBaseScorer:
        student = replace(bert_scorer.student, backend=backend)
        return FilterBaseScorer(bert_scorer.config, student, filter_dir=bert_scorer.filter_dir)

    return swap


@pytest.fixture(scope="session")
def gemma_scorer(gemma_filter: Path) -> FilterBaseScorer:
    return FilterBaseScorer.from_folder(gemma_filter, backend="torch")


@pytest.fixture(scope="session")
def articles() -> list[dict[str, Any]]:
    """Articles from a line to several times the student's window."""
    return [
        {
            "id": n,
            "title": f"{WORDS[n % 30]} {WORDS[n % 7]}",
            "content": " ".join(WORDS[n % 5 :: n % 4 + 1] * (n % 6 + 1)),
        }
        for n in range(24)
    ]


@pytest.fixture(scope="session")
def sound_package(
    bert_filter: Path, articles: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Package:
    """A filter as pip installs it, with nothing wrong; not to be changed, `package` is."""
    return install_sound_filter(tmp_path_factory.mktemp("site"), bert_filter, articles)


@pytest.fixture
def package(sound_package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """A sound filter that this process finds, free to be changed."""
    site = tmp_path / "site"
    shutil.copytree(sound_package.site, site)
    monkeypatch.syspath_prepend(str(site))
    forget_packages()
    return Package(site)


class OffersFolder:
    """Stands in for the import package of a filter."""

    def __init__(self, folder: Path) -> None:
        """Offer the filter of a folder."""
        self._folder = folder

    @hookimpl
    def distillery_filter(self) -> Path:
        """Answer the hook of filters."""
        return self._folder


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that installs the filter of a folder; before it is called, none is installed."""
    found: list[InstalledFilter] = []
    monkeypatch.delenv("DISTILLERY_FILTERS", raising=False)
    monkeypatch.setattr(plugins, "_discovered", lambda: tuple(found))

    def add(folder: Path, name: str = "tiny-filter", *, owner: str = "", requires_core: str = "<2,>=1.0") -> None:
        entry_point: Any = SimpleNamespace(load=lambda: OffersFolder(folder), module="distillery")
        distribution = f"{owner}distillery-filter-{name}"
        found.append(InstalledFilter(name, "1.2.3", distribution, "Shared water.", requires_core, entry_point))

    return add


@pytest.fixture(scope="session")
def other_filter(bert_filter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same student under another name, with other tiers."""
    folder = tmp_path_factory.mktemp("other") / "filter"
    shutil.copytree(bert_filter, folder)
    data = yaml.safe_load((folder / "config.yaml").read_text())
    data |= {"name": "other-filter", "tiers": [{"name": "any", "at_least": 0.0, "description": "Whatever."}]}
    (folder / "config.yaml").write_text(yaml.safe_dump(data))
    return folder


@pytest.fixture
def articles_file(tmp_path: Path, articles: list[dict[str, Any]]) -> Path:
    """The articles, and one that every filter's rules set aside."""
    short = {"id": "short", "title": "clinic", "content": "water"}
    path = tmp_path / "articles.jsonl"
    path.write_text("".join(json.dumps(article) + "\n" for article in [*articles, short]))
    return path


@pytest.fixture
def broken_filter(bert_filter: Path, copy_of: Callable[[Path], Path]) -> Path:
    """A filter whose weights are not those that its config states."""
    folder = copy_of(bert_filter)
    with (folder / "student" / "adapter_model.safetensors").open("ab") as file:
        file.write(b"\0")
    return folder


@pytest.fixture
def scored(provenance: Provenance) -> Score:
    return Score(
        provenance,
        passed_prefilter=True,
        scores={"reach": 0.1 + 0.2, "proof": 10.0, "lasting": 1e-300},
        weighted_average=4.123456789,
        tier="medium",
        tier_description="Found in one village.",
        gatekeeper_applied=True,
        raw_scores={"reach": -1.5, "proof": 12.0, "lasting": 0.0},
    )


@pytest.fixture
def blocked(provenance: Provenance) -> Score:
    return Score.make_blocked(provenance, "corporate_finance")


@pytest.fixture
def invalid(provenance: Provenance) -> Score:
    return Score.make_invalid(provenance, "'title' is missing")


@pytest.fixture(scope="session")
def linear_recipe() -> Callable[..., NetworkRecipe]:
    """A function that gives the recipe of a linear network, quick to convert, and notes each time it is built."""
    import torch

    class Linear(torch.nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.score = torch.nn.Linear(1, 2)
            torch.nn.init.constant_(self.score.weight, factor)
            torch.nn.init.zeros_(self.score.bias)

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            scores: torch.Tensor = self.score((input_ids * attention_mask).sum(1, keepdim=True).float())
            return scores

    def recipe(built: list[float], factor: float = 0.5) -> NetworkRecipe:
        def build() -> Any:
            built.append(factor)
            return Linear(factor)

        return NetworkRecipe(
            f"linear {factor}", build, lambda: [padded([[1, 2, 3]]), padded([[4]])], to_scores=lambda rows: rows
        )

    return recipe
