"""Installing a student: its files and their sha256, and nothing else in the author's config."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from invented import contents

from distillery import DistilleryError, FilterBaseScorer, FilterConfig
from distillery.golden import golden_faults
from distillery.toolkit import ADAPTER_CONFIG_FILE, ADAPTER_FILE, CALIBRATION_FILE, read_golden, sha256_of
from distillery_tools.training.install import install_adapter, install_calibration, write_golden

MAPS = {"green": {"x": [2.0, 8.0], "y": [1.0, 9.0]}}
SECOND_STUDENT = """\
  second:
    base:
      model: acme/tiny
      sha256:
        config.json: "0000000000000000000000000000000000000000000000000000000000000000"
        model.safetensors: "0000000000000000000000000000000000000000000000000000000000000000"
        tokenizer.json: "0000000000000000000000000000000000000000000000000000000000000000"
    adapter: second
    sha256:
      adapter_config.json: "0000000000000000000000000000000000000000000000000000000000000001"
      adapter_model.safetensors: "0000000000000000000000000000000000000000000000000000000000000000"
    calibration: null   # none yet
    pooling: mean
"""


def config_text(folder: Path) -> str:
    """Return config.yaml as it stands."""
    return (folder / "config.yaml").read_text(encoding="utf-8")


def edit(folder: Path, old: str, new: str) -> None:
    """Change config.yaml as its author would."""
    text = config_text(folder)
    assert text.count(old) == 1
    (folder / "config.yaml").write_text(text.replace(old, new), encoding="utf-8")


def add_second_student(folder: Path, *, first: bool = False) -> None:
    """Add a student that is not trained either, after or before the other."""
    if first:
        edit(folder, "  # Ours is tiny.\n", f"{SECOND_STUDENT}  # Ours is tiny.\n")
    else:
        edit(folder, "default_student:", f"{SECOND_STUDENT}default_student:")


def changed_lines(before: str, after: str) -> dict[str, str]:
    """Return the lines that differ, old to new; no line may come or go."""
    old, new = before.splitlines(), after.splitlines()
    assert len(old) == len(new)
    return {was: now for was, now in zip(old, new, strict=True) if was != now}


def in_student(folder: Path, name: str) -> dict[str, Any]:
    """Return what config.yaml says of a student."""
    data: dict[str, Any] = yaml.safe_load(config_text(folder))["students"][name]
    return data


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """A folder of a run; what is in the files does not matter here."""
    return make_adapter(tmp_path / "adapter", "first")


def make_adapter(folder: Path, content: str) -> Path:
    """Write the two files of an adapter."""
    folder.mkdir()
    for name in (ADAPTER_FILE, ADAPTER_CONFIG_FILE):
        (folder / name).write_text(f"{content} {name}", encoding="utf-8")
    return folder


def install(folder: Path, adapter: Path, student: str = "compact") -> None:
    """Install an adapter by the config as it stands."""
    install_adapter(folder, FilterConfig.load(folder), student, adapter)


def set_calibration(folder: Path, maps: dict[str, Any], student: str = "compact") -> None:
    """Install a calibration by the config as it stands."""
    install_calibration(folder, FilterConfig.load(folder), student, {"dimensions": maps})


class TestAdapter:
    """install_adapter."""

    def test_two_lines_change_and_no_other(self, garden: Path, adapter: Path) -> None:
        """Comments and layout are the author's."""
        before = config_text(garden)

        install(garden, adapter)

        zeros, indent = "0" * 63, " " * 6
        assert changed_lines(before, config_text(garden)) == {
            f'{indent}{name}: "{zeros}{last}"': f'{indent}{name}: "{sha256_of(adapter / name)}"'
            for name, last in ((ADAPTER_CONFIG_FILE, 1), (ADAPTER_FILE, 0))
        }
        assert contents(garden / "compact") == contents(adapter)

    def test_an_adapter_replaces_another(self, garden: Path, adapter: Path, tmp_path: Path) -> None:
        """Training again is the usual case; unquoted hashes are found as well."""
        install(garden, adapter)
        between = config_text(garden)
        other = make_adapter(tmp_path / "other", "other")

        install(garden, other)

        assert len(changed_lines(between, config_text(garden))) == 2
        assert FilterConfig.load(garden).student().weights_sha256 == sha256_of(other / ADAPTER_FILE)

    def test_the_same_adapter_changes_nothing(self, garden: Path, adapter: Path) -> None:
        """Not even the time it was trained."""
        install(garden, adapter)
        before = contents(garden)
        install(garden, adapter)
        assert contents(garden) == before

    @pytest.mark.parametrize("second_first", [True, False])
    @pytest.mark.parametrize("student", ["compact", "second"])
    def test_each_student_has_its_own_lines(
        self, garden: Path, adapter: Path, student: str, second_first: bool
    ) -> None:
        """Two that are not trained yet carry the same placeholders."""
        add_second_student(garden, first=second_first)
        before = {name: in_student(garden, name) for name in ("compact", "second")}
        other = "second" if student == "compact" else "compact"

        install(garden, adapter, student)

        assert in_student(garden, other) == before[other]
        assert in_student(garden, student)["sha256"] == {name: sha256_of(adapter / name) for name in contents(adapter)}

    def test_students_of_one_recipe_share_an_adapter_config(self, garden: Path, adapter: Path, tmp_path: Path) -> None:
        """Same base, same rank: the same adapter_config.json, until one of them is trained anew."""
        add_second_student(garden)
        install(garden, adapter, "compact")
        install(garden, adapter, "second")
        other = make_adapter(tmp_path / "other", "other")

        install(garden, other, "second")

        for student, folder in (("compact", adapter), ("second", other)):
            expected = {name: sha256_of(folder / name) for name in contents(folder)}
            assert in_student(garden, student)["sha256"] == expected

    def test_adapters_may_lie_in_a_folder_of_folders(self, garden: Path, adapter: Path) -> None:
        """``adapter: students/compact`` is a folder beside config.yaml too."""
        edit(garden, "adapter: compact\n", "adapter: students/compact\n")
        install(garden, adapter)
        assert contents(garden / "students" / "compact") == contents(adapter)

    def test_comments_behind_the_lines_stay(self, garden: Path, adapter: Path) -> None:
        """Authors write them anywhere."""
        edit(garden, "    adapter: compact\n", "    adapter: compact  # the folder\n")
        edit(garden, '0001"\n', '0001"  # not trained\n')
        install(garden, adapter)
        assert "adapter: compact  # the folder\n" in config_text(garden)
        assert f'{sha256_of(adapter / ADAPTER_CONFIG_FILE)}"  # not trained\n' in config_text(garden)


