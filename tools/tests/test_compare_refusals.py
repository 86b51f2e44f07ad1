"""What ``distillery compare`` refuses: each with the object and the remedy, and exit status 2."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from compare_cases import FAILED, Scores, another, compare, refused, report_of
from invented import NAME, Trained


def test_other_articles(old: Path, data_folder: Path, tmp_path: Path) -> None:
    scores = Scores("1.3.0")
    for record in scores.records:
        record["id"] = f"b{record['id']}"

    message = refused(old, scores.write(tmp_path / "new.jsonl"), data_folder / "articles.jsonl")

    assert "new.jsonl has ba0, ba1, ba2, ...; articles.jsonl has" in message


def test_two_files_that_share_none_of_the_articles(few: Path, tmp_path: Path) -> None:
    first, second = Scores(), Scores()
    del first.records[3:], second.records[:3]

    message = refused(first.write(tmp_path / "old.jsonl"), second.write(tmp_path / "new.jsonl"), few)

    assert "have no result of the same article" in message


def test_all_failed(old: Path, few: Path, tmp_path: Path) -> None:
    scores = Scores()
    for number in range(1, 6):
        scores.lose(number, error="out of memory")
    del scores.records[0]
    scores.records.append({"id": "elsewhere", "results": {NAME: Scores.result(3.0)}})

    assert "scored none of these articles" in refused(old, scores.write(tmp_path / "new.jsonl"), few)


def test_each_failed_on_what_the_other_scored(few: Path, tmp_path: Path) -> None:
    first, second = Scores(), Scores()
    for number in range(6):
        (first if number < 3 else second).lose(number, error="out of memory")

    message = refused(first.write(tmp_path / "old.jsonl"), second.write(tmp_path / "new.jsonl"), few)

    assert "No article is scored by both" in message
    assert "a0: out of memory | scored" in message


def test_other_filters(old: Path, few: Path, tmp_path: Path) -> None:
    scores = Scores()
    for record in scores.records:
        record["results"] = {"lawn": record["results"][NAME]}

    message = refused(old, scores.write(tmp_path / "new.jsonl"), few)

    assert "OLD holds garden, NEW lawn" in message


def test_files_of_several_filters_need_a_name(few: Path, tmp_path: Path) -> None:
    scores = Scores()
    for record in scores.records:
        record["results"]["lawn"] = record["results"][NAME]
    both = scores.write(tmp_path / "both.jsonl")

    assert "--filter garden" in refused(both, both, few)
    assert report_of(both, both, few, "--filter", "lawn")["filter"] == "lawn"


def test_scores_of_two_versions_in_one_file(old: Path, few: Path, tmp_path: Path) -> None:
    scores = Scores()
    scores.records[3]["results"][NAME]["provenance"]["version"] = "1.1.0"

    message = refused(old, scores.write(tmp_path / "new.jsonl"), few)

    assert "several versions of garden: 1.1.0 (000000000000), 1.2.0 (000000000000)" in message


def test_an_article_scored_twice_in_one_file(old: Path, few: Path, tmp_path: Path) -> None:
    scores = Scores()
    scores.records.append(scores.records[0])

    assert "more than one result for the article a0" in refused(old, scores.write(tmp_path / "new.jsonl"), few)


@pytest.mark.parametrize("version", ["", "newest"])
def test_a_version_that_is_none(old: Path, few: Path, tmp_path: Path, version: str) -> None:
    assert "version" in refused(old, Scores(version).write(tmp_path / "new.jsonl"), few)


def test_a_file_of_something_else(few: Path) -> None:
    message = refused(few, few, few)

    assert "is not a file of scored articles" in message
    assert "distillery score ARTICLES" in message


def test_results_of_no_sense(old: Path, few: Path, tmp_path: Path) -> None:
    scores = Scores()
    scores.lose(2)

    message = refused(old, scores.write(tmp_path / "new.jsonl"), few)

    assert "new.jsonl, article a2: a result has neither scores nor an error" in message


def test_a_file_that_is_not_there(old: Path, few: Path, tmp_path: Path) -> None:
    assert "does not exist" in refused(old, tmp_path / "new.jsonl", few)
    assert "does not exist" in refused(old, "new-1.0.0.whl", few)


def test_a_wheel_without_a_filter(old: Path, few: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "other-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("other/__init__.py", "")

    assert "holds 0 packages with a config.yaml" in refused(old, wheel, few)
    wheel.write_bytes(b"no zip")
    assert "cannot be unpacked" in refused(old, wheel, few)


def test_a_filter_that_cannot_be_loaded_has_a_way_around(trained: Trained, few: Path, tmp_path: Path) -> None:
    broken = another(trained, tmp_path, requires_core=">=7,<8")

    done = compare(broken, trained.folder, few)

    assert done.exit_code == FAILED
    assert "is compared by its scores" in done.stderr


def test_no_articles(old: Path, tmp_path: Path) -> None:
    empty = tmp_path / "none.jsonl"
    empty.touch()

    assert "holds no articles" in refused(old, old, empty)
