"""``distillery probe``: from labelled articles to a filter that scores in two stages, and nothing else changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from click.testing import CliRunner, Result
from invented import Trained, contents, make_data, strict_json, write_filter

import distillery
from distillery import FilterConfig
from distillery.toolkit import CALIBRATION_FILE, PROBE_FILE, Probe, sha256_of
from distillery_tools.cli.probe import probe_command
from distillery_tools.probe.installation import write_section

MISS = ("--miss", "0.2")


class Probed(NamedTuple):
    """A filter with a probe and a threshold, its config before, and what the commands printed."""

    folder: Path
    config_before: str
    trained: str
    chosen: str


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled articles, a hundred of train and val at 4 or above, and the same ones as they come in."""
    made = make_data(tmp_path_factory.mktemp("labelled"), 300, seed=3)
    (made.folder / "unlabelled.jsonl").write_bytes(made.articles_file.read_bytes())
    return made.folder


def probe(*arguments: object) -> Result:
    """Run ``distillery probe`` on a wide terminal."""
    return CliRunner(env={"COLUMNS": "250"}).invoke(probe_command, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def probed(trained: Trained, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Probed:
    folder = Path(shutil.copytree(trained.folder, tmp_path_factory.mktemp("probed") / "garden"))
    before = (folder / "config.yaml").read_text(encoding="utf-8")
    done = [
        probe("train", folder, "--data", data),
        probe("threshold", folder, "--data", data, *MISS, "--backend", "torch"),
    ]
    assert [one.exit_code for one in done] == [0, 0], [one.output for one in done]
    return Probed(folder, before, done[0].output, done[1].output)


@pytest.fixture
def copied(probed: Probed, tmp_path: Path) -> Path:
    """The filter with its probe, free to be changed."""
    return Path(shutil.copytree(probed.folder, tmp_path / "garden"))


def test_config_keeps_all_but_the_section(probed: Probed) -> None:
    text = (probed.folder / "config.yaml").read_text(encoding="utf-8")

    assert text.startswith(probed.config_before.rstrip())
    assert yaml.safe_load(text).keys() - yaml.safe_load(probed.config_before).keys() == {"probe"}


def test_record_says_how_the_probe_came_to_be(probed: Probed) -> None:
    record = Probe.load(FilterConfig.load(probed.folder), probed.folder).record

    assert (record.filter, record.width) == ("garden", 32)
    assert (record.training["splits"], record.training["n_articles"]) == (["train", "val"], 240)
    assert record.training["held_out"]["spearman"]["value"] > 0.5
    assert len(record.training["data_sha256"]) == 64


def test_calibration_is_of_this_probe_and_its_held_out_estimates(probed: Probed) -> None:
    content = strict_json((probed.folder / "probe" / CALIBRATION_FILE).read_text(encoding="utf-8"))

    assert content["weights_sha256"] == sha256_of(probed.folder / "probe" / PROBE_FILE)
    assert (content["fitted_on"], content["n_samples"]) == ("held-out estimates of train and val", 240)
    assert content["average_effect"]["after"]["mae"] <= content["average_effect"]["before"]["mae"]
    assert f"calibrated {content['average_effect']['after']['mae']:.3f}" in probed.trained


def test_stage_1_scores_have_intervals(probed: Probed, data: Path) -> None:
    scorer = distillery.load_filter(probed.folder, mode="hybrid", backend="torch")
    articles = [strict_json(line) for line in (data / "articles.jsonl").read_text().splitlines()]

    skipped = [score for score in scorer.score(articles) if score.stage_used == "stage1"]

    assert all(list(score.intervals or {}) == [*scorer.DIMENSION_NAMES, "weighted_average"] for score in skipped)
    assert {score.tier for score in skipped} == {scorer.config.tiers[-1].name}


def test_the_same_weights_keep_their_threshold(copied: Path, data: Path) -> None:
    before = FilterConfig.load(copied).probe
    assert before

    done = probe("train", copied, "--data", data)

    after = FilterConfig.load(copied).probe
    assert after
    assert after.sha256[PROBE_FILE] == before.sha256[PROBE_FILE]
    assert (after.threshold, after.guarantee, after.costs) == (before.threshold, before.guarantee, before.costs)
    assert f"so the threshold stays: {before.threshold:g}" in done.output
    assert distillery.load_filter(copied, mode="hybrid", backend="torch").stage1


def test_other_weights_lose_their_threshold(copied: Path, tmp_path: Path) -> None:
    others = make_data(tmp_path / "others", 300, seed=4)

    done = probe("train", copied, "--data", others.folder)

    after = FilterConfig.load(copied).probe
    assert after
    assert (after.threshold, after.guarantee, after.costs) == (None, None, None)
    assert "Choose its threshold" in done.output


def test_threshold_is_stated_with_its_promise_and_costs(probed: Probed) -> None:
    settings = FilterConfig.load(probed.folder).probe
    assert settings
    assert settings.guarantee
    assert settings.costs

    promise, costs = settings.guarantee, settings.costs
    assert promise.bound <= promise.miss_rate == 0.2
    assert (promise.confidence, promise.positive_from) == (0.95, 4.0)
    assert promise.n_misses / promise.n_positives < 0.2
    assert 0.0 < costs.skip_rate < 1.0
    rest = (1 - costs.skip_rate) * costs.student_milliseconds
    assert costs.speed_up == pytest.approx(costs.student_milliseconds / (costs.stage1_milliseconds + rest), rel=0.02)
    assert f"{promise.n_misses} of {promise.n_positives} held-out ones" in probed.chosen


def test_figures_of_stage_1_name_the_weights_they_were_measured_with(probed: Probed) -> None:
    config = FilterConfig.load(probed.folder)
    settings = config.probe
    assert settings
    assert settings.guarantee
    assert settings.costs

    assert settings.guarantee.probe_sha256 == settings.costs.probe_sha256 == settings.sha256[PROBE_FILE]
    assert settings.costs.weights_sha256 == config.student().weights_sha256


def test_filter_scores_in_two_stages(probed: Probed, data: Path) -> None:
    scorer = distillery.load_filter(probed.folder, mode="hybrid", backend="torch")
    articles = [strict_json(line) for line in (data / "articles.jsonl").read_text().splitlines()]

    stages = {score.stage_used for score in scorer.score(articles)}

    assert scorer.stage1
    assert stages == {None, "stage1", "stage2"}


def test_threshold_again_changes_only_the_section(copied: Path, data: Path) -> None:
    before, text = contents(copied), (copied / "config.yaml").read_text(encoding="utf-8")
    (copied / "config.yaml").write_text(text.replace("\nprobe:", "\n# Below, Stage 1.\nprobe:"), encoding="utf-8")

    done = probe("threshold", copied, "--data", data, "--miss", "0.3", "--backend", "torch", "--format", "json")

    settings = strict_json(done.stdout)
    assert settings["guarantee"]["miss_rate"] == 0.3
    assert "# Below, Stage 1.\n" in (copied / "config.yaml").read_text(encoding="utf-8")
    assert FilterConfig.load(copied).probe == FilterConfig.load(copied).probe.model_validate(settings)
    after = contents(copied)
    assert {name for name in after if after[name] != before.get(name)} == {"config.yaml"}


def test_section_is_changed_where_it_stands(copied: Path) -> None:
    settings = FilterConfig.load(copied).probe
    assert settings
    path = copied / "config.yaml"
    data = yaml.safe_load(path.read_text())
    moved = {"probe": data.pop("probe"), **data}
    path.write_text(f"# first\n{yaml.safe_dump(moved, sort_keys=False)}", encoding="utf-8")

    write_section(copied, settings.model_copy(update={"threshold": 0.5}))

    text = path.read_text(encoding="utf-8")
    assert text.startswith("# first\nprobe:\n")
    assert yaml.safe_load(text) == moved | {"probe": moved["probe"] | {"threshold": 0.5}}


def test_promise_that_the_positives_cannot_carry_is_refused(copied: Path, data: Path) -> None:
    before = contents(copied)

    done = probe("threshold", copied, "--data", data, "--miss", "0.001")

    assert isinstance(done.exception, distillery.ProbeError)
    assert "are too few for a miss rate of 0.001" in str(done.exception)
    assert "at least 2995 positives" in str(done.exception)
    assert contents(copied) == before


def test_probe_of_other_articles_has_no_held_out_estimates(copied: Path, tmp_path: Path) -> None:
    others = make_data(tmp_path / "others", 300, seed=4)
    (others.folder / "unlabelled.jsonl").write_bytes(others.articles_file.read_bytes())

    done = probe("threshold", copied, "--data", others.folder, *MISS)

    assert "was not trained on these labelled articles" in str(done.exception)


def test_report_holds_both_ways_side_by_side(probed: Probed, data: Path) -> None:
    report = strict_json(probe("report", probed.folder, "--data", data, "--format", "json").stdout)

    assert list(report["quality"]) == ["hybrid", "student alone"]
    assert (report["split"], report["n_articles"]) == ("test", 60)
    assert {"guarantee", "high", "medium"} == set(report["misses"])
    promise = report["misses"]["guarantee"]
    assert promise["low"] <= promise["missed"] / promise["n"] <= promise["high"]
    assert 0.0 < report["skip_rate"]["value"] < 1.0
    assert sum(one["n"] for one in report["intervals"].values()) == 60
    assert 0.5 < report["intervals"]["stage1"]["coverage"]["value"] <= 1.0


def test_report_for_people(probed: Probed, data: Path) -> None:
    told = probe("report", probed.folder, "--data", data).output

    assert "student alone" in told
    assert "at most 20.0%" in told
    assert "intervals of the weighted average" in told


def test_vocabulary_may_be_another_filters(garden: Path, gemma_base: Path, data: Path, tmp_path: Path) -> None:
    other = write_filter(tmp_path / "other", gemma_base)

    done = probe("train", garden, "--data", data, "--vocabulary-of", other)

    assert done.exit_code == 0, done.output
    path = Probe.load(FilterConfig.load(garden), garden).record.embedder.base.path
    assert path is not None
    assert not path.is_absolute()
    assert (garden / path).resolve() == gemma_base.resolve()


def test_installed_copies_are_not_changed(tmp_path: Path, garden: Path, data: Path) -> None:
    installed = shutil.copytree(garden, tmp_path / "site-packages" / "garden")

    assert "is an installed copy" in str(probe("train", installed, "--data", data).exception)


def test_report_is_kept_in_the_readme(copied: Path, data: Path) -> None:
    readme = copied.parent / "README.md"
    readme.write_text("# garden\n\n<!-- stage-1 -->\nformer\n<!-- /stage-1 -->\nThe end.\n", encoding="utf-8")

    done = probe("report", copied, "--data", data, "--save")

    text = readme.read_text(encoding="utf-8")
    assert done.exit_code == 0, done.output
    assert "former" not in text
    assert text.endswith("<!-- /stage-1 -->\nThe end.\n")
    assert "In the mode hybrid, articles that Stage 1 estimates below" in text
    assert "| hybrid |" in text


def test_only_the_test_split_is_kept(copied: Path, data: Path) -> None:
    done = probe("report", copied, "--data", data, "--save", "--split", "val")

    assert "--save keeps the figures of the test split only" in done.output
