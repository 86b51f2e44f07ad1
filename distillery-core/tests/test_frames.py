"""Scores as tables: a row per article, with the columns of the Parquet output."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from pyarrow import parquet
from result_files import a_line, write

from distillery.errors import DistilleryError
from distillery.results import frames
from distillery.results.frames import to_arrow, to_frame
from distillery.scoring.score import Score


def test_a_scorers_list_has_the_columns_and_values_of_the_parquet_output(
    tmp_path: Path, scored: Score, blocked: Score, invalid: Score
) -> None:
    certain = replace(
        scored,
        intervals={"reach": (0.0, 1.5), "weighted_average": (3.5, 5.0)},
        tier_probabilities={"high": 0.25, "medium": 0.75, "low": 1.0},
        positive_probability=0.75,
        confidence=0.5,
        flags=("short_text",),
    )
    scores = [certain, blocked, invalid]
    write(tmp_path / "scored.parquet", [a_line(n) for n in range(3)], scores)

    table = to_arrow(scores)

    expected = parquet.read_table(tmp_path / "scored.parquet").drop_columns(["id", "line", "file", "error"])
    assert table.to_pylist() == expected.to_pylist()
    assert table.schema == expected.schema


def test_a_panels_list_has_the_columns_of_each_filter(scored: Score, blocked: Score) -> None:
    table = to_arrow([{"one": scored, "two": blocked}, {"one": blocked, "two": scored}])

    assert table["one_tier"].to_pylist() == ["medium", None]
    assert table["two_prefilter_reason"].to_pylist() == ["corporate_finance", None]


def test_no_scores_are_an_empty_table() -> None:
    assert to_arrow([]).num_rows == 0


@pytest.mark.parametrize("scores", [[1], ["text"], [None]])
def test_what_is_no_score_is_refused(scores: Any) -> None:
    with pytest.raises(DistilleryError, match="a list of scores is needed"):
        to_arrow(scores)


def test_frames_of_both_libraries(scored: Score, blocked: Score) -> None:
    with_pandas, with_polars = (to_frame([scored, blocked], backend) for backend in ("pandas", "polars"))

    assert isinstance(with_pandas, pd.DataFrame)
    assert isinstance(with_polars, pl.DataFrame)
    for frame in (with_pandas, with_polars):
        assert next(iter(frame["tiny_filter_weighted_average"])) == 4.123456789
        assert len(frame) == 2


@pytest.mark.parametrize(
    ("installed", "chosen"), [({"pandas", "polars"}, pd.DataFrame), ({"polars"}, pl.DataFrame)], ids=["both", "polars"]
)
def test_the_library_that_is_installed_is_taken(
    monkeypatch: pytest.MonkeyPatch, scored: Score, installed: set[str], chosen: type
) -> None:
    monkeypatch.setattr(frames, "find_spec", lambda name: name in installed or None)

    assert isinstance(to_frame([scored]), chosen)


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        (None, "needs pandas or polars: pip install pandas"),
        ("polars", "polars is not installed: pip install polars"),
        ("numpy", "backend is 'numpy'; to_frame knows pandas and polars"),
    ],
)
def test_without_a_library_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, scored: Score, backend: str | None, message: str
) -> None:
    monkeypatch.setattr(frames, "find_spec", lambda _: None)

    with pytest.raises(DistilleryError, match=message):
        to_frame([scored], backend)
