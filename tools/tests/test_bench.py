"""``distillery bench``: the naive path is the same student, the counts are right, and the report holds what was run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from invented import run_cli, strict_json

from distillery import Article, FilterPanel, InputFileError, load_filters
from distillery.testing import write_filter
from distillery.testing.articles import PLAIN
from distillery.toolkit import load_backbone
from distillery_tools.bench import memory
from distillery_tools.bench.agreement import agreement
from distillery_tools.bench.ceiling import matmul_rate, operations
from distillery_tools.bench.memory import main as score_in_this_process
from distillery_tools.bench.memory import naively, peak_memory
from distillery_tools.bench.naive import NaivePath
from distillery_tools.bench.panel_cost import PanelCost
from distillery_tools.bench.plot import PLOT_FILE, plot_speed
from distillery_tools.bench.sample import drawn, golden_articles, read_articles
from distillery_tools.bench.tables import panel_table
from distillery_tools.bench.timing import Turns, Way, ratio, timed_in_turns
from distillery_tools.cli.bench import REPORT_FILE

NAMES = ("one", "two")
TEXTS = [Article.from_dict(article).text for article in PLAIN]


@pytest.fixture(scope="module")
def folders(bert_base: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two tiny filters, each with an adapter of its own."""
    found = []
    for name in NAMES:
        folder = write_filter(tmp_path_factory.mktemp(name), bert_base)
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | {"name": name}, sort_keys=False))
        found.append(folder)
    return found


@pytest.fixture(scope="module")
def panel(folders: list[Path]) -> FilterPanel:
    return load_filters(folders, backend="torch")


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("articles") / "articles.jsonl"
    path.write_text("".join(f"{json.dumps(article)}\n" for article in PLAIN))
    return path


