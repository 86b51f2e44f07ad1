"""What the tests of several filters share."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from distillery.config import FilterConfig
from distillery.scoring.article import Article
from distillery.scoring.postfilter import Postfilter
from distillery.scoring.prefilter import Prefilter, Verdict

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="module")
def labelled(request: pytest.FixtureRequest) -> list[tuple[Verdict, float]]:
    """Return the verdict of the module's CONFIG and the oracle's weighted average of every article in train and val."""
    if not (DATA / "articles.jsonl").is_file():
        pytest.skip(f"needs the labelled articles, which stay outside the repository: {DATA}")
    config: FilterConfig = request.module.CONFIG
    lines = (DATA / "labels" / f"{config.name}.jsonl").read_text(encoding="utf-8").splitlines()
    labels = {label["id"]: label for label in map(json.loads, lines) if label["split"] in ("train", "val")}
    prefilter, verdicts = Prefilter(config.prefilter), {}
    with (DATA / "articles.jsonl").open(encoding="utf-8") as file:
        for article in map(json.loads, file):
            if article["id"] in labels:
                verdicts[article["id"]] = prefilter.check(Article.from_dict(article))
    scores = np.array([[labels[i]["scores"][name] for name in config.dimension_names] for i in verdicts])
    averages = Postfilter(config).averages(scores).tolist()
    return list(zip(verdicts.values(), averages, strict=True))
