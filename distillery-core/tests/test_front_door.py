"""The front door: whatever a newcomer passes to a scorer or a panel is scored, or refused with the line to write."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

import distillery
from distillery import BatchMetrics, FilterBaseScorer, FilterPanel, Score, testing
from distillery.scoring.contracts import ArticleLike

Articles = list[dict[str, Any]]
COLUMNS = {"title": "headline", "content": "body"}


@pytest.fixture
def renamed(articles: Articles) -> Articles:
    return [{"headline": article["title"], "body": article["content"], "n": 1} for article in articles]


@pytest.fixture
def panel(bert_scorer: FilterBaseScorer) -> FilterPanel:
    return FilterPanel([bert_scorer])


def dict_of_lists(rows: Articles) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


TABLES: dict[str, Callable[[Articles], Any]] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "pyarrow": pa.Table.from_pylist,
    "datasets": datasets.Dataset.from_list,
    "dict of lists": dict_of_lists,
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_scored_row_by_row(
    bert_scorer: FilterBaseScorer, panel: FilterPanel, articles: Articles, renamed: Articles, kind: str
) -> None:
    expected = bert_scorer.score(articles)
    table = TABLES[kind](renamed)

    assert bert_scorer.score(table, columns=COLUMNS) == expected
    assert list(bert_scorer.score_iter(table, columns=COLUMNS)) == expected
    assert [result["tiny-filter"] for result in panel.score(table, columns=COLUMNS)] == expected


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_without_the_columns_is_refused_with_the_line_to_write(
    bert_scorer: FilterBaseScorer, renamed: Articles, kind: str
) -> None:
    with pytest.raises(distillery.ArticleError, match=r'Found: headline, body.*columns=\{"title": "headline"'):
        bert_scorer.score(TABLES[kind](renamed))


def test_scores_join_a_data_frame(bert_scorer: FilterBaseScorer, renamed: Articles) -> None:
    frame = pd.DataFrame(renamed)

    joined = frame.join(distillery.to_frame(bert_scorer.score(frame, columns=COLUMNS)))

    assert len(joined) == len(frame)
    assert {"headline", "tiny_filter_weighted_average", "tiny_filter_tier"} <= set(joined.columns)


def test_columns_name_the_fields_of_dicts_too(
    bert_scorer: FilterBaseScorer, articles: Articles, renamed: Articles
) -> None:
    assert bert_scorer.score(renamed, columns=COLUMNS) == bert_scorer.score(articles)
    assert bert_scorer.score(renamed[0], columns=COLUMNS) == bert_scorer.score(articles[0])


@pytest.mark.parametrize(
    "wrong", [None, 7, "text", b"bytes", ["one", "two"], ("a title", "a content"), pd.Series(["one"]), [["nested"]]]
)
def test_what_holds_no_articles_is_a_type_error(bert_scorer: FilterBaseScorer, panel: FilterPanel, wrong: Any) -> None:
    for score in (bert_scorer.score, panel.score, bert_scorer.score_iter, panel.score_iter):
        with pytest.raises(TypeError, match=r"title") as refused:
            score(wrong)
        assert isinstance(refused.value, distillery.DistilleryError)


def test_a_tuple_and_a_generator_of_articles_are_scored(bert_scorer: FilterBaseScorer, articles: Articles) -> None:
    expected = bert_scorer.score(articles)

    assert bert_scorer.score(tuple(articles)) == expected
    assert bert_scorer.score(article for article in articles) == expected


def test_a_wrong_article_among_others_costs_only_itself(bert_scorer: FilterBaseScorer, articles: Articles) -> None:
    mixed: Any = [articles[0], None, "text", articles[1]]

    first, missing, text, last = bert_scorer.score(mixed)

    assert (first.failed, last.failed) == (False, False)
    assert (missing.invalid, text.invalid) == (True, True)


class Echo(FilterBaseScorer):
    """A filter that scores without its student, so that what is measured is the stream alone."""

    def score_batch(self, articles: Any, *, prefilter: bool | None = None) -> list[Score]:  # noqa: ARG002
        """Return an empty score for each article."""
        return [Score(self.provenance, passed_prefilter=True) for _ in articles]


@pytest.fixture
def echo(bert_filter: Path) -> Echo:
    return Echo.from_folder(bert_filter, backend="torch")


def endless(taken: list[int]) -> Iterator[ArticleLike]:
    number = 0
    while True:
        taken.append(number)
        yield {"title": f"title {number}", "content": "content"}
        number += 1


def test_score_iter_takes_one_batch_at_a_time(echo: Echo) -> None:
    for source in (echo, FilterPanel([echo])):
        taken: list[int] = []
        scores = source.score_iter(endless(taken), batch_size=8)

        assert len(taken) <= 1
        next(scores)
        assert len(taken) == 8


def test_score_iter_keeps_memory_flat(echo: Echo) -> None:
    n_articles = 100_000
    articles = ({"title": f"title {number}", "content": "content " * 40} for number in range(n_articles))
    scores = echo.score_iter(articles)
    for _ in range(2_000):
        next(scores)

    tracemalloc.start()
    try:
        rest = sum(1 for _ in scores)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert rest == n_articles - 2_000
    assert peak < 4 * 2**20


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_size_below_one_is_refused(bert_scorer: FilterBaseScorer, articles: Articles, size: int) -> None:
    with pytest.raises(distillery.DistilleryError, match=f"batch_size is {size}"):
        bert_scorer.score(articles, batch_size=size)


def test_batch_size_does_not_change_scores(bert_scorer: FilterBaseScorer, articles: Articles) -> None:
    together = bert_scorer.score(articles)

    for one, other in zip(together, bert_scorer.score(articles, batch_size=3), strict=True):
        assert one.weighted_average == pytest.approx(other.weighted_average, abs=1e-5)


def test_progress_goes_to_stderr(
    bert_scorer: FilterBaseScorer, articles: Articles, capsys: pytest.CaptureFixture[str]
) -> None:
    bert_scorer.score(articles, show_progress=True)

    written = capsys.readouterr()
    assert written.out == ""
    assert f"{len(articles)}/{len(articles)}" in written.err


def test_scoring_can_be_awaited(bert_scorer: FilterBaseScorer, panel: FilterPanel, articles: Articles) -> None:
    async def both() -> tuple[Any, Any]:
        return await asyncio.gather(bert_scorer.ascore(articles), panel.ascore(articles[0]))

    scores, result = asyncio.run(both())

    assert scores == bert_scorer.score(articles)
    assert result == {"tiny-filter": bert_scorer.score(articles[0])}


def test_threads_share_a_scorer(bert_scorer: FilterBaseScorer, articles: Articles) -> None:
    expected = [bert_scorer.score(article) for article in articles]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(bert_scorer.score, articles * 4))

    for one, other in zip(found, expected * 4, strict=True):
        assert one.weighted_average == pytest.approx(other.weighted_average, abs=1e-5)


def test_warm_up_runs_the_student(
    bert_scorer: FilterBaseScorer, panel: FilterPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_runs = []
    run = bert_scorer.student.backend.run
    monkeypatch.setattr(bert_scorer.student.backend, "run", lambda *batch: n_runs.append(1) or run(*batch))

    assert bert_scorer.warm_up() is bert_scorer
    assert panel.warm_up() is panel
    assert len(n_runs) == 2


def test_info_is_json_that_names_what_scores(bert_scorer: FilterBaseScorer, panel: FilterPanel) -> None:
    info = json.loads(json.dumps(bert_scorer.info()))

    assert info["filter"] == "tiny-filter"
    assert info["backend"] == bert_scorer.provenance.backend
    assert info["encoder_fingerprint"] == bert_scorer.student.encoder_spec.fingerprint
    assert panel.info() == {"tiny-filter": bert_scorer.info()}


def test_representations_help(bert_scorer: FilterBaseScorer, panel: FilterPanel, articles: Articles) -> None:
    score = bert_scorer.score(articles)[0]

    assert repr(bert_scorer) == "<FilterBaseScorer tiny-filter 1.2.3: student compact, torch-float32>"
    assert repr(panel) == "<FilterPanel tiny-filter 1.2.3>"
    assert repr(score).startswith(f"<Score tiny-filter 1.2.3: {score.tier} {score.weighted_average:.2f} (")
    html = score._repr_html_()
    assert all(name in html for name in (*bert_scorer.config.dimension_names, "weighted_average"))


def test_a_score_in_a_notebook_escapes_what_comes_from_outside(bert_scorer: FilterBaseScorer) -> None:
    score = Score.make_failed(bert_scorer.provenance, "<script>alert(1)</script>")

    assert "<script>" not in score._repr_html_()
    assert "failed, <script>" in repr(score)


def test_booleans_say_what_became_of_an_article(bert_scorer: FilterBaseScorer) -> None:
    provenance = bert_scorer.provenance

    def flags(score: Score) -> tuple[bool, bool, bool]:
        return score.failed, score.blocked, score.invalid

    assert flags(Score(provenance, passed_prefilter=True, weighted_average=1.0)) == (False, False, False)
    assert flags(Score.make_failed(provenance, "out of memory")) == (True, False, False)
    assert flags(Score.make_blocked(provenance, "corporate_finance")) == (False, True, False)
    assert flags(Score.make_invalid(provenance, "'title' is missing")) == (True, False, True)


def test_a_callback_gets_the_figures_of_each_batch(
    bert_filter: Path, articles: Articles, caplog: pytest.LogCaptureFixture
) -> None:
    found: list[BatchMetrics] = []
    scorer = distillery.load_filter(bert_filter, backend="torch", on_batch=found.append)
    panel = distillery.load_filters([bert_filter], backend="torch", on_batch=found.append)

    with caplog.at_level(logging.DEBUG, "distillery"):
        scorer.score([*articles, {"title": "No content"}], batch_size=len(articles))
    panel.score(articles[0])

    assert [(batch.filter, batch.n_articles, batch.n_failed) for batch in found] == [
        ("tiny-filter", len(articles), 0),
        ("tiny-filter", 1, 1),
        ("tiny-filter", 1, 0),
    ]
    assert "Scored a batch: BatchMetrics(filter='tiny-filter'" in caplog.text


def test_a_callback_that_fails_costs_no_score(
    bert_filter: Path, articles: Articles, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: BatchMetrics) -> None:
        raise ZeroDivisionError("in the callback")

    scorer = distillery.load_filter(bert_filter, backend="torch", on_batch=fail)

    with caplog.at_level(logging.WARNING, "distillery"):
        scores = scorer.score(articles)

    assert not any(score.failed for score in scores)
    assert "on_batch failed for tiny-filter." in caplog.text


@pytest.mark.parametrize("mode", ["full", "hybrid"])
def test_a_scorer_and_a_panel_are_pickled_by_reference(
    bert_filter: Path,
    copy_of: Callable[[Path], Path],
    articles: Articles,
    run_python: Callable[..., str],
    tmp_path: Path,
    mode: str,
) -> None:
    folder = testing.write_probe(copy_of(bert_filter))
    scorer = distillery.load_filter(folder, backend="torch", mode=mode, prefilter=False)
    panel = distillery.load_filters([folder], backend="torch", mode=mode, prefilter=False)
    content = pickle.dumps((scorer, panel))
    (tmp_path / "scorers").write_bytes(content)
    (tmp_path / "articles.json").write_text(json.dumps(articles))

    averages = json.loads(run_python(SCORE_WITH_BOTH, FOLDER=tmp_path))

    assert len(content) < 4_000
    assert averages == [[score.weighted_average for score in scorer.score(articles)]] * 2


# The process that loads the pickle knows nothing but its files.
SCORE_WITH_BOTH = """
import json, os, pickle
from pathlib import Path