@pytest.fixture(scope="module")
def report(folders: list[Path], articles: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the command measures and writes, memory left out."""
    output = tmp_path_factory.mktemp("bench")
    filters = [argument for folder in folders for argument in ("--filter", folder)]
    options = ("--n", 8, "--rounds", 2, "--backend", "torch", "--no-memory", "--output-dir", output, "--format", "json")
    done = run_cli("bench", articles, *filters, *options)
    assert done.exit_code == 0, (done.output, done.exception)
    printed: dict[str, Any] = strict_json(done.stdout)
    assert json.loads((output / REPORT_FILE).read_text()) == printed
    assert (output / PLOT_FILE).read_bytes().startswith(b"\x89PNG")
    return printed


def test_the_naive_path_is_the_same_student(folders: list[Path], panel: FilterPanel) -> None:
    naive = NaivePath(folders[0]).predict(TEXTS * 4)

    assert np.abs(naive - panel.scorers[0].student.predict(TEXTS * 4)).max() < 1e-3


def test_the_report_holds_every_way_beside_the_naive_one(report: dict[str, Any]) -> None:
    ways = {way["name"]: way for way in report["ways"]}

    assert list(ways) == [
        "naive, 1 filter",
        "naive, 2 filters",
        "ours, torch-float32, 1 filter",
        "ours, torch-float32, 2 filters",
    ]
    assert ways["naive, 1 filter"]["times_naive"] == ways["naive, 2 filters"]["times_naive"] == 1.0
    for way in ways.values():
        assert len(way["seconds_by_round"]) == report["rounds"] == 2
        assert way["articles_per_second"] * way["ms_per_article"] == pytest.approx(1000)
        assert way["share_of_ceiling"] == pytest.approx(way["gflops"] / report["ceiling_gflops"]["float32"])
    one, both = (ways[f"ours, torch-float32, {count}"]["seconds_by_round"] for count in ("1 filter", "2 filters"))
    assert report["last_filter_ms"] == pytest.approx(
        1e3 * np.median([more - fewer for more, fewer in zip(both, one, strict=True)])
    )
    assert report["filters"] == list(NAMES)
    assert report["articles"]["n"] == 8


def test_a_panel_stands_beside_one_filter(report: dict[str, Any]) -> None:
    """From the same turns; each of these filters has an encoder of its own."""
    ways = {way["name"]: way["seconds_by_round"] for way in report["ways"]}
    one, both = (ways[f"ours, torch-float32, {count}"] for count in ("1 filter", "2 filters"))
    ratios = [slow / fast for slow, fast in zip(both, one, strict=True)]

    cost = report["panel"]

    assert (cost["n_filters"], cost["n_encoders"], cost["n_articles"]) == (2, 2, 8)
    assert cost["time_ratio"] == {"median": np.median(ratios), "low": min(ratios), "high": max(ratios)}
    assert cost["cpu_time_ratio"]["low"] > 0
    assert cost["peak_mib"] is cost["memory_ratio"] is None


def test_the_panel_alone_with_its_memory(folders: list[Path], articles: Path, tmp_path: Path) -> None:
    """Without the naive path, and each peak in a process of its own."""
    filters = [argument for folder in folders for argument in ("--filter", folder)]
    options = ("--panel-only", "--n", 4, "--rounds", 1, "--backend", "torch", "--output-dir", tmp_path)

    done = run_cli("bench", articles, *filters, *options, "--format", "json")

    assert done.exit_code == 0, (done.output, done.exception)
    cost = strict_json(done.stdout)["panel"]
    assert cost["memory_ratio"] == cost["peak_mib"]["panel"] / cost["peak_mib"]["one"] > 0.5
    assert [path.name for path in tmp_path.iterdir()] == [REPORT_FILE]


def test_the_panel_of_one_filter_is_refused(folders: list[Path], articles: Path) -> None:
    done = run_cli("bench", articles, "--filter", folders[0], "--panel-only", "--backend", "torch")

    assert done.exit_code == 2
    assert "name two or more" in done.stderr


def test_encoders_are_told_from_filters(panel: FilterPanel) -> None:
    cost = PanelCost(panel, list(PLAIN))
    turns = Turns([1.0, 2.0], [2.0, 2.0]), Turns([1.1, 2.0], [2.1, 2.2])

    printed = panel_table(cost.figures(*turns, {1: 1000.0, 2: 1010.0}))

    assert "2 filters on 2 encoders" in printed.title
    assert printed.rows[0][-1] == "1.050 (1.000 to 1.100)"
    assert printed.rows[2] == ["peak memory, MiB", "1000", "1010", "1.010"]


@pytest.mark.parametrize(("n", "n_naive"), [(1, 1), (4, 4), (5, 1), (13, 1)])
def test_the_naive_path_holds_few_models(n: int, n_naive: int) -> None:
    assert len(naively([f"filter-{number}" for number in range(n)])) == n_naive


def test_scores_in_float32_agree_with_themselves(report: dict[str, Any]) -> None:
    assert report["agreement"]
    for facts in report["agreement"]:
        assert facts["largest_difference"] == facts["mean_difference"] == 0.0
        assert facts["lowest_spearman"] == pytest.approx(1.0)


def test_people_read_the_same_figures(folders: list[Path], articles: Path) -> None:
    done = run_cli(
        "bench", articles, "--filter", folders[0], "--n", 4, "--rounds", 1, "--backend", "torch", "--no-memory"
    )

    assert done.exit_code == 0, done.output
    assert [
        text for text in ("naive, 1 filter", "ours, torch-float32, 1 filter", "times naive") if text not in done.stdout
    ] == []


def test_agreement_sees_what_differs(panel: FilterPanel) -> None:
    one, other = panel.scorers[0].score(list(PLAIN)), panel.scorers[0].score(list(PLAIN[::-1]))

    facts = agreement(panel.scorers[0], one, other)

    assert facts["largest_difference"] > 0.1
    assert facts["lowest_spearman"] < 0.999


def test_operations_are_those_of_the_products(bert_base: Path) -> None:
    """Two layers of width 32: four maps of 32 x 32 and two of 32 x 64; the products of attention beside them."""
    weights = 2 * (4 * 32 * 32 + 2 * 32 * 64)

    found = operations(load_backbone(bert_base), [10, 20])

    assert found == sum(2 * weights * length + 2 * 2 * 2 * length**2 * 32 for length in (10, 20))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_ceiling_is_a_rate(bert_base: Path, precision: str) -> None:
    assert 0 < matmul_rate(load_backbone(bert_base), precision) < 1e6


def test_ways_take_turns() -> None:
    order: list[str] = []
    ways = [Way(name, 1, 2, 1, "float32", lambda name=name: order.append(name)) for name in "ab"]  # type: ignore[misc]

    seconds = timed_in_turns(ways, 2, lambda: order.append("-"))

    assert "".join(order) == "abab-ab-"
    assert [len(times) for times in seconds.values()] == [2, 2]
    assert ratio([4.0, 6.0, 100.0], [2.0, 2.0, 10.0]) == 3.0


def test_articles_are_drawn_with_ids_of_their_own(articles: Path) -> None:
    few, many = drawn(read_articles(articles), 3), drawn(read_articles(articles), 20)

    assert len({article["title"] for article in few}) == 3
    assert [article["id"] for article in many] == [str(number) for number in range(20)]
    assert drawn(read_articles(articles), 3) == few


def test_filters_without_golden_articles_need_a_file(panel: FilterPanel) -> None:
    with pytest.raises(InputFileError, match="distillery bench FILE"):
        golden_articles(panel)


def test_a_file_without_articles_is_told(tmp_path: Path, folders: list[Path]) -> None:
    path = tmp_path / "none.jsonl"
    path.touch()

    done = run_cli("bench", path, "--filter", folders[0], "--backend", "torch")

    assert done.exit_code == 2
    assert "contains no articles" in done.stderr


def test_memory_is_measured_of_the_naive_path(
    folders: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "articles.json"
    path.write_text(json.dumps(list(PLAIN)))

    score_in_this_process("naive", "torch-float32", str(path), *map(str, folders))

    assert float(capsys.readouterr().out) > 50


def test_memory_is_that_of_a_process_of_its_own(folders: list[Path]) -> None:
    """This one, which holds more, does not count."""
    ballast = np.ones(2**29, dtype=np.uint8)

    found = peak_memory("ours", "torch-float32", list(PLAIN), [str(folders[0])])

    assert 50 < found < memory._peak()
    assert len(ballast) == 2**29, "it lives until here"


def test_the_picture_is_drawn_of_any_ways(tmp_path: Path) -> None:
    ways = [{"name": f"way {n}", "ms_per_article": 10.0 * n, "times_naive": 4.0 / n} for n in (1, 2, 4)]

    assert plot_speed(tmp_path, {"ways": ways}).read_bytes().startswith(b"\x89PNG")