class TestCalibration:
    """install_calibration."""

    def test_on_and_off_again(self, garden: Path) -> None:
        """The file and the line come and go together, and all else stays."""
        (garden / "compact").mkdir()
        before = contents(garden)

        set_calibration(garden, MAPS)
        on = config_text(garden)
        assert json.loads((garden / "compact" / CALIBRATION_FILE).read_text(encoding="utf-8"))["dimensions"] == MAPS
        assert changed_lines(before["config.yaml"].decode(), on) == {
            "    calibration: null": f"    calibration: compact/{CALIBRATION_FILE}"
        }

        set_calibration(garden, {})
        assert contents(garden) == before

    def test_intervals_alone_are_worth_a_file(self, garden: Path) -> None:
        """No map helps most students, but every score has an interval."""
        (garden / "compact").mkdir()
        content = {"dimensions": {}, "intervals": {"level": 0.9}}
        install_calibration(garden, FilterConfig.load(garden), "compact", content)
        assert in_student(garden, "compact")["calibration"] == f"compact/{CALIBRATION_FILE}"
        assert json.loads((garden / "compact" / CALIBRATION_FILE).read_text(encoding="utf-8")) == content

    def test_off_where_there_was_none_changes_nothing(self, garden: Path) -> None:
        """Most students need no calibration."""
        (garden / "compact").mkdir()
        before = contents(garden)
        set_calibration(garden, {})
        assert contents(garden) == before

    @pytest.mark.parametrize("second_first", [True, False])
    @pytest.mark.parametrize("student", ["compact", "second"])
    def test_each_student_has_its_own(self, garden: Path, student: str, second_first: bool) -> None:
        """The line that changes is that of the student in question."""
        add_second_student(garden, first=second_first)
        (garden / student).mkdir()
        set_calibration(garden, MAPS, student)
        other = "second" if student == "compact" else "compact"
        assert in_student(garden, student)["calibration"] == f"{student}/{CALIBRATION_FILE}"
        assert in_student(garden, other)["calibration"] is None

    def test_a_missing_line_is_added_to_the_right_student(self, garden: Path) -> None:
        """Not to the next one, whose line comes right after."""
        add_second_student(garden)
        edit(garden, "    calibration: null\n    pooling: mean\n    pre", "    pooling: mean\n    pre")
        (garden / "compact").mkdir()

        set_calibration(garden, MAPS)

        assert in_student(garden, "compact")["calibration"] == f"compact/{CALIBRATION_FILE}"
        assert in_student(garden, "second")["calibration"] is None

    def test_a_comment_behind_the_line_stays(self, garden: Path) -> None:
        """Only the value is ours."""
        edit(garden, "    calibration: null\n", "    calibration: null   # see training.json\n")
        (garden / "compact").mkdir()
        set_calibration(garden, MAPS)
        assert re.search(rf"    calibration: compact/{CALIBRATION_FILE} +# see training.json\n", config_text(garden))

    @pytest.mark.parametrize("empty", ["", " ~", " 'null'"])
    def test_null_is_written_in_many_ways(self, garden: Path, empty: str) -> None:
        """Or left out: the key alone is null in YAML."""
        edit(garden, "    calibration: null\n", f"    calibration:{empty}\n")
        (garden / "compact").mkdir()
        set_calibration(garden, MAPS)
        assert in_student(garden, "compact")["calibration"] == f"compact/{CALIBRATION_FILE}"

    def test_the_line_may_stand_above_the_adapter(self, garden: Path) -> None:
        """YAML has no order of keys."""
        edit(garden, "    calibration: null\n", "")
        edit(garden, "    adapter: compact\n", "    calibration: null\n    adapter: compact\n")
        (garden / "compact").mkdir()
        set_calibration(garden, MAPS)
        assert in_student(garden, "compact")["calibration"] == f"compact/{CALIBRATION_FILE}"