folder = Path(os.environ["FOLDER"])
articles = json.loads((folder / "articles.json").read_text())
scorer, panel = pickle.loads((folder / "scorers").read_bytes())
alone = [score.weighted_average for score in scorer.score(articles)]
together = [result["tiny-filter"].weighted_average for result in panel.score(articles)]
print(json.dumps([alone, together]))
"""


def test_a_scorer_put_together_by_hand_is_not_pickled(bert_scorer: FilterBaseScorer) -> None:
    with pytest.raises(TypeError, match=r"Load it in the other process: distillery\.load_filter\('tiny-filter'\)"):
        pickle.dumps(bert_scorer)


@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_the_number_of_threads_does_not_change_scores(bert_filter: Path, articles: Articles, backend: str) -> None:
    before = torch.get_num_threads()
    try:
        scores = distillery.load_filter(bert_filter, backend=backend, threads=1).score(articles)
    finally:
        torch.set_num_threads(before)

    for one, other in zip(scores, distillery.load_filter(bert_filter, backend=backend).score(articles), strict=True):
        assert one.weighted_average == pytest.approx(other.weighted_average, abs=1e-4)


def test_no_threads_are_refused(bert_filter: Path) -> None:
    with pytest.raises(distillery.BackendError, match="threads is 0"):
        distillery.load_filter(bert_filter, backend="torch", threads=0)
