"""``distillery train``: seeds, resuming, context, and the options of the recipe."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from invented import contents, run_cli, strict_json, train

from distillery import FilterConfig
from distillery.golden import golden_faults
from distillery.toolkit import ADAPTER_FILE
from distillery_tools.cli.train import train_command
from distillery_tools.training.recipe import TrainingRecipe
from distillery_tools.training.trainer import Trainer

USAGE = 2


def test_each_choice_is_an_option_and_says_what_it_means() -> None:
    """One place for a choice: the recipe."""
    options = {parameter.name: parameter for parameter in train_command.params}
    for choice in fields(TrainingRecipe):
        assert options[choice.name].default == choice.default
        assert options[choice.name].help == choice.metadata["meaning"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--loss", "mae"),
        ("--huber-beta", 0),
        ("--moving-average", 1),
        ("--learning-rate", 0),
        ("--warmup-share", -0.1),
        ("--seeds", "0,0"),
        ("--seeds", "0,"),
        ("--seeds", "-1"),
    ],
)
def test_values_that_make_no_sense(garden: Path, data_folder: Path, tmp_path: Path, option: str, value: object) -> None:
    """Are refused by name, before a run has a folder."""
    said = run_cli("train", garden, "--data", data_folder, "--runs", tmp_path / "runs", f"{option}={value}")
    assert said.exit_code == USAGE
    assert option in said.output
    assert not (tmp_path / "runs").exists()


class TestSeeds:
    """Several trainings, of which the best is kept."""

    @pytest.fixture
    def run(self, garden: Path, data_folder: Path, tmp_path: Path) -> Path:
        """The folder of a run with three seeds, installed."""
        done = train(garden, data_folder, tmp_path / "runs", "--seeds", "0,1,2")
        assert done.exit_code == 0, done.output
        assert "An ensemble " in done.output.replace("\n", " ")
        (run,) = (tmp_path / "runs").iterdir()
        return run

    def test_the_best_is_installed_and_recorded(self, run: Path, garden: Path) -> None:
        """Its adapter, its seed, and what the others made."""
        report = strict_json((run / "seeds.json").read_text(encoding="utf-8"))
        best = report["best_seed"]
        assert report["errors"][str(best)] == min(report["errors"].values())
        assert set(report["errors"]) == {"0", "1", "2"}
        record = strict_json((garden / "compact" / "training.json").read_text(encoding="utf-8"))
        assert record["recipe"]["seed"] == best
        assert record["seeds"] == report["errors"]
        kept = (run / f"seed-{best}" / "adapter" / ADAPTER_FILE).read_bytes()
        assert (garden / "compact" / ADAPTER_FILE).read_bytes() == kept

    def test_the_ensemble_is_the_mean_of_the_predictions(self, run: Path) -> None:
        """And pays only if it beats the best seed by more than the seeds differ."""
        report = strict_json((run / "seeds.json").read_text(encoding="utf-8"))
        gain = min(report["errors"].values()) - report["ensemble_error"]
        assert report["spread"] > 0
        assert report["pays"] is (gain > report["spread"])


class TestResume:
    """``--resume RUN``."""

    @pytest.fixture
    def cut_short(self, garden: Path, data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The folder of a run whose second epoch broke off."""
        whole = Trainer._validated

        def fail_second(self: Trainer) -> Any:
            if self.history:
                raise KeyboardInterrupt
            return whole(self)

        with monkeypatch.context() as patched:
            patched.setattr(Trainer, "_validated", fail_second)
            assert train(garden, data_folder, tmp_path / "runs").exit_code != 0
        (run,) = (tmp_path / "runs").iterdir()
        return run

    def test_it_ends_as_if_never_cut_short(
        self, cut_short: Path, garden: Path, data_folder: Path, trained: Any
    ) -> None:
        """The same files in the filter's folder as from one go."""
        done = train(garden, data_folder, cut_short.parent, "--resume", cut_short)
        assert done.exit_code == 0, done.output
        assert [path.name for path in cut_short.parent.iterdir()] == [cut_short.name]
        one_go, resumed = contents(trained.folder), contents(garden)
        assert [name for name in one_go if one_go[name] != resumed.get(name)] == ["compact/training.json"]

    def test_other_options_are_refused(self, cut_short: Path, garden: Path, data_folder: Path) -> None:
        """By name, and the filter's folder stays as it was."""
        before = contents(garden)
        said = train(garden, data_folder, cut_short.parent, "--resume", cut_short, "--batch-size", 4)
        assert said.exit_code == USAGE
        assert "batch_size: 16, now 4" in said.output
        assert contents(garden) == before


def test_another_context_is_stated_in_the_config(garden: Path, data_folder: Path, tmp_path: Path) -> None:
    """Or the student would read other parts of a text than it was trained on. Comments stay."""
    done = train(garden, data_folder, tmp_path / "runs", "--head-tokens", 20, "--tail-tokens", 0)
    assert done.exit_code == 0, done.output
    settings = FilterConfig.load(garden).student()
    assert settings.preprocessing is not None
    assert settings.preprocessing.model_dump() == {"head_tokens": 20, "tail_tokens": 0}
    assert "head_tokens: 20   # the base reads 64" in (garden / "config.yaml").read_text(encoding="utf-8")
    from distillery import load_filter

    assert golden_faults(load_filter(garden, backend="torch"), tolerance=1e-3) == []