class TestGolden:
    """write_golden."""

    def test_scores_are_those_of_the_student(self, trained_copy: Path) -> None:
        """An article that the prefilter blocks is scored too; the articles stay as they are."""
        scorer = FilterBaseScorer.from_folder(trained_copy, backend="torch")
        before = read_golden(trained_copy)
        (trained_copy / "golden.jsonl").write_text(
            "".join(json.dumps({"article": record["article"]}) + "\n" for record in before), encoding="utf-8"
        )

        assert write_golden(scorer) == 2

        after = read_golden(trained_copy)
        assert after == before
        assert golden_faults(scorer, tolerance=1e-3) == []
        for record in after:
            score = scorer.score_article(record["article"], prefilter=False)
            assert record["weighted_average"] == pytest.approx(score.weighted_average, abs=1e-4)
            assert record["tier"] == score.tier
            assert record["scores"] == pytest.approx(score.scores, abs=1e-4)

    def test_an_article_that_cannot_be_scored_is_an_error(self, trained_copy: Path) -> None:
        """Golden scores of nothing would hold for any student."""
        path = trained_copy / "golden.jsonl"
        broken = json.dumps({"article": {"id": "bad", "title": "No content"}}) + "\n"
        path.write_text(path.read_text(encoding="utf-8") + broken, encoding="utf-8")
        before = contents(trained_copy)

        with pytest.raises(DistilleryError, match="bad"):
            write_golden(FilterBaseScorer.from_folder(trained_copy, backend="torch"))

        assert contents(trained_copy) == before

    @pytest.mark.parametrize("text", ["trees\u2028and flowers", "trees\x85and flowers", "Bäume — 樹 🌳"])
    def test_articles_of_any_characters_come_back(self, trained_copy: Path, text: str) -> None:
        """Line separators inside a text are no end of a line."""
        article = {"id": "any", "title": "Trees", "content": text}
        line = json.dumps({"article": article}, ensure_ascii=True)
        (trained_copy / "golden.jsonl").write_text(f"{line}\n", encoding="utf-8")

        write_golden(FilterBaseScorer.from_folder(trained_copy, backend="torch"))

        assert [record["article"] for record in read_golden(trained_copy)] == [article]

    def test_a_filter_without_golden_articles_gets_no_scores(self, trained_copy: Path) -> None:
        """There is nothing to write."""
        (trained_copy / "golden.jsonl").unlink()
        assert write_golden(FilterBaseScorer.from_folder(trained_copy, backend="torch")) == 0


def test_numbers_are_exact_to_four_digits(trained_copy: Path) -> None:
    """Golden files are read by people in a diff."""
    numbers = [value for record in read_golden(trained_copy) for value in record["scores"].values()]
    assert numbers
    assert np.round(numbers, 4).tolist() == numbers
