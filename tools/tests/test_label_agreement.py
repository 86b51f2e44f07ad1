"""``distillery label agreement``: two oracles, or two runs of one, beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from invented import DIMENSIONS, run_cli, strict_json
from label_files import Record, label, write_labels
from scipy.stats import pearsonr, spearmanr

from distillery import FilterConfig
from distillery.toolkit import Postfilter, read_records
from distillery_tools.oracle.compare.agreement import agreement_of_opinions

USAGE = 2
REPOSITORY = Path(__file__).parents[2]
SHARED = REPOSITORY.parent / "shared" / "data"
FIGURES = {"mae", "bias", "pearson", "spearman", "kappa"}


def compared(garden: Path, *files: Path) -> Any:
    done = run_cli("label", "agreement", *files, "--filter", garden, "--format", "json")
    assert done.exit_code == 0, (done.output, done.exception)
    return strict_json(done.stdout)


def sample(seed: int, size: int = 40) -> tuple[list[Record], list[Record]]:
    generator = np.random.default_rng(seed)
    first = generator.integers(0, 21, (size, 3)) / 2
    second = (first + generator.normal(0.4, 1, (size, 3))).clip(0, 10).round(1)
    return tuple([label(n, *row) for n, row in enumerate(rows.tolist())] for rows in (first, second))  # type: ignore[return-value]


def test_the_figures_are_those_of_scipy(garden: Path, tmp_path: Path) -> None:
    one, other = sample(1)
    found = compared(garden, write_labels(tmp_path / "a", *one), write_labels(tmp_path / "b", *reversed(other)))

    assert found["n_articles"] == 40
    for name in DIMENSIONS:
        x, y = (np.array([record["scores"][name] for record in records]) for records in (one, other))
        figures = found["dimensions"][name]
        assert figures["mae"] == pytest.approx(np.abs(x - y).mean())
        assert figures["bias"] == pytest.approx((y - x).mean())
        assert figures["pearson"] == pytest.approx(pearsonr(x, y).statistic)
        assert figures["spearman"] == pytest.approx(spearmanr(x, y).statistic)
    for figure in found["weighted_average"].values():
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert set(found["weighted_average"]) == FIGURES


def test_averages_and_tiers_are_those_after_the_gatekeeper(garden: Path, tmp_path: Path) -> None:
    first = write_labels(tmp_path / "a", label(1, 8, 8, 8), label(2, 8, 8, 8), label(3, 5, 5, 5), label(4, 1, 1, 1))
    second = write_labels(tmp_path / "b", label(1, 8, 8, 8), label(2, 8, 8, 0), label(3, 7, 7, 7), label(4, 1, 1, 1))

    found = compared(garden, first, second)

    assert found["weighted_average"]["mae"]["value"] == pytest.approx((0 + 5 + 2 + 0) / 4)
    assert found["weighted_average"]["bias"]["value"] == pytest.approx((2 - 5) / 4)
    assert found["tiers"]["flips"] == 2
    assert found["tiers"]["flip_share"] == 0.5
    assert found["tiers"]["confusion"] == {
        "high": {"high": 1, "medium": 0, "low": 1},
        "medium": {"high": 1, "medium": 0, "low": 0},
        "low": {"high": 0, "medium": 0, "low": 1},
    }


def test_only_what_both_label_is_compared(garden: Path, tmp_path: Path) -> None:
    first = write_labels(tmp_path / "a", label("x", 1, 1, 1), label("y", 2, 2, 2), label("z", 2, 2, 2))
    second = write_labels(tmp_path / "b", label("z", 2, 2, 2), label("w", 9, 9, 9))

    found = compared(garden, first, second)

    assert (found["n_articles"], found["only_first"], found["only_second"]) == (1, 2, 1)
    assert found["dimensions"]["green"] == {"mae": 0, "bias": 0, "pearson": None, "spearman": None, "kappa": None}


def test_one_file_is_compared_with_its_second_opinions(garden: Path, tmp_path: Path) -> None:
    points = dict.fromkeys(DIMENSIONS, 3)
    file = write_labels(tmp_path / "a", label(1, 2, 2, 2, second_opinion=points), label(2, 2, 2, 2))

    found = compared(garden, file)

    assert (found["n_articles"], found["only_first"]) == (1, 1)
    assert found["weighted_average"]["bias"]["value"] == 1


def test_the_table_says_the_same(garden: Path, tmp_path: Path) -> None:
    one, other = sample(2)
    done = run_cli(
        "label", "agreement", write_labels(tmp_path / "a", *one), write_labels(tmp_path / "b", *other[1:]),
        "--filter", garden,
    )  # fmt: skip

    assert done.exit_code == 0, done.output
    for part in ("garden 1.2.0: two labels of 39 articles", "Spearman", *DIMENSIONS, "weighted average", "differ ("):
        assert part in done.stdout
    assert "labelled once only: 1 in the first, 0 in the second" in done.stdout


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([label(1, 1, 1, 1)], [label(2, 1, 1, 1)], "have no id in common"),
        ([label(1, 1, 1, 1)], [], "holds no labels"),
        ([label(1, 1, 1, 1), label(1, 1, 1, 1)], [label(1, 1, 1, 1)], "labelled more than once"),
        ([label(1, 1, 1, 11)], [label(1, 1, 1, 1)], "not a number from 0 to 10"),
        ([{"id": 1, "scores": {"green": 1}}], [label(1, 1, 1, 1)], "scores: missing dimension (shared)"),
        ([label(1, 1, 1, 1)], None, "holds no second opinion; give a second file"),
    ],
)
def test_what_cannot_be_compared_is_said(
    garden: Path, tmp_path: Path, first: list[Record], second: list[Record] | None, message: str
) -> None:
    files = [write_labels(tmp_path / "a", *first)]
    files += [] if second is None else [write_labels(tmp_path / "b", *second)]

    done = run_cli("label", "agreement", *files, "--filter", garden)

    assert done.exit_code == USAGE
    assert message in done.stderr


def test_agreement_of_real_second_opinions_is_their_mean_distance() -> None:
    """Computed here from the label files as they are, line by line; the files grow."""
    if not (SHARED / "labels").exists():
        pytest.skip("the real labels of shared/data are not here")
    checked = 0
    for folder in sorted((REPOSITORY / "filters").glob("*/src/*/")):
        config = FilterConfig.load(folder)
        path = SHARED / "labels" / f"{config.name}.jsonl"
        records = [record for record in read_records(path) if record.get("second_opinion")] if path.exists() else []
        if not records:
            continue
        checked += 1
        first, second = (
            Postfilter(config).averages(np.array([[r[key][name] for name in config.dimension_names] for r in records]))
            for key in ("scores", "second_opinion")
        )

        found = agreement_of_opinions(config, path)

        assert found["n_articles"] == len(records)
        assert found["weighted_average"]["mae"]["value"] == pytest.approx(np.abs(first - second).mean())
    assert checked
