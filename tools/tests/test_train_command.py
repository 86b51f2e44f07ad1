"""``distillery train``: from labelled articles to a filter that scores, and no further than it says."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from invented import DIMENSIONS, NAME, Data, Trained, contents, run_cli, strict_json, train

import distillery
from distillery import FilterConfig
from distillery.golden import golden_faults
from distillery.toolkit import ADAPTER_CONFIG_FILE, ADAPTER_FILE, CALIBRATION_FILE, read_golden, sha256_of
from distillery_tools.data.labelled import LabelledData
from distillery_tools.training.install import RECORD_FILE
from distillery_tools.training.recipe import TrainingRecipe

USAGE, FAILED = 2, 1


@pytest.fixture
def record(trained: Trained) -> dict[str, Any]:
    """The record that stands in the filter's folder."""
    content: dict[str, Any] = strict_json((trained.folder / "compact" / RECORD_FILE).read_text(encoding="utf-8"))
    return content


def edit(folder: Path, old: str, new: str) -> None:
    """Change config.yaml as its author would."""
    path = folder / "config.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def has_calibration(folder: Path) -> bool:
    """Say whether the student's calibration is on."""
    return FilterConfig.load(folder).student().calibration is not None


class TestTrained:
    """What one run leaves."""

    def test_config_changes_in_two_hashes_and_the_calibration(self, trained: Trained) -> None:
        """Every other character is the author's, comments and layout included."""
        after = (trained.folder / "config.yaml").read_text(encoding="utf-8")
        pairs = list(zip(trained.config_before.splitlines(), after.splitlines(), strict=True))
        changed = [(old.strip().split(":")[0], new.strip()) for old, new in pairs if old != new]
        expected = [
            (name, f'{name}: "{sha256_of(trained.folder / "compact" / name)}"')
            for name in (ADAPTER_CONFIG_FILE, ADAPTER_FILE)
        ]
        if has_calibration(trained.folder):
            expected.append(("calibration", f"calibration: compact/{CALIBRATION_FILE}"))
        assert changed == expected
        assert all(re.match(r" *", old)[0] == re.match(r" *", new)[0] for old, new in pairs)  # type: ignore[index]

    def test_the_folder_holds_the_student_and_its_record(self, trained: Trained) -> None:
        """No intermediate file is left in a folder that will be a wheel."""
        names = {path.name for path in (trained.folder / "compact").iterdir()}
        calibration = {CALIBRATION_FILE} if has_calibration(trained.folder) else set()
        assert names == {ADAPTER_FILE, ADAPTER_CONFIG_FILE, RECORD_FILE} | calibration
        assert set(contents(trained.folder)) == {"config.yaml", "golden.jsonl", *(f"compact/{name}" for name in names)}

    def test_the_filter_loads_and_scores(self, trained: Trained) -> None:
        """By its path, with what load_filter checks."""
        scorer = distillery.load_filter(trained.folder, backend="torch")
        score = scorer.score({"title": "Trees", "content": "Trees and flowers near the school, measured together."})
        assert score.error is None
        assert score.scores is not None
        assert list(score.scores) == list(DIMENSIONS)
        assert all(0 <= value <= 10 for value in score.scores.values())

    def test_golden_scores_are_confirmed(self, trained: Trained) -> None:
        """Each article has a score for each dimension, and any installation gives them."""
        scorer = distillery.load_filter(trained.folder, backend="torch")
        records = read_golden(trained.folder)
        assert [record["article"]["id"] for record in records] == ["lane", "sale"]
        assert all(list(record["scores"]) == list(DIMENSIONS) for record in records)
        assert golden_faults(scorer, tolerance=1e-3) == []

    def test_the_installed_adapter_is_that_of_the_run(self, trained: Trained) -> None:
        """To the byte."""
        (run,) = trained.runs.iterdir()
        for name in (ADAPTER_FILE, ADAPTER_CONFIG_FILE):
            assert (run / "adapter" / name).read_bytes() == (trained.folder / "compact" / name).read_bytes()
        assert re.fullmatch(rf"{NAME}-\d{{8}}-\d{{6}}.*", run.name)

    def test_the_user_is_told(self, trained: Trained) -> None:
        """Each epoch, the best one, the calibration, and what to do next."""
        (run,) = trained.runs.iterdir()
        for expected in (
            "epoch 1: train loss",
            "epoch 2: train loss",
            "best epoch: ",
            str(run),
            "calibration maps kept for",
        ):
            assert expected in trained.output.replace("\n", " ")
        assert f"distillery evaluate {trained.folder}" in trained.output

    def test_info_and_score_take_the_trained_filter(self, trained: Trained, data_folder: Path) -> None:
        """The whole way of a filter's author."""
        weights = FilterConfig.load(trained.folder).student().weights_sha256
        assert weights[:12] in run_cli("info", trained.folder).output
        assert (
            run_cli("score", data_folder / "articles.jsonl", "--filter", trained.folder, "--backend", "torch").exit_code
            == 0
        )


