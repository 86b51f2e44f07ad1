"""``distillery label consensus``: one label of several oracles'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from invented import Data, run_cli, strict_json
from label_files import Record, label, write_labels

from distillery.toolkit import read_records

USAGE = 2


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three oracles; all label the lane, two the park, one the pond."""
    return [
        write_labels(tmp_path / "gemini.jsonl", label("lane", 1, 2, 3, model="gemini-x"), label("park", 4, 4, 4)),
        write_labels(tmp_path / "local.jsonl", label("park", 5, 4, 2), label("lane", 2, 2, 9)),
        write_labels(tmp_path / "third.jsonl", label("lane", 6, 0.5, 4, split="test"), label("pond", 7, 7, 7)),
    ]


def run(files: list[Path], output: Path, *options: object) -> Result:
    return run_cli("label", "consensus", *files, "-o", output, *options)


def made(files: list[Path], tmp_path: Path, *options: object) -> tuple[dict[Any, Record], Record]:
    output = tmp_path / "consensus.jsonl"
    done = run(files, output, *options, "--format", "json")
    assert done.exit_code == 0, (done.output, done.exception)
    return {record["id"]: record for record in read_records(output)}, strict_json(done.stdout)


def test_the_median_of_each_dimension_and_who_took_part(files: list[Path], tmp_path: Path) -> None:
    records, summary = made(files, tmp_path)

    assert records == {
        "lane": {
            "id": "lane",
            "split": "test",
            "scores": {"green": 2.0, "shared": 2.0, "tested": 4.0},
            "labelled_by": ["gemini-x", "local", "third"],
            "spread": 6.0,
        }
    }
    assert summary["n_articles"] == 1
    assert summary["left_out"] == 2
    assert summary["by_number_of_labels"] == {"1": 1, "2": 1, "3": 1}
    assert summary["mean_spread"] == 6.0


def test_fewer_labels_may_be_enough(files: list[Path], tmp_path: Path) -> None:
    records, _ = made(files, tmp_path, "--at-least", 2)

    assert list(records) == ["lane", "park"]
    assert records["park"]["scores"] == {"green": 4.5, "shared": 4.0, "tested": 3.0}
    assert records["park"]["labelled_by"] == ["gemini", "local"]

    records, summary = made(files, tmp_path, "--at-least", 1)
    assert records["pond"]["scores"] == {"green": 7.0, "shared": 7.0, "tested": 7.0}
    assert summary["left_out"] == 0


def test_what_is_left_out_is_said(files: list[Path], tmp_path: Path) -> None:
    done = run(files, tmp_path / "out.jsonl")

    assert "articles: 1; left out: 2 (labelled: 1 by 1, 1 by 2, 1 by 3)" in done.stdout
    assert "mean spread: 6.00 points" in done.stdout


def test_it_is_prepared_as_any_label_file(garden: Path, data: Data, tmp_path: Path) -> None:
    files = [write_labels(tmp_path / name, *data.labels) for name in ("a", "b")]
    output = tmp_path / "consensus.jsonl"
    assert run(files, output).exit_code == 0

    done = run_cli(
        "data", "prepare", garden, "--articles", data.articles_file, "--labels", output, "-o", tmp_path / "prepared"
    )

    assert done.exit_code == 0, done.output
    prepared = {record["id"]: record["scores"] for record in read_records(tmp_path / "prepared")}
    assert prepared == {record["id"]: record["scores"] for record in data.labels}


def test_the_dimensions_are_one_filters(files: list[Path], tmp_path: Path) -> None:
    files[1].write_text('{"id": "lane", "scores": {"risk": 3}}\n', encoding="utf-8")

    done = run(files, tmp_path / "out.jsonl")

    assert done.exit_code == USAGE
    assert "local.jsonl has 1 fault(s)" in done.stderr
    assert "unknown dimension (risk)" in done.stderr


def test_two_splits_of_one_article_are_refused(files: list[Path], tmp_path: Path) -> None:
    write_labels(files[0], label("lane", 1, 2, 3, split="train"))

    done = run(files, tmp_path / "out.jsonl")

    assert done.exit_code == USAGE
    assert "lane is in the splits test and train" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("chosen", "options", "message"),
    [
        ([0], (), "two or more label files"),
        ([0, 0], (), "each once"),
        ([0, 1], ("--at-least", 3), "cannot be met by 2 files"),
        ([0, 1], ("--at-least", 0), "is not in the range"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    files: list[Path], tmp_path: Path, chosen: list[int], options: tuple[object, ...], message: str
) -> None:
    done = run([files[index] for index in chosen], tmp_path / "out.jsonl", *options)

    assert done.exit_code == USAGE
    assert message in done.stderr


def test_no_file_that_is_read_is_overwritten(files: list[Path]) -> None:
    before = files[0].read_bytes()

    done = run(files, files[0])

    assert done.exit_code == USAGE
    assert "would be overwritten" in done.stderr
    assert files[0].read_bytes() == before


def test_a_file_without_labels_says_so(files: list[Path], tmp_path: Path) -> None:
    files[0].write_text("", encoding="utf-8")

    done = run(files, tmp_path / "out.jsonl")

    assert done.exit_code == USAGE
    assert "gemini.jsonl holds no labels" in done.stderr
