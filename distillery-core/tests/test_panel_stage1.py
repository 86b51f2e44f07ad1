"""FilterPanel in hybrid mode: each filter as alone, and the student scores what no Stage 1 settles."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import json_records, score
from panel_filters import SHORT, UNREADABLE, Recorded, distance, write_panel_filters

import distillery
from distillery.scoring.score import STAGE_1, STAGE_2
from distillery.testing import write_probe

Articles = list[dict[str, Any]]


@pytest.fixture(scope="module")
def folders(
    bert_base: Path, write_adapter: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """Three filters on one encoder, whose rules differ, and one with its own adapter on the same base."""
    return write_panel_filters(tmp_path_factory.mktemp("panel"), bert_base, write_adapter)


@pytest.fixture
def hybrid_folders(
    bert_filter: Path, copy_of: Callable[[Path], Path], folders: list[Path], tmp_path: Path
) -> list[Path]:
    """Two filters with a probe each on one embedder, and one without."""
    first = write_probe(copy_of(bert_filter))
    second = Path(shutil.copytree(folders[3], tmp_path / "second"))
    return [first, write_probe(second, seed=5), folders[0]]


def test_a_hybrid_panel_scores_as_each_hybrid_filter_alone(hybrid_folders: list[Path], articles: Articles) -> None:
    panel = distillery.load_filters(hybrid_folders, backend="torch", mode="hybrid")
    alone = {
        "tiny-filter": distillery.load_filter(hybrid_folders[0], backend="torch", mode="hybrid"),
        "own": distillery.load_filter(hybrid_folders[1], backend="torch", mode="hybrid"),
        "one": distillery.load_filter(hybrid_folders[2], backend="torch"),
    }

    results = panel.score([*articles, SHORT, UNREADABLE])

    for name, scorer in alone.items():
        for result, expected in zip(results, scorer.score([*articles, SHORT, UNREADABLE]), strict=True):
            assert distance(result[name], expected) < 1e-5
    for name in ("tiny-filter", "own"):
        assert {result[name].stage_used for result in results} == {STAGE_1, STAGE_2, None}


def test_a_filter_without_stage_1_runs_its_student_in_a_hybrid_panel(
    hybrid_folders: list[Path], articles: Articles, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "distillery"):
        panel = distillery.load_filters(hybrid_folders, backend="torch", mode="hybrid")

    assert panel.faults == {}
    assert "one 1.2.3 has no probe" in caplog.text
    assert "its student scores every article" in caplog.text
    assert {result["one"].stage_used for result in panel.score(articles)} == {None}


def test_no_student_reads_what_every_stage_1_skips(hybrid_folders: list[Path], articles: Articles) -> None:
    panel = distillery.load_filters(hybrid_folders[:2], backend="torch", mode="hybrid")
    for scorer in panel:
        scorer.student.backend = Recorded(scorer.student.backend)

    results = panel.score(articles)

    for scorer in panel:
        counting = scorer.student.backend
        assert isinstance(counting, Recorded)
        assert counting.n_read == sum(result[scorer.config.name].stage_used == STAGE_2 for result in results)


def test_the_student_scores_all_where_stage_1_fails(
    hybrid_folders: list[Path], articles: Articles, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scorer = distillery.load_filter(hybrid_folders[0], backend="torch", mode="hybrid")
    alone = distillery.load_filter(hybrid_folders[0], backend="torch")

    def breaks(_: Any) -> None:
        raise ZeroDivisionError("in score_stage1")

    monkeypatch.setattr(scorer, "score_stage1", breaks)
    with caplog.at_level(logging.WARNING, "distillery"):
        scores = scorer.score(articles)

    assert "Stage 1 of tiny-filter failed; its student scores these articles." in caplog.text
    assert {score.stage_used for score in scores} == {STAGE_2}
    for found, expected in zip(scores, alone.score(articles), strict=True):
        assert found.weighted_average == pytest.approx(expected.weighted_average, abs=1e-5)


def test_the_command_scores_in_hybrid_mode(hybrid_folders: list[Path], articles_file: Path) -> None:
    filters = [argument for folder in hybrid_folders[:2] for argument in ("--filter", folder)]

    result = score(articles_file, *filters, "--mode", "hybrid")

    assert result.exit_code == 0
    stages = {record["results"]["own"]["stage_used"] for record in json_records(result.stdout)}
    assert stages == {STAGE_1, STAGE_2, None}