class TestRecord:
    """training.json: how the student came to be."""

    def test_it_names_data_code_and_choices(self, record: dict[str, Any], trained: Trained, data_folder: Path) -> None:
        """Enough to make the student again."""
        config = FilterConfig.load(trained.folder)
        labels = data_folder / "labels" / f"{NAME}.jsonl"
        assert record["data_sha256"] == LabelledData.load(data_folder / "articles.jsonl", labels, config).sha256
        assert (record["filter"], record["version"], record["student"]) == (NAME, "1.2.0", "compact")
        assert (record["base_model"], record["pooling"]) == ("acme/tiny", "mean")
        assert record["preprocessing"] == {"head_tokens": 40, "tail_tokens": 16}
        recipe = TrainingRecipe(rank=4, learning_rate=0.02, epochs=2, snippet_characters=0)
        assert record["recipe"] == asdict(recipe)

    def test_it_says_what_was_chosen_and_why(self, record: dict[str, Any]) -> None:
        """The epoch, the figure it was chosen by, and all seeds that were tried."""
        chosen = record["history"][record["best_epoch"] - 1]
        assert record["selected_value"] == chosen["val_selection_error"]
        assert record["selected_by"]
        assert record["seeds"] == {"0": chosen["val_selection_error"]}
        assert record["threads"] >= 1
        assert record["seconds"] == pytest.approx(sum(epoch["seconds"] for epoch in record["history"]))

    def test_it_names_versions_and_commit(self, record: dict[str, Any]) -> None:
        """Of Python, of our packages and of the libraries that decide the numbers."""
        from importlib.metadata import version

        assert {"distillery-core", "distillery-tools", "torch", "transformers", "peft", "tokenizers"} <= set(
            record["versions"]
        )
        assert all(version(name) == number for name, number in record["versions"].items())
        assert re.fullmatch(r"3\.\d+\.\d+", record["python"])
        assert record["git_commit"] is None or re.fullmatch(r"[0-9a-f]{40}(-dirty)?", record["git_commit"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", record["finished"])

    def test_it_holds_the_history_and_the_effect_of_calibration(self, record: dict[str, Any], trained: Trained) -> None:
        """Those of the run."""
        (run,) = trained.runs.iterdir()
        assert record["history"] == strict_json((run / "history.json").read_text(encoding="utf-8"))
        errors = [epoch["val_weighted_average_mae"] for epoch in record["history"]]
        assert record["best_epoch"] == int(np.argmin(errors)) + 1
        assert "calibration" not in record  # it has a file of its own, which `calibrate` renews

    def test_the_folder_of_the_run_has_it_too(self, trained: Trained) -> None:
        """Every run writes a record, also one whose student is soon replaced."""
        (run,) = trained.runs.iterdir()
        assert strict_json((run / RECORD_FILE).read_text(encoding="utf-8"))["filter"] == NAME


def test_a_calibration_of_the_former_student_does_not_stay(
    trained_copy: Path, data_folder: Path, tmp_path: Path
) -> None:
    """Training again replaces all of it: the filter loads, whether or not a map helps now."""
    assert train(trained_copy, data_folder, tmp_path / "runs", "--seed", 5, "--epochs", 1).exit_code == 0
    path = trained_copy / "compact" / CALIBRATION_FILE
    assert path.is_file() is has_calibration(trained_copy)
    scorer = distillery.load_filter(trained_copy, backend="torch")
    assert golden_faults(scorer, tolerance=1e-3) == []


def test_an_evaluation_of_the_former_student_is_not_shown(
    trained_copy: Path, data_folder: Path, tmp_path: Path
) -> None:
    """``distillery info`` must not tell the quality of weights that are gone."""
    assert run_cli("evaluate", trained_copy, "--data", data_folder, "--save").exit_code == 0
    assert "held-out articles" in run_cli("info", trained_copy).output

    assert train(trained_copy, data_folder, tmp_path / "runs", "--seed", 5, "--epochs", 1).exit_code == 0

    assert "held-out articles" not in run_cli("info", trained_copy).output


def test_one_seed_one_student(garden: Path, trained: Trained, data_folder: Path, tmp_path: Path) -> None:
    """Trained again elsewhere, every file but the record is the same to the byte."""
    assert train(garden, data_folder, tmp_path / "runs").exit_code == 0
    first, second = contents(trained.folder), contents(garden)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == [f"compact/{RECORD_FILE}"]


def test_two_runs_in_one_second_do_not_collide(garden: Path, data_folder: Path, tmp_path: Path) -> None:
    """Runs are named by the second, and small filters train in less."""
    for _ in range(3):
        assert train(garden, data_folder, tmp_path / "runs", "--epochs", 1, "--dry-run").exit_code == 0
    assert len(list((tmp_path / "runs").iterdir())) == 3


def test_a_dry_run_leaves_the_folder_as_it_is(garden: Path, data_folder: Path, tmp_path: Path) -> None:
    """To the byte; the run's folder holds adapter, history and record."""
    before = contents(garden)

    done = train(garden, data_folder, tmp_path / "runs", "--dry-run")

    assert done.exit_code == 0
    assert contents(garden) == before
    (run,) = (tmp_path / "runs").iterdir()
    assert {path.name for path in run.iterdir()} == {
        "adapter",
        "checkpoint.safetensors",
        "history.json",
        "history.png",
        "training.json",
        "validation.safetensors",
    }
    assert strict_json((run / "training.json").read_text(encoding="utf-8"))["data_sha256"]


def test_articles_and_labels_may_lie_anywhere(garden: Path, data: Data, tmp_path: Path) -> None:
    """Each file has its own option, which goes before the folder's."""
    labels = data.labels_file.rename(tmp_path / "mine.jsonl")
    options = ("--runs", tmp_path / "runs", "--epochs", 1, "--dry-run")
    both = run_cli("train", garden, "--articles", data.articles_file, "--labels", labels, *options)
    assert both.exit_code == 0, both.output
    mixed = run_cli("train", garden, "--data", data.folder, "--labels", labels, "--runs", tmp_path / "b", *options[2:])
    assert mixed.exit_code == 0, mixed.output


def test_a_filter_of_one_dimension_trains(garden: Path, data: Data, tmp_path: Path) -> None:
    """Its arrays have one column, not none."""
    path = garden / "config.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings |= {"dimensions": [{"name": "green", "weight": 1.0, "description": "Trees"}], "gatekeepers": []}
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    for label in data.labels:
        label["scores"] = {"green": label["scores"]["green"]}
    for label in data.labels[:10]:
        label["split"] = "val"
    data.write()

    done = train(garden, data.folder, tmp_path / "runs")

    assert done.exit_code == 0, done.output
    assert golden_faults(distillery.load_filter(garden, backend="torch"), tolerance=1e-3) == []
    assert run_cli("evaluate", garden, "--data", data.folder).exit_code == 0


def test_the_base_model_may_lie_beside_the_config(
    garden: Path, bert_base: Path, data_folder: Path, tmp_path: Path
) -> None:
    """A relative path starts at the filter's folder, wherever the command is run."""
    shutil.copytree(bert_base, garden / "base")
    edit(garden, f"path: {bert_base}\n", "path: base\n")
    assert train(garden, data_folder, tmp_path / "runs").exit_code == 0
    assert run_cli("evaluate", garden, "--data", data_folder).exit_code == 0


class TestRefused:
    """What cannot go well is refused in a sentence, before anything is trained or written."""

    @pytest.fixture(autouse=True)
    def no_training(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No test here may come as far as a training step."""
        from distillery_tools.training.trainer import Trainer

        def refuse(*_: Any) -> None:
            raise AssertionError("the training has begun")

        monkeypatch.setattr(Trainer, "fit", refuse)

    def refusal(self, folder: Path, *arguments: object, status: int) -> str:
        """Run the command; return what it says. The folder must stay as it was."""
        before = contents(folder)
        done = run_cli("train", *arguments)
        assert done.exit_code == status, (done.output, done.exception)
        assert "Traceback" not in done.output
        assert contents(folder) == before
        return done.output

    def test_no_data(self, garden: Path, tmp_path: Path) -> None:
        """The message says which options there are."""
        said = self.refusal(garden, garden, "--runs", tmp_path / "runs", status=USAGE)
        assert "--data FOLDER" in said
        assert "--articles FILE" in said
        assert not (tmp_path / "runs").exists()

    @pytest.mark.parametrize("option", ["--articles", "--labels"])
    def test_half_of_the_data(self, garden: Path, data: Data, option: str) -> None:
        """Articles without labels train nothing."""
        assert "--data FOLDER" in self.refusal(garden, garden, option, data.articles_file, status=USAGE)

    def test_data_that_are_not_there(self, garden: Path, tmp_path: Path) -> None:
        """The file is named."""
        said = self.refusal(garden, garden, "--data", tmp_path / "nowhere", status=USAGE)
        assert str(tmp_path / "nowhere" / "articles.jsonl") in said

    def test_faulty_labels(self, garden: Path, data: Data, tmp_path: Path) -> None:
        """A missing dimension above all."""
        del data.labels[0]["scores"]["green"]
        data.write()
        said = self.refusal(garden, garden, "--data", data.folder, "--runs", tmp_path / "runs", status=USAGE)
        assert "a0: scores: missing dimension (green)" in said
        assert not (tmp_path / "runs").exists()

    @pytest.mark.parametrize("packages", ["site-packages", "dist-packages"])
    @pytest.mark.parametrize("relative", [False, True])
    def test_an_installed_copy(
        self,
        garden: Path,
        data_folder: Path,
        tmp_path: Path,
        packages: str,
        relative: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Its files belong to pip; also as a path from inside. Debian's folder has its own name."""
        installed = Path(shutil.copytree(garden, tmp_path / "lib" / packages / "distillery_filter_garden"))
        monkeypatch.chdir(installed.parent)
        name = "./distillery_filter_garden" if relative else installed
        said = self.refusal(installed, name, "--data", data_folder, "--runs", tmp_path / "runs", status=USAGE)
        assert "is an installed copy" in said
        assert "filters/" in said

    def test_a_folder_without_a_filter(self, garden: Path, data_folder: Path, tmp_path: Path) -> None:
        """As everywhere else."""
        self.refusal(garden, tmp_path / "nowhere", "--data", data_folder, status=USAGE)

    def test_an_unknown_student(self, garden: Path, data_folder: Path, tmp_path: Path) -> None:
        """The known ones are named."""
        options = ("--data", data_folder, "--runs", tmp_path / "runs", "--student", "large")
        assert "compact" in self.refusal(garden, garden, *options, status=USAGE)

    @pytest.mark.parametrize("option", ["--epochs", "--batch-size", "--rank"])
    @pytest.mark.parametrize("value", [0, -1])
    def test_numbers_that_make_no_training(
        self, garden: Path, data_folder: Path, tmp_path: Path, option: str, value: int
    ) -> None:
        """One is the least."""
        options = ("--data", data_folder, "--runs", tmp_path / "runs", option, value)
        assert option in self.refusal(garden, garden, *options, status=USAGE)

    def test_a_base_model_that_is_not_there(self, garden: Path, data_folder: Path, tmp_path: Path) -> None:
        """The sources are named."""
        path = garden / "config.yaml"
        path.write_text(re.sub(r"path: .*", "path: /nowhere", path.read_text(encoding="utf-8")), encoding="utf-8")
        said = self.refusal(garden, garden, "--data", data_folder, "--runs", tmp_path / "runs", status=FAILED)
        assert "/nowhere" in said


Break = Callable[[Path], object]

BROKEN: dict[str, Break] = {
    "golden article without a text": lambda folder: (folder / "golden.jsonl").write_text(
        json.dumps({"article": {"id": "bad", "title": "No content"}}) + "\n", encoding="utf-8"
    ),
    "golden line without an article": lambda folder: (folder / "golden.jsonl").write_text("{}\n", encoding="utf-8"),
    "golden line that is no JSON": lambda folder: (folder / "golden.jsonl").write_text("{\n", encoding="utf-8"),
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_broken_golden_file_is_an_error_and_not_a_traceback(
    garden: Path, data_folder: Path, tmp_path: Path, damage: Break
) -> None:
    """The message names the file or the article."""
    damage(garden)
    done = train(garden, data_folder, tmp_path / "runs", "--epochs", 1)
    assert done.exit_code in {FAILED, USAGE}
    assert isinstance(done.exception, SystemExit), done.exception
    assert "golden.jsonl" in done.output or "bad" in done.output
