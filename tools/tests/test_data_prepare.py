"""``distillery data prepare``: from the oracle's scores to one file with splits, nothing lost unsaid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from invented import NAME, Data, contents, run_cli, strict_json

from distillery.toolkit import read_records

USAGE = 2
SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"
UPLIFTING = Path(__file__).parents[2] / "filters" / "uplifting"

Record = dict[str, Any]


class Bench:
    """A filter, its data, and short ways to prepare them."""

    def __init__(self, garden: Path, data: Data, home: Path) -> None:
        self.garden, self.data, self.home = garden, data, home
        self.output = home / "prepared.jsonl"

    def labels(self, name: str, records: list[Record]) -> Path:
        """Write a label file."""
        path = self.home / name
        path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
        return path

    def run(self, *labels: Path, options: tuple[object, ...] = ()) -> Result:
        """Run the command on label files, or on the data's own."""
        self.data.write()
        files = [part for path in labels or (self.data.labels_file,) for part in ("--labels", path)]
        return run_cli(
            "data", "prepare", self.garden, "--articles", self.data.articles_file, *files, "-o", self.output, *options
        )

    def prepare(self, *labels: Path, options: tuple[object, ...] = ()) -> Record:
        """Run the command well; return its summary."""
        done = self.run(*labels, options=(*options, "--format", "json"))
        assert done.exit_code == 0, (done.output, done.exception)
        summary: Record = strict_json(done.stdout)
        return summary

    @property
    def records(self) -> dict[str, Record]:
        """What was written, by id."""
        return {record["id"]: record for record in read_records(self.output)}


@pytest.fixture
def bench(garden: Path, data: Data, tmp_path: Path) -> Bench:
    """Twenty articles with splits."""
    return Bench(garden, data, tmp_path)


def without_split(records: list[Record]) -> list[Record]:
    """Return records as the oracle leaves them."""
    return [{key: value for key, value in record.items() if key != "split"} for record in records]


def test_splits_are_given_and_everything_else_is_kept(bench: Bench) -> None:
    """In the order of the labels; keys that we do not know are the user's."""
    bench.data.labels[:] = [{**label, "labelled_at": "2026-01-05"} for label in without_split(bench.data.labels)]
    summary = bench.prepare()
    written = list(bench.records.values())
    assert without_split(written) == bench.data.labels
    assert [sum(counts.values()) for counts in summary["splits"].values()] == [
        sum(record["split"] == split for record in written) for split in summary["splits"]
    ]
    assert summary["kept_split"] == summary["replaced"] == 0


def test_tiers_are_the_filters_own_after_the_gatekeepers(bench: Bench) -> None:
    """An average of 8 that a gatekeeper caps at 3 is low."""
    points = {"green": 10, "shared": 10, "tested": 0}
    bench.data.labels[:] = [{"id": label["id"], "scores": points} for label in bench.data.labels]
    counts = bench.prepare()["splits"]
    assert counts["train"] == {"high": 0, "medium": 0, "low": 16}


def test_stated_splits_are_kept(bench: Bench) -> None:
    """Preparing twice changes nothing."""
    summary = bench.prepare()
    assert list(bench.records.values()) == bench.data.labels
    assert summary["kept_split"] == 20


def test_existing_splits_go_before_those_of_the_labels(bench: Bench) -> None:
    """An old test article never moves into training."""
    old = bench.labels("old.jsonl", [{"id": "a0", "split": "test"}, {"id": "gone", "split": "val"}])
    summary = bench.prepare(options=("--existing", old))
    assert bench.data.labels[0]["split"] == "train"
    assert bench.records["a0"]["split"] == "test"
    assert summary["existing_without_label"] == 1


def test_the_later_label_wins_and_the_earlier_split_stays(bench: Bench) -> None:
    """Better labels do not move articles."""
    newer = {"id": "a4", "split": "train", "scores": {"green": 1, "shared": 2, "tested": 3}}
    summary = bench.prepare(bench.data.labels_file, bench.labels("newer.jsonl", [newer]))
    assert bench.records["a4"] == {**newer, "split": "test"}
    assert summary["replaced"] == 1


def syndicated(bench: Bench, old: str, new: str) -> Record:
    """Add a copy of an article under another id and title, without a label; return its label."""
    article = next(article for article in bench.data.articles if article["id"] == old)
    content = f"{article['content']} First published in our paper."
    bench.data.articles.append({**article, "id": new, "title": "Other words", "content": content})
    label = next(label for label in bench.data.labels if label["id"] == old)
    return {"id": new, "scores": label["scores"]}


def test_a_new_copy_joins_its_old_article(bench: Bench) -> None:
    """Whatever the shares say."""
    bench.data.labels.append(syndicated(bench, "a4", "copy"))
    summary = bench.prepare()
    assert bench.records["copy"]["split"] == "test"
    assert (summary["near_duplicate_groups"], summary["near_duplicates"]) == (1, 2)


def test_a_copy_between_two_splits_is_dropped_with_the_reason(bench: Bench) -> None:
    """The old articles stay, and are named."""
    parted, new = syndicated(bench, "a4", "parted"), syndicated(bench, "a4", "new")
    bench.data.labels.extend([{**parted, "split": "train"}, new])
    summary = bench.prepare()
    assert "new" not in bench.records
    assert bench.records["parted"]["split"] == "train"
    assert summary["dropped"] == [{"id": "new", "reason": "near-duplicate of articles in test and train"}]
    assert summary["in_several_splits"] == [{"a4": "test", "parted": "train"}]
    printed = bench.run()
    assert "dropped: new: near-duplicate of articles in test and train" in printed.output
    assert "kept as they are: a4 (test), parted (train)" in printed.stderr


