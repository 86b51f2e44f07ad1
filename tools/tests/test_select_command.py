"""``distillery select``: which articles to label next."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result
from invented import FILLERS, NAME, SIGNALS, Trained, run_cli, strict_json

from distillery import load_filter
from distillery.toolkit import read_records

USAGE = 2
SIZE = 240

Record = dict[str, Any]


def invented_articles(size: int, seed: int, prefix: str) -> list[Record]:
    """Return articles that hold from none to ten words of each signal among many others."""
    chance = random.Random(f"{prefix} {seed}")
    found = []
    for number in range(size):
        strength = chance.choice([0, 0, 1, 3, 6, 9])
        words = [chance.choice(pair) for pair in SIGNALS.values() for _ in range(strength)]
        words += [f"{word}{chance.randint(0, 99)}" for word in chance.choices(FILLERS.split(), k=40)]
        chance.shuffle(words)
        found.append({"id": f"{prefix}{number}", "title": "Report", "content": " ".join(words), "language": "en"})
    return found


class Bench(NamedTuple):
    """A trained filter, a pool of articles, and a short way to select from it."""

    folder: Path
    home: Path
    articles: list[Record]

    def file(self, name: str, records: list[Record]) -> Path:
        """Write JSON lines into the home folder."""
        path = self.home / name
        path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
        return path

    def run(self, *options: object, number: int = 60) -> Result:
        """Run the command on the pool."""
        pool = self.file("pool.jsonl", self.articles)
        return run_cli(
            "select", pool, "--filter", self.folder, "-n", number, "-o", self.home / "selected.jsonl", *options
        )

    def select(self, *options: object, number: int = 60) -> tuple[list[Record], Record]:
        """Run it well; return what was selected and the report."""
        done = self.run(*options, "--format", "json", number=number)
        assert done.exit_code == 0, (done.output, done.exception)
        return list(read_records(self.home / "selected.jsonl")), strict_json(done.stdout)


@pytest.fixture
def bench(trained: Trained, tmp_path: Path) -> Bench:
    return Bench(trained.folder, tmp_path, invented_articles(SIZE, 0, "p"))


def ids(records: list[Record], sampling: str) -> list[str]:
    return [record["id"] for record in records if record["sampling"] == sampling]


def test_each_strategy_has_its_share_and_random_the_stated_one(bench: Bench) -> None:
    examples = bench.file("examples.jsonl", invented_articles(60, 1, "e"))

    records, report = bench.select("--examples", examples, "--keyword", "trees", "--keyword", "flowers", number=20)

    expected = {"random": 6, "garden_high": 4, "garden_uncertain": 4, "garden_similar": 3, "keywords": 3}
    assert Counter(record["sampling"] for record in records) == expected
    assert report["selected"] == expected
    assert report["too_few"] == {}
    assert len({record["id"] for record in records}) == 20
    originals = {article["id"]: article for article in bench.articles}
    assert all(originals[record["id"]].items() <= record.items() for record in records)


def test_high_are_the_best_of_what_chance_left(bench: Bench) -> None:
    records, _ = bench.select("--shares", "random=0.5,high=0.5", number=40)

    scorer = load_filter(bench.folder)
    drawn = set(ids(records, "random"))
    left = [article for article in bench.articles if article["id"] not in drawn]
    averages = {
        article["id"]: score.weighted_average or 0
        for article, score in zip(left, scorer.score_batch(left), strict=True)
    }
    high = [record for record in records if record["sampling"] == "garden_high"]
    best = sorted(averages.values(), reverse=True)[: len(high)]
    assert [record["sampling_figure"] for record in high] == pytest.approx(best, abs=1e-3)
    assert len(high) == 20
    assert min(best) > sorted(averages.values())[len(averages) // 2]


def test_uncertain_are_the_nearest_to_a_threshold(bench: Bench) -> None:
    records, _ = bench.select("--shares", "random=0.5,uncertain=0.5", number=20)

    figures = [record["sampling_figure"] for record in records if record["sampling"] == "garden_uncertain"]
    assert len(figures) == 10
    assert figures == sorted(figures)
    assert 0 <= figures[0] <= figures[-1] <= 1


def test_each_strategy_gets_some_of_the_best(bench: Bench) -> None:
    """They choose in turn: what one strategy wants is not all gone when the next chooses."""
    records, _ = bench.select("--shares", "random=0.2,high=0.4,uncertain=0.4", number=30)

    others = [record["sampling"] for record in records if record["sampling"] != "random"]
    assert others[:4] == ["garden_high", "garden_uncertain"] * 2


def test_the_random_ones_do_not_depend_on_the_others(bench: Bench) -> None:
    alone, _ = bench.select("--shares", "random=1", number=30)
    among, _ = bench.select("--shares", "random=0.5,keywords=0.5", "--keyword", "trees")

    assert ids(alone, "random") == ids(among, "random")
    assert all(record["sampling_figure"] is None for record in alone)


def test_the_same_seed_chooses_the_same_and_another_does_not(bench: Bench) -> None:
    first, _ = bench.select("--keyword", "trees")
    again, _ = bench.select("--keyword", "trees")
    other, _ = bench.select("--keyword", "trees", "--seed", 1)

    assert first == again
    assert ids(first, "random") != ids(other, "random")


def test_what_is_labelled_is_left_out_with_its_near_duplicates(bench: Bench) -> None:
    copies = [
        {**article, "id": f"copy of {article['id']}", "title": "Other", "content": article["content"] + " and more"}
        for article in bench.articles[:100]
    ]
    labelled = bench.file("labelled.jsonl", [*copies, *bench.articles[100:150]])

    records, report = bench.select("--labelled", labelled, "--shares", "random=1", number=SIZE)

    assert [record["id"] for record in records if int(record["id"][1:]) < 150] == []
    assert report["set_aside"] == {"already labelled": 50}
    assert report["near_duplicates"] == {"near-duplicate of a labelled article": 100}
    assert report["n_articles"] == SIZE - 150
    assert report["too_few"] == {"random": 150}


def test_an_id_with_a_label_is_left_out_though_its_text_is_not_known(bench: Bench) -> None:
    scores = {"green": 1, "shared": 1, "tested": 1}
    labels = bench.file("labels.jsonl", [{"id": "p3", "scores": scores}])

    records, report = bench.select("--labels", labels, "--shares", "random=1", number=SIZE)

    assert "p3" not in {record["id"] for record in records}
    assert report["set_aside"] == {"already labelled": 1}


def test_no_story_is_chosen_twice(bench: Bench) -> None:
    bench.articles.extend([{**article, "id": f"again {article['id']}"} for article in bench.articles])

    records, report = bench.select("--shares", "random=1", number=2 * SIZE)

    assert len({record["content"] for record in records}) == len(records) == SIZE
    assert report["near_duplicates"] == {"near-duplicate of a selected article": SIZE}


def test_examples_are_the_labelled_articles_above_the_lowest_tier(bench: Bench) -> None:
    known = invented_articles(8, 2, "k")
    points = [8, 8, 5, 1, 1, 1, 1, 1]
    labels = [
        {"id": article["id"], "scores": dict.fromkeys(SIGNALS, point)}
        for article, point in zip(known, points, strict=True)
    ]

    _, report = bench.select(
        "--labelled", bench.file("known.jsonl", known), "--labels", bench.file("labels.jsonl", labels)
    )  # fmt: skip

    assert report["examples"] == 3
    assert report["selected"]["garden_similar"] > 0


def test_what_cannot_be_labelled_is_set_aside_with_its_reason(bench: Bench) -> None:
    bench.articles[:4] = [
        {"id": "wall", "title": "Google", "content": "Before you continue to Google, read how we use your data."},
        {"id": "untitled", "content": "no title"},
        {"title": "T", "content": "an article without an id"},
        {**bench.articles[10]},
    ]
    aside = bench.home / "aside.jsonl"

    _, report = bench.select("--shares", "random=1", "--set-aside", aside)

    assert report["set_aside"] == {"junk": 1, "unreadable": 1, "no id": 1, "repeated id": 1}
    assert report["junk"] == {"consent_wall": 1}
    assert report["candidates"] == SIZE - 4
    assert list(read_records(aside))[:2] == [
        {"id": "wall", "reason": "junk", "detail": "consent_wall"},
        {
            "id": "untitled",
            "reason": "unreadable",
            "detail": "'title' is missing; an article needs a title and a content. Found: id, content.",
        },
    ]


def test_random_ones_take_the_places_of_what_is_not_found(bench: Bench) -> None:
    bench.articles[7]["content"] += " unicorn"

    records, report = bench.select("--shares", "random=0.5,keywords=0.5", "--keyword", "unicorn")

    assert report["too_few"]["keywords"] in {29, 30}  # chance may have drawn the only one
    assert len(records) == 60
    assert report["selected"]["random"] == 60 - report["selected"].get("keywords", 0)


def test_the_table_tells_counts_and_reasons(bench: Bench) -> None:
    bench.articles[0] = {"id": "gone", "title": "Error 404", "content": "Page not found. Try the search of this site."}

    done = bench.run("--shares", "random=0.5,keywords=0.5", "--keyword", "unicorn")

    assert done.exit_code == 0, done.output
    for part in ("60 to label", "random", "junk: not_found", "keywords: 30 fewer than asked for", "selected.jsonl"):
        assert part in done.stdout


def test_a_pool_that_is_too_small_is_told(bench: Bench) -> None:
    done = bench.run("-n", "4000", "--shares", "random=1")

    assert done.exit_code == 0, done.output
    assert "fewer than asked for; there are no more candidates" in done.stdout
    assert "take their place" not in done.stdout


def test_a_filter_without_a_student_is_used_without_its_scores(bench: Bench, garden: Path) -> None:
    untrained = bench._replace(folder=garden)

    done = untrained.run("--keyword", "trees", "--format", "json")
    assert done.exit_code == 0, done.output
    assert strict_json(done.stdout)["shares"] == {"random": 0.3, "keywords": 0.7}
    assert "note: without the filter's own scores" in done.stderr

    done = untrained.run("--shares", "random=0.5,high=0.5")
    assert done.exit_code != 0
    assert NAME in done.stderr


@pytest.mark.parametrize(
    ("shares", "needed"),
    [("random=0.5,similar=0.5", "--examples, or --labelled and --labels"), ("random=0.5,keywords=0.5", "--keyword or")],
)
def test_a_strategy_needs_its_means(bench: Bench, shares: str, needed: str) -> None:
    done = bench.run("--shares", shares)

    assert done.exit_code == USAGE
    assert needed in done.stderr
    assert not (bench.home / "selected.jsonl").exists()


def test_no_file_that_is_read_is_overwritten(bench: Bench) -> None:
    pool = bench.file("pool.jsonl", bench.articles)
    before = pool.read_bytes()

    done = run_cli("select", pool, "--filter", bench.folder, "-o", pool)
    assert done.exit_code == USAGE
    assert pool.read_bytes() == before

    done = bench.run("--set-aside", bench.home / "selected.jsonl")
    assert done.exit_code == USAGE


@pytest.mark.parametrize("content", ["", "PAR1 and no JSON\n", '{"title": "T", "content": "no id"}\n'])
def test_a_file_that_is_no_pool_says_so(bench: Bench, content: str) -> None:
    path = bench.home / "other"
    path.write_text(content, encoding="utf-8")

    done = run_cli("select", path, "--filter", bench.folder, "-o", bench.home / "selected.jsonl")

    assert done.exit_code == USAGE
    assert "contains no articles; the file must be JSON lines" in done.stderr


def test_a_labelled_article_that_cannot_be_read_is_left_out_all_the_same(bench: Bench) -> None:
    labelled = bench.file("labelled.jsonl", [{"id": "p5"}])

    records, _ = bench.select("--labelled", labelled, "--shares", "random=1", number=SIZE)

    assert "p5" not in {record["id"] for record in records}


def test_an_example_that_cannot_be_read_is_an_error(bench: Bench) -> None:
    done = bench.run("--examples", bench.file("examples.jsonl", [{"id": "e1", "title": "T"}]))

    assert done.exit_code == USAGE
    assert "examples.jsonl: e1: 'content' is missing" in done.stderr
