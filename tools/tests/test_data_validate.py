"""``distillery data validate``: every fault of every record is counted, and one is enough to stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from invented import Data, run_cli, strict_json

FAILED = 1

Change = Callable[[Data], object]


def findings(garden: Path, data: Data, status: int) -> dict[tuple[str, str], dict[str, Any]]:
    """Write and validate the data; return what was found by severity and kind."""
    data.write()
    done = run_cli("data", "validate", garden, "--data", data.folder, "--format", "json")
    assert done.exit_code == status, (done.output, done.exception)
    report = strict_json(done.stdout)
    assert report["n_errors"] == sum(f["count"] for f in report["findings"] if f["severity"] == "error")
    return {(found["severity"], found["kind"]): found for found in report["findings"]}


def article(data: Data, key: str) -> dict[str, Any]:
    """Return an article by id."""
    return next(article for article in data.articles if article["id"] == key)


def copy(data: Data, old: str, new: str) -> None:
    """Make one article's text that of another, under another title."""
    article(data, new).update(content=article(data, old)["content"], title="Other words")


ERRORS: dict[str, tuple[Change, str, str]] = {
    "no split": (lambda data: data.labels[19].pop("split"), "label without a split", "a19"),
    "unknown split": (lambda data: data.labels[19].update(split="dev"), "unknown split", "a19 ('dev')"),
    "list as a split": (lambda data: data.labels[19].update(split=["val"]), "unknown split", "a19 (['val'])"),
    "repeated label": (lambda data: data.labels.append(data.labels[3]), "label id given more than once", "a3"),
    "repeated article": (
        lambda data: data.articles.append(article(data, "a3")),
        "article id given more than once",
        "a3",
    ),
    "label without id": (lambda data: data.labels[19].pop("id"), "label without an id", "record 20"),
    "article without id": (lambda data: data.articles.append({}), "article without an id", "record 21"),
    "no scores": (lambda data: data.labels[19].pop("scores"), "scores: missing", "a19"),
    "missing dimension": (
        lambda data: data.labels[19]["scores"].pop("green"),
        "scores: missing dimension",
        "a19 (green)",
    ),
    "unknown dimension": (
        lambda data: data.labels[19]["scores"].update(blue=1),
        "scores: unknown dimension",
        "a19 (blue)",
    ),
    "null": (
        lambda data: data.labels[19]["scores"].update(green=None),
        "scores: not a number from 0 to 10",
        "a19 (green: None)",
    ),
    "not a number": (
        lambda data: data.labels[19]["scores"].update(green=float("nan")),
        "scores: not a number from 0 to 10",
        "a19 (green: nan)",
    ),
    "out of range": (
        lambda data: data.labels[19]["scores"].update(green=10.5),
        "scores: not a number from 0 to 10",
        "a19 (green: 10.5)",
    ),
    "second opinion": (
        lambda data: data.labels[19].update(second_opinion={"green": 1, "shared": 1}),
        "second opinion: missing dimension",
        "a19 (tested)",
    ),
    "no article": (lambda data: data.articles.remove(article(data, "a19")), "label without an article", "a19"),
    "empty content": (
        lambda data: article(data, "a19").update(content=" <p> "),
        "unreadable article: 'content' is empty",
        "a19",
    ),
    "no content": (
        lambda data: article(data, "a19").pop("content"),
        "unreadable article: 'content' is missing",
        "a19",
    ),
    "empty title": (lambda data: article(data, "a19").update(title=""), "unreadable article: 'title' is empty", "a19"),
    "empty split": (
        lambda data: data.labels.__setitem__(slice(None), [x for x in data.labels if x["split"] != "val"]),
        "split without an article",
        "val",
    ),
    "copies": (
        lambda data: copy(data, "a0", "a4"),
        "near-duplicates in different splits",
        "a0 (train) and a4 (test), ",
    ),
}