def test_the_table_says_what_was_done(bench: Bench) -> None:
    """Numbers by split and tier, and where the file is."""
    printed = bench.run(options=("--seed", 3)).stdout
    assert "garden 1.2.0" in printed
    assert "articles that kept their split: 20\nlabels replaced by a later file's: 0" in printed
    assert f"labels: {bench.output}" in printed


def test_shares_are_the_users(bench: Bench) -> None:
    """Here halves and quarters."""
    bench.data.labels[:] = [
        {**label, "scores": dict.fromkeys(label["scores"], 1)} for label in without_split(bench.data.labels)
    ]
    counts = bench.prepare(options=("--shares", "train=0.5,val=0.25,test=0.25"))["splits"]
    assert [sum(tiers.values()) for tiers in counts.values()] == [10, 5, 5]


@pytest.mark.parametrize(
    "shares",
    [
        "80/10/10",
        "train=0.8,val=0.2",
        "train=0.8,val=0.1,test=0.2",
        "train=a,val=b,test=c",
        "train=1,val=0,test=0",
        "train=0.8,val=0.1,dev=0.1",
        "",
        "train=nan,val=0.1,test=0.1",
    ],
)
def test_shares_that_are_none_are_refused(bench: Bench, shares: str) -> None:
    """With an example."""
    done = bench.run(options=("--shares", shares))
    assert done.exit_code == USAGE
    assert "train" in done.output


def refusal(bench: Bench, *labels: Path, options: tuple[object, ...] = ()) -> str:
    """Run the command; it must refuse, and leave nothing behind."""
    before = contents(bench.home)
    done = bench.run(*labels, options=options)
    assert done.exit_code == USAGE, (done.output, done.exception)
    assert contents(bench.home).keys() == before.keys()
    return done.output


def test_all_faults_are_told_at_once(bench: Bench) -> None:
    """A missing dimension is never a 0."""
    del bench.data.labels[0]["scores"]["green"]
    bench.data.labels[1]["scores"]["shared"] = None
    bench.data.labels[2]["second_opinion"] = {"green": 3}
    bench.data.labels[3]["split"] = "dev"
    bench.data.labels[5]["id"] = "a6"
    bench.data.labels[7]["id"] = "b"
    said = refusal(bench)
    assert "6 fault(s)" in said
    for fault in (
        "a0: scores: missing dimension (green)",
        "a1: scores: not a number from 0 to 10 (shared: None)",
        "a2: second opinion: missing dimension (shared); second opinion: missing dimension (tested)",
        "a3: unknown split ('dev')",
        "a6: labelled more than once in this file",
        "b: there is no article with this id",
    ):
        assert fault in said


def test_an_unreadable_article_is_a_fault(bench: Bench) -> None:
    """Nothing can be learned from a label without a text."""
    next(article for article in bench.data.articles if article["id"] == "a3")["content"] = "<p></p>"
    assert "a3: 'content' is empty" in refusal(bench)


def test_existing_splits_must_be_splits(bench: Bench) -> None:
    """And one for each id."""
    rows = [{"id": "a0", "split": "dev"}, {"id": "a1", "split": "val"}, {"id": "a1", "split": "test"}]
    said = refusal(bench, options=("--existing", bench.labels("old.jsonl", rows)))
    assert "a0: unknown split ('dev')" in said
    assert "a1: is in val and in test" in said


def test_what_is_read_is_not_overwritten(bench: Bench) -> None:
    """Articles least of all."""
    bench.output = bench.data.labels_file
    assert "give another --output" in refusal(bench)


def test_a_place_that_cannot_be_written_is_named(bench: Bench) -> None:
    """No half file stays."""
    bench.output = bench.home / "nowhere" / "out.jsonl"
    assert f"{bench.output} cannot be written" in refusal(bench)


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="needs the real articles of ../shared/data")
@pytest.mark.parametrize("stated", [True, False])
def test_real_labels_keep_their_splits_and_new_splits_part_no_copies(tmp_path: Path, stated: bool) -> None:
    """Thousands of articles."""
    labels = list(read_records(SHARED_DATA / "labels" / "uplifting.jsonl"))
    bench = Bench(UPLIFTING, Data(SHARED_DATA, [], []), tmp_path)
    given = bench.labels(f"{NAME}.jsonl", labels if stated else without_split(labels))
    places = ("--articles", SHARED_DATA / "articles.jsonl", "--labels")
    done = run_cli("data", "prepare", UPLIFTING, *places, given, "-o", bench.output)
    assert done.exit_code == 0, done.output
    if stated:
        assert list(bench.records.values()) == labels
    else:
        checked = run_cli("data", "validate", UPLIFTING, *places, bench.output)
        assert checked.exit_code == 0, checked.output
        assert "share of a split" not in checked.output


@pytest.mark.parametrize("of_articles", [int, str])
def test_a_number_and_the_same_text_are_one_id(bench: Bench, of_articles: type) -> None:
    """Labels keep the form that the id has in the articles."""
    of_labels = str if of_articles is int else int
    bench.data.articles[:] = [one | {"id": of_articles(n)} for n, one in enumerate(bench.data.articles)]
    bench.data.labels[:] = [one | {"id": of_labels(n)} for n, one in enumerate(bench.data.labels)]

    bench.prepare()

    assert set(bench.records) == {article["id"] for article in bench.data.articles}
