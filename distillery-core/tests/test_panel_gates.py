"""FilterPanel with a gate: what it sets aside reaches no other filter."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from panel_filters import Recorded, distance, write_panel_filters
from tiny_encoder import random_head, write_sharing_filter

import distillery
from distillery.scoring.gate import FilterGate
from distillery.scoring.scorer import FilterBaseScorer

Articles = list[dict[str, Any]]
Install = Callable[..., None]

COMMERCE = "commerce"


@pytest.fixture(scope="module")
def folders(
    bert_base: Path, write_adapter: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """Three filters on one encoder, whose rules differ, and one with its own adapter on the same base."""
    return write_panel_filters(tmp_path_factory.mktemp("panel"), bert_base, write_adapter)


@pytest.fixture(scope="module")
def commerce_folder(folders: list[Path], articles: Articles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A commerce filter on the encoder of the others; its highest tier begins in the widest gap amid the scores."""

    def written(tiers: list[dict[str, Any]]) -> Path:
        facts: dict[str, Any] = {"name": COMMERCE, "gatekeepers": [], **({"tiers": tiers} if tiers else {})}
        folder, encoder = tmp_path_factory.mktemp("commerce"), folders[0].parent / "encoder"
        return write_sharing_filter(folder, encoder, random_head(2, spread=0.2), **facts)

    scores = FilterBaseScorer.from_folder(written([]), backend="torch").score(articles)
    averages = sorted(score.weighted_average or 0.0 for score in scores)
    _, start = max((high - low, (low + high) / 2) for low, high in pairwise(averages[5:-5]))
    return written(
        [
            {"name": "certain", "at_least": start, "description": "An offer."},
            {"name": "unlikely", "at_least": 0.0, "description": "No offer."},
        ]
    )


def test_a_gate_scores_once_for_all_filters(
    install: Install, folders: list[Path], commerce_folder: Path, articles: Articles
) -> None:
    install(commerce_folder, COMMERCE)
    certain = [score.tier == "certain" for score in distillery.load_filter(COMMERCE, backend="torch").score(articles)]
    plain = distillery.load_filters(folders, backend="torch").score(articles)
    panel = distillery.load_filters(folders, backend="torch", gates=["commerce"])
    (gate,) = panel.scorers[0].gates
    assert isinstance(gate, FilterGate)
    counting = Recorded(gate.scorer.student.backend)
    for scorer in (*panel, gate.scorer):
        if scorer.config.name != "own":
            scorer.student.backend = counting

    results = panel.score(articles)

    assert 0 < sum(certain) < len(articles)
    assert all(scorer.gates == (gate,) for scorer in panel)
    assert counting.n_read == len(articles)
    for result, before, aside in zip(results, plain, certain, strict=True):
        for name in panel.names:
            if aside and before[name].passed_prefilter:
                assert (result[name].prefilter_reason, result[name].blocked) == (COMMERCE, True)
            else:
                assert distance(result[name], before[name]) < 1e-5


def test_all_installed_filters_are_the_default_but_for_the_gate(
    install: Install, folders: list[Path], commerce_folder: Path
) -> None:
    install(folders[0], "one")
    install(commerce_folder, COMMERCE)

    assert distillery.load_filters(backend="torch").names == ["one", COMMERCE]
    assert distillery.load_filters(backend="torch", gates=["commerce"]).names == ["one"]
    both = distillery.load_filters(["one", COMMERCE], backend="torch", gates=["commerce"])
    assert [len(scorer.gates) for scorer in both] == [1, 0]