@pytest.mark.parametrize(("change", "kind", "example"), ERRORS.values(), ids=ERRORS)
def test_a_defect_stops(garden: Path, data: Data, change: Change, kind: str, example: str) -> None:
    """Also in the last record."""
    change(data)
    found = findings(garden, data, FAILED)
    errors = [name for severity, name in found if severity == "error"]
    assert errors == [kind]
    assert found["error", kind]["count"] == 1
    assert found["error", kind]["examples"][0].startswith(example)


def test_sound_data_pass(garden: Path, data: Data) -> None:
    """An article without a label is no fault, nor are copies in one split."""
    data.articles.append({"id": "unlabelled", "title": "", "content": None})
    copy(data, "a0", "a1")
    assert [kind for severity, kind in findings(garden, data, 0) if severity == "error"] == []
    printed = run_cli("data", "validate", garden, "--data", data.folder).stdout
    assert "garden 1.2.0: 20 labels, 21 articles" in printed
    assert printed.endswith("no errors\n")


def test_every_record_is_counted_and_a_few_are_shown(garden: Path, data: Data) -> None:
    """Not only the first ten."""
    for label in data.labels:
        label["scores"]["green"] = -1
    data.write()
    done = run_cli("data", "validate", garden, "--data", data.folder)
    assert done.exit_code == FAILED
    assert "error: scores: not a number from 0 to 10: 20\n    a0 (green: -1)\n" in done.stdout
    assert "    a4 (green: -1)\n    ...\n" in done.stdout
    assert "a5" not in done.stdout


def test_no_text_is_quoted(garden: Path, data: Data) -> None:
    """A report may be passed on; an article may not."""
    copy(data, "a0", "a4")
    article(data, "a1")["title"] = 7
    data.write()
    printed = run_cli("data", "validate", garden, "--data", data.folder).output
    assert "Other words" not in printed
    assert not any(record["content"][:30] in printed for record in data.articles)


def alike(data: Data) -> None:
    """Make all labels alike."""
    for label in data.labels:
        label["scores"] = dict.fromkeys(label["scores"], 5)


def all_to_train(data: Data) -> None:
    """Leave one article in each of the other splits."""
    for label in data.labels[:18]:
        label["split"] = "train"


WARNINGS: dict[str, tuple[Change, str, str]] = {
    "shares": (all_to_train, "share of a split", "train: 90.0%, usually 80%"),
    "alike": (alike, "all scores are nearly equal", "standard deviation 0.000"),
    "tier": (alike, "tier without an article in a split", "high in train"),
}


@pytest.mark.parametrize(("change", "kind", "example"), WARNINGS.values(), ids=WARNINGS)
def test_a_warning_does_not_stop(garden: Path, data: Data, change: Change, kind: str, example: str) -> None:
    """It may well be what the data are like."""
    change(data)
    assert example in findings(garden, data, 0)["warning", kind]["examples"]


def test_partial_labels_are_nothing_to_complain_about(garden: Path, data: Data) -> None:
    """Articles that were not judged for this filter, labels that are all zero, and opinions of both kinds."""
    for label in data.labels[:2]:
        label["scores"] = dict.fromkeys(label["scores"], 0)
    data.labels[0]["second_opinion"] = data.labels[1]["further_opinion"] = data.labels[2]["scores"]
    data.articles.append({"id": "unjudged", "title": "Other", "content": "words"})
    assert not {kind for severity, kind in findings(garden, data, 0) if severity == "error"}


def test_a_dimension_missing_in_a_further_opinion_is_an_error(garden: Path, data: Data) -> None:
    """As in the scores."""
    data.labels[19]["further_opinion"] = {"green": 1, "shared": 2}
    found = findings(garden, data, FAILED)
    assert found["error", "further opinion: missing dimension"]["examples"] == ["a19 (tested)"]


def test_files_may_be_named_one_by_one(garden: Path, data: Data) -> None:
    """As everywhere else; neither is a fault of use."""
    files = ("--articles", data.articles_file, "--labels", data.labels_file)
    assert run_cli("data", "validate", garden, *files).exit_code == 0
    done = run_cli("data", "validate", garden)
    assert done.exit_code == 2
    assert "--data FOLDER" in done.output
