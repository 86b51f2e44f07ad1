"""Stage 1: the probe scores clearly low articles, the student the rest, and each score says which stage made it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import distillery
from distillery.config import CALIBRATION_FILE, PROBE_FILE, FilterConfig
from distillery.errors import DistilleryError, ProbeError
from distillery.scoring.flow import score_batch
from distillery.scoring.postfilter import Postfilter
from distillery.scoring.score import STAGE_1, STAGE_2, Score
from distillery.scoring.scorer import FilterBaseScorer
from distillery.stage1.stage1 import Stage1
from distillery.students.base_models import sha256_of
from distillery.students.tokens import HeadTailTokenizer
from distillery.testing import state_probe, write_probe
from distillery.testing.tiny_probe import HALF_WIDTH, MAP

Articles = list[dict[str, Any]]
CopyOf = Callable[[Path], Path]

UNREADABLE = {"title": "No content"}
SHORT = {"title": "clinic", "content": "water"}
FEW = 3  # articles of a stage, so that a loop over them checks something


@pytest.fixture
def folder(bert_filter: Path, copy_of: CopyOf) -> Path:
    """A filter with a probe, free to be changed."""
    return write_probe(copy_of(bert_filter))


@pytest.fixture
def hybrid(folder: Path) -> FilterBaseScorer:
    return distillery.load_filter(folder, mode="hybrid", backend="torch")


@pytest.fixture
def full(folder: Path) -> FilterBaseScorer:
    return distillery.load_filter(folder, backend="torch")


def estimates_of(hybrid: FilterBaseScorer, articles: Articles) -> NDArray[np.float32]:
    texts = [distillery.Article.from_dict(article).text for article in articles]
    return hybrid.stage1.probe.apply(hybrid.stage1.embedder.embed(texts))


def change_maps(folder: Path, points: dict[str, list[float]]) -> None:
    """Calibrate every dimension of a probe by the same map."""
    path = folder / "probe" / CALIBRATION_FILE
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "dimensions": dict.fromkeys(data["dimensions"], points)}))
    state_probe(folder)


def stages(scores: list[Score]) -> set[str | None]:
    return {score.stage_used for score in scores}


def test_both_stages_decide(hybrid: FilterBaseScorer, articles: Articles) -> None:
    assert stages(hybrid.score(articles)) == {STAGE_1, STAGE_2}


def test_below_the_threshold_the_probe_decides(hybrid: FilterBaseScorer, articles: Articles) -> None:
    scores = hybrid.score(articles)

    assert stages(scores) == {STAGE_1, STAGE_2}
    for score in scores:
        assert score.stage1_estimate is not None
        assert (score.stage_used == STAGE_1) == (score.stage1_estimate < hybrid.stage1.threshold)


def test_it_is_decided_on_the_average_before_calibration(hybrid: FilterBaseScorer, articles: Articles) -> None:
    outcomes = Postfilter(hybrid.config).apply(estimates_of(hybrid, articles))

    assert [score.stage1_estimate for score in hybrid.score(articles)] == [one.weighted_average for one in outcomes]


def test_stage_1_scores_are_the_postfilters_of_calibrated_estimates(
    hybrid: FilterBaseScorer, articles: Articles
) -> None:
    estimates = estimates_of(hybrid, articles)
    calibrated = np.interp(estimates, MAP["x"], MAP["y"])

    outcomes = Postfilter(hybrid.config).apply(calibrated)
    scored = zip(hybrid.score(articles), estimates, outcomes, strict=True)

    of_stage_1 = [each for each in scored if each[0].stage_used == STAGE_1]

    assert len(of_stage_1) >= FEW
    for score, raw, right in of_stage_1:
        assert (score.scores, score.weighted_average) == (right.scores, right.weighted_average)
        assert (score.tier, score.gatekeeper_applied) == ("low", right.gatekeeper_applied)
        assert list((score.raw_scores or {}).values()) == raw.tolist()
        assert (score.error, score.passed_prefilter) == (None, True)


def test_stage_1_scores_have_the_intervals_of_the_probes_calibration(
    hybrid: FilterBaseScorer, articles: Articles
) -> None:
    of_stage_1 = [score for score in hybrid.score(articles) if score.stage_used == STAGE_1]

    assert len(of_stage_1) >= FEW
    for score in of_stage_1:
        assert score.weighted_average is not None
        expected = {**(score.scores or {}), "weighted_average": score.weighted_average}
        assert score.intervals == {
            name: (max(value - HALF_WIDTH, 0.0), min(value + HALF_WIDTH, 10.0)) for name, value in expected.items()
        }


def test_articles_that_calibration_lifts_out_of_the_last_tier_go_to_the_student(
    folder: Path, full: FilterBaseScorer, articles: Articles
) -> None:
    """The uncalibrated average stays as it was, and is still the one in the score."""
    before = distillery.load_filter(folder, mode="hybrid", backend="torch").score(articles)
    change_maps(folder, {"x": [0.0, 2.2, 2.3, 10.0], "y": [0.0, 0.5, 4.1, 10.0]})

    after = distillery.load_filter(folder, mode="hybrid", backend="torch").score(articles)

    lifted = [
        new for old, new in zip(before, after, strict=True) if (old.stage_used, new.stage_used) != ("stage2",) * 2
    ]
    assert stages(lifted) == {STAGE_1, STAGE_2}
    assert {score.tier for score in lifted if score.stage_used == STAGE_1} == {"low"}
    assert [score.stage1_estimate for score in after] == [score.stage1_estimate for score in before]
    pairs = [pair for pair in zip(after, full.score(articles), strict=True) if pair[0].stage_used == STAGE_2]
    assert len(pairs) >= FEW
    for new, alone in pairs:
        assert new.scores == pytest.approx(alone.scores, abs=1e-4)


def test_stage_2_scores_are_those_of_the_student_alone(
    hybrid: FilterBaseScorer, full: FilterBaseScorer, articles: Articles
) -> None:
    scored = zip(hybrid.score(articles), full.score(articles), strict=True)

    pairs = [pair for pair in scored if pair[0].stage_used == STAGE_2]

    assert len(pairs) >= FEW
    for two, one in pairs:
        assert two.scores == pytest.approx(one.scores, abs=1e-4)
        assert two.tier == one.tier


def test_provenance_names_probe_and_embedder_and_the_calibration_of_the_stage(
    hybrid: FilterBaseScorer, full: FilterBaseScorer, articles: Articles
) -> None:
    stated = FilterConfig.load(hybrid.filter_dir).probe
    assert stated is not None

    scores = hybrid.score(articles)

    assert stages(scores) == {STAGE_1, STAGE_2}
    for score in scores:
        assert score.provenance.probe_sha256 == stated.sha256[PROBE_FILE]
        assert score.provenance.embedder == hybrid.stage1.embedder.fingerprint
        by_probe = score.stage_used == STAGE_1
        assert score.provenance.calibration == (stated.sha256[CALIBRATION_FILE][:12] if by_probe else None)
    assert stated.sha256[CALIBRATION_FILE] == sha256_of(hybrid.filter_dir / "probe" / CALIBRATION_FILE)
    assert (full.provenance.probe_sha256, full.provenance.embedder) == (None, None)


def test_prefilter_and_bad_articles_come_first(hybrid: FilterBaseScorer, articles: Articles) -> None:
    unreadable, short, _ = hybrid.score([UNREADABLE, SHORT, articles[0]])

    assert unreadable.error
    assert (short.prefilter_reason or "").startswith("content_too_short")
    assert stages([unreadable, short]) == {None}
    assert hybrid.score(SHORT, prefilter=False).stage_used in {STAGE_1, STAGE_2}


def test_order_and_other_articles_change_nothing(hybrid: FilterBaseScorer, articles: Articles) -> None:
    together, backwards = hybrid.score(articles), hybrid.score(articles[::-1])[::-1]
    alone = [hybrid.score(article) for article in articles]

    assert len(together) == len(articles)
    for one, two, three in zip(together, backwards, alone, strict=True):
        assert one.stage_used == two.stage_used == three.stage_used
        assert one.stage1_estimate == two.stage1_estimate == three.stage1_estimate


def test_estimates_that_are_not_finite_go_to_the_student(
    hybrid: FilterBaseScorer, articles: Articles, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = hybrid.stage1.embedder.embed_tokens
    monkeypatch.setattr(hybrid.stage1.embedder, "embed_tokens", lambda rows: embed(rows) * np.float32("nan"))

    scores = hybrid.score(articles)

    assert stages(scores) == {STAGE_2}
    assert {score.stage1_estimate for score in scores} == {None}
    assert {score.error for score in scores} == {None}


def test_where_stage_1_fails_the_student_scores(
    hybrid: FilterBaseScorer, full: FilterBaseScorer, articles: Articles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> NDArray[np.float32]:
        raise MemoryError

    monkeypatch.setattr(hybrid.stage1.embedder, "embed_tokens", fail)
    scores = hybrid.score(articles)

    assert stages(scores) == {STAGE_2}
    assert [score.tier for score in scores] == [score.tier for score in full.score(articles)]


def test_articles_that_skip_the_student_are_not_encoded(
    hybrid: FilterBaseScorer, articles: Articles, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_rows = []
    run = hybrid.student.backend.run
    monkeypatch.setattr(hybrid.student.backend, "run", lambda ids, mask: n_rows.append(len(ids)) or run(ids, mask))

    scores = hybrid.score(articles)

    assert sum(n_rows) == sum(score.stage_used == STAGE_2 for score in scores)


def test_article_is_tokenized_once_for_both_stages(
    hybrid: FilterBaseScorer, articles: Articles, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_encoded = []
    encode = HeadTailTokenizer.encode
    monkeypatch.setattr(
        HeadTailTokenizer, "encode", lambda self, texts: n_encoded.append(len(texts)) or encode(self, texts)
    )

    hybrid.score(articles)

    assert sum(n_encoded) == len(articles)


def test_filters_with_one_embedder_embed_once(
    hybrid: FilterBaseScorer, other_filter: Path, tmp_path: Path, articles: Articles, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = distillery.load_filter(
        write_probe(shutil.copytree(other_filter, tmp_path / "other"), seed=5), mode="hybrid", backend="torch"
    )
    embed, rows = hybrid.stage1.embedder.embed_tokens, []
    monkeypatch.setattr(hybrid.stage1.embedder, "embed_tokens", lambda given: rows.append(len(given)) or embed(given))

    both = score_batch([hybrid, other], articles)

    assert other.stage1.embedder is hybrid.stage1.embedder
    assert rows == [len(articles)]
    assert [score.tier for score in both[0]] == [score.tier for score in hybrid.score(articles)]


def test_has_the_attributes_of_any_scorer(hybrid: FilterBaseScorer, full: FilterBaseScorer) -> None:
    public = {name for name in dir(FilterBaseScorer) if name.isupper()}

    assert len(public) == 9
    assert {name: getattr(hybrid, name) for name in public} == {name: getattr(full, name) for name in public}
    assert (
        hybrid.score({"title": "clinic", "content": "water for the village " * 9}).to_dict().keys()
        == full.score({"title": "clinic", "content": "water for the village " * 9}).to_dict().keys()
    )


def test_result_is_plain_json(hybrid: FilterBaseScorer, articles: Articles) -> None:
    scores = hybrid.score(articles)

    assert stages(scores) == {STAGE_1, STAGE_2}
    for score in scores:
        plain = json.loads(json.dumps(score.to_dict(), allow_nan=False))
        assert plain == {**score.to_dict(), "intervals": plain["intervals"]}  # a pair is a list in JSON


def test_filters_own_code_keeps_its_place(folder: Path, articles: Articles) -> None:
    class Own(FilterBaseScorer):
        def prefilter_article(self, article: distillery.Article) -> Score | None:
            return Score.make_blocked(self.provenance, "mine") if "river" in article.text else None

    stage1 = Stage1.load(distillery.load_config(folder), folder)
    scorer = Own.from_folder(folder, backend="torch", stage1=stage1)

    scores = scorer.score(articles)

    assert {"mine", None} == {score.prefilter_reason for score in scores}
    assert {STAGE_1, STAGE_2} <= stages(scores)


def test_no_threshold_no_hybrid(folder: Path) -> None:
    state_probe(folder, threshold=None)

    with pytest.raises(ProbeError, match=r"no threshold.*\n.*distillery probe threshold"):
        distillery.load_filter(folder, mode="hybrid")


def test_no_probe_no_hybrid(bert_filter: Path) -> None:
    with pytest.raises(ProbeError, match="has no probe"):
        distillery.load_filter(bert_filter, mode="hybrid")


def test_unknown_mode_is_refused(folder: Path) -> None:
    with pytest.raises(DistilleryError, match=r"no mode 'fast'\. There are: full, hybrid"):
        distillery.load_filter(folder, mode="fast")
