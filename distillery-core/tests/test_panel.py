"""FilterPanel: scores as each filter alone, reads once what filters share, and no filter harms another."""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from commands import json_records, score
from hypothesis import given
from hypothesis import strategies as st
from tiny_encoder import random_head, write_encoder, write_sharing_filter, write_whole_filter

import distillery
from distillery.errors import (
    ArticleError,
    DistilleryError,
    DuplicateFilterError,
    FilterNotFoundError,
    StudentNotFoundError,
    WeightsError,
)
from distillery.scoring.article import Article
from distillery.scoring.gate import FilterGate
from distillery.scoring.panel import FilterPanel
from distillery.scoring.score import STAGE_1, STAGE_2, Score
from distillery.scoring.scorer import FilterBaseScorer
from distillery.students.backends.contract import Backend, Ids, Outputs
from distillery.students.tokens import HeadTailTokenizer
from distillery.testing import write_probe

Articles = list[dict[str, Any]]
Install = Callable[..., None]

COMMERCE = "commerce"
UNREADABLE = {"title": "No content"}
SHORT = {"title": "clinic", "content": "water"}


class Recorded:
    """A real backend that counts the rows it reads, and fails on texts with one token."""

    def __init__(self, backend: Backend, fails_on: int = -1) -> None:
        """Start at zero."""
        self._backend = backend
        self._fails_on = fails_on
        self.name = backend.name
        self.batching = backend.batching
        self.n_read = 0

    def run(self, input_ids: Ids, attention_mask: Ids) -> Outputs:
        """Run the real one."""
        if (input_ids == self._fails_on).any():
            raise MemoryError("too long for this machine")
        self.n_read += len(input_ids)
        return self._backend.run(input_ids, attention_mask)


@pytest.fixture(scope="module")
def folders(
    bert_base: Path, write_adapter: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """Three filters on one encoder, whose rules differ, and one with an adapter of its own on the same base."""
    root = tmp_path_factory.mktemp("panel")
    adapter = write_adapter(bert_base, root / "adapter")
    (root / "encoder").mkdir()
    encoder = write_encoder(root / "encoder", bert_base, adapter)
    lengths = {"one": 20, "two": 60, "three": 150}
    sharing = [
        write_sharing_filter(
            root / name, encoder, random_head(seed), name=name, prefilter={"min_content_chars": length}
        )
        for seed, (name, length) in enumerate(lengths.items())
    ]
    (root / "own").mkdir()
    return [*sharing, write_whole_filter(root / "own", bert_base, adapter, random_head(5), name="own")]


@pytest.fixture(scope="module")
def commerce_folder(folders: list[Path], articles: Articles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A commerce filter on the encoder of the others; its highest tier begins in the widest gap amid the scores."""

    def written(tiers: list[dict[str, Any]]) -> Path:
        facts = {"name": COMMERCE, "gatekeepers": [], **({"tiers": tiers} if tiers else {})}
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


@pytest.fixture(scope="module")
def panel(folders: list[Path]) -> FilterPanel:
    return distillery.load_filters(folders, backend="torch")


@pytest.fixture
def recorded(folders: list[Path]) -> tuple[FilterPanel, dict[str, Recorded]]:
    """A panel whose backends count, one for those that share an encoder."""
    panel = distillery.load_filters(folders, backend="torch")
    backends = {"shared": Recorded(panel.scorers[0].student.backend), "own": Recorded(panel.scorers[3].student.backend)}
    for scorer in panel:
        scorer.student.backend = backends["own" if scorer.config.name == "own" else "shared"]
    return panel, backends


def distance(found: Score, wanted: Score) -> float:
    """Return how far two scores are apart; all else must be equal."""
    assert replace(found, scores=None, raw_scores=None, weighted_average=None) == replace(
        wanted, scores=None, raw_scores=None, weighted_average=None
    )
    if found.raw_scores is None or wanted.raw_scores is None:
        assert found.raw_scores is wanted.raw_scores
        return 0.0
    assert list(found.raw_scores) == list(wanted.raw_scores)
    pairs = zip(found.raw_scores.values(), wanted.raw_scores.values(), strict=True)
    return max(abs(one - other) for one, other in pairs)


@given(seed=st.integers(0, 10**6), n=st.integers(0, 24))
def test_a_panel_scores_as_each_filter_alone_in_any_order_and_company(
    panel: FilterPanel, articles: Articles, seed: int, n: int
) -> None:
    batch = random.Random(seed).sample([*articles, UNREADABLE, SHORT], n)

    results = panel.score(batch)

    assert [list(result) for result in results] == [["one", "two", "three", "own"]] * n
    for scorer in panel:
        for result, alone in zip(results, scorer.score(batch), strict=True):
            assert distance(result[scorer.config.name], alone) < 1e-5


def test_the_filters_differ_in_what_they_set_aside(panel: FilterPanel, articles: Articles) -> None:
    results = panel.score(articles)

    passed = [sum(result[name].passed_prefilter for result in results) for name in ("one", "two", "three")]
    assert passed[0] > passed[1] > passed[2] > 0


def test_one_article_gives_one_result(panel: FilterPanel, articles: Articles) -> None:
    alone = panel.score(articles[0])

    assert list(alone) == panel.names
    assert alone == panel.score(Article.from_dict(articles[0])) == panel.score([articles[0]])[0]
    assert {name: score.to_dict() for name, score in alone.items()}["one"]["provenance"]["filter"] == "one"


def test_no_articles_give_no_results(panel: FilterPanel) -> None:
    assert panel.score([]) == panel.score_batch(iter(())) == []


def test_a_panel_is_its_scorers(panel: FilterPanel) -> None:
    assert list(panel) == panel.scorers
    assert len(panel) == 4
    assert panel.faults == {}


def test_an_article_alone_that_cannot_be_read_is_refused(panel: FilterPanel) -> None:
    with pytest.raises(ArticleError, match="'content' is missing"):
        panel.score(UNREADABLE)


@pytest.mark.parametrize("text", ["A village clinic", b"A village clinic"])
def test_text_is_no_article(panel: FilterPanel, text: Any) -> None:
    with pytest.raises(DistilleryError, match="many of them, not a"):
        panel.score(text)


def test_the_encoder_reads_once_what_any_of_its_filters_wants(
    recorded: tuple[FilterPanel, dict[str, Recorded]], articles: Articles
) -> None:
    panel, backends = recorded

    results = panel.score([*articles, SHORT, UNREADABLE])

    wanted = [sum(result[name].tier is not None for result in results) for name in ("one", "own")]
    assert [backends["shared"].n_read, backends["own"].n_read] == wanted == [len(articles)] * 2


def test_tokens_are_made_once(
    recorded: tuple[FilterPanel, dict[str, Recorded]], articles: Articles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For all four: the filter with an adapter of its own has the tokenizer of the shared encoder."""
    encode, encoded = HeadTailTokenizer.encode, []

    def noted(self: HeadTailTokenizer, texts: Iterable[str]) -> list[list[int]]:
        encoded.extend(texts)
        return encode(self, list(texts))

    monkeypatch.setattr(HeadTailTokenizer, "encode", noted)

    recorded[0].score(articles)

    assert sorted(encoded) == sorted(Article.from_dict(article).text for article in articles)


def test_articles_are_cleaned_once(panel: FilterPanel, articles: Articles, monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned = []
    original = Article.from_dict
    monkeypatch.setattr(Article, "from_dict", lambda data: cleaned.append(data) or original(data))

    panel.score(articles)

    assert cleaned == articles


def test_a_batch_that_fails_costs_only_the_article_at_fault(
    recorded: tuple[FilterPanel, dict[str, Recorded]], articles: Articles
) -> None:
    panel, backends = recorded
    plain = panel.score(articles)
    tokenizer = panel.scorers[0].student.tokenizer
    music = tokenizer.encode(["music"])[0][1]
    rows = tokenizer.encode([Article.from_dict(article).text for article in articles])
    bad = [music in row for row in rows]
    backends["shared"]._fails_on = music

    results = panel.score(articles)

    assert 0 < sum(bad) < len(articles)
    for result, before, failed in zip(results, plain, bad, strict=True):
        for name in ("one", "two", "three"):
            if failed and before[name].passed_prefilter:
                assert result[name].error == "the student failed: MemoryError: too long for this machine"
            else:
                assert distance(result[name], before[name]) < 1e-5
        assert distance(result["own"], before["own"]) < 1e-5


def test_an_article_that_breaks_the_tokenizer_costs_only_itself(
    panel: FilterPanel, articles: Articles, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, encode = panel.score(articles), HeadTailTokenizer.encode

    def encode_no_music(self: HeadTailTokenizer, texts: Iterable[str]) -> list[list[int]]:
        texts = list(texts)
        if any("music" in text for text in texts):
            raise OverflowError("no room")
        return encode(self, texts)

    monkeypatch.setattr(HeadTailTokenizer, "encode", encode_no_music)

    results = panel.score(articles)

    bad = ["music" in Article.from_dict(article).text for article in articles]
    assert 0 < sum(bad) < len(articles)
    for result, before, failed in zip(results, plain, bad, strict=True):
        for name in panel.names:
            if failed and before[name].passed_prefilter:
                assert result[name].error == "the student failed: OverflowError: no room"
            else:
                assert distance(result[name], before[name]) < 1e-5


class Breaks(FilterBaseScorer):
    """A filter whose own code fails."""

    def prefilter_article(self, article: Article) -> Score | None:
        """Fail on some."""
        if "music" in article.text:
            raise ZeroDivisionError("in screen")
        return super().prefilter_article(article)

    def to_scores(self, outputs: Outputs) -> list[Score]:  # noqa: ARG002
        """Fail on all."""
        raise ZeroDivisionError("in to_scores")


class GoesItsOwnWay(FilterBaseScorer):
    """A filter that scores a batch in a way of its own."""

    def score_batch(self, articles: Iterable[Any], *, prefilter: bool | None = None) -> list[Score]:
        """Turn reasons into capitals."""
        scores = super().score_batch(articles, prefilter=prefilter)
        return [replace(score, tier=score.tier and score.tier.upper()) for score in scores]


def test_a_filters_own_code_that_fails_costs_only_its_scores(folders: list[Path], articles: Articles) -> None:
    sound, broken = (
        FilterBaseScorer.from_folder(folders[0], backend="torch"),
        Breaks.from_folder(folders[3], backend="torch"),
    )
    wanted = sound.score(articles)

    results = FilterPanel([sound, broken]).score(articles)

    assert {result["own"].error for result in results} == {
        "the prefilter failed: ZeroDivisionError: in screen",
        "the filter failed: ZeroDivisionError: in to_scores",
    }
    for result, alone in zip(results, wanted, strict=True):
        assert distance(result["one"], alone) < 1e-5


class LosesOne(FilterBaseScorer):
    """A filter that forgets an article at the step the student's outputs are judged."""

    def to_scores(self, outputs: Outputs) -> list[Score]:
        """Return one score too few."""
        return super().to_scores(outputs)[1:]


class LosesOneItsOwnWay(FilterBaseScorer):
    """A filter that forgets an article in a way of its own."""

    def score_batch(self, articles: Iterable[Any], *, prefilter: bool | None = None) -> list[Score]:
        """Return one score too few."""
        return super().score_batch(articles, prefilter=prefilter)[1:]


@pytest.mark.parametrize("kind", [LosesOne, LosesOneItsOwnWay])
def test_a_filter_that_loses_an_article_costs_only_its_scores(
    kind: type[FilterBaseScorer], folders: list[Path], articles: Articles
) -> None:
    sound = FilterBaseScorer.from_folder(folders[0], backend="torch")
    wanted = sound.score(articles)

    results = FilterPanel([sound, kind.from_folder(folders[3], backend="torch")]).score(articles)

    assert any("the filter failed: ValueError" in (result["own"].error or "") for result in results)
    for result, alone in zip(results, wanted, strict=True):
        assert distance(result["one"], alone) < 1e-5


def test_a_filter_that_goes_its_own_way_does_so_in_a_panel(folders: list[Path], articles: Articles) -> None:
    own, plain = (kind.from_folder(folders[3], backend="torch") for kind in (GoesItsOwnWay, FilterBaseScorer))
    panel = FilterPanel([FilterBaseScorer.from_folder(folders[0], backend="torch"), own])

    results = panel.score([*articles, UNREADABLE])

    wanted = [score.tier and score.tier.upper() for score in plain.score([*articles, UNREADABLE])]
    assert [result["own"].tier for result in results] == wanted
    assert [list(result) for result in results] == [["one", "own"]] * len(results)


# Commerce in front


def test_commerce_is_judged_once_in_front_of_all(
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


def test_all_installed_filters_are_the_default_and_commerce_stands_in_front_or_among_them(
    install: Install, folders: list[Path], commerce_folder: Path
) -> None:
    install(folders[0], "one")
    install(commerce_folder, COMMERCE)

    assert distillery.load_filters(backend="torch").names == ["one", COMMERCE]
    assert distillery.load_filters(backend="torch", gates=["commerce"]).names == ["one"]
    both = distillery.load_filters(["one", COMMERCE], backend="torch", gates=["commerce"])
    assert [len(scorer.gates) for scorer in both] == [1, 0]


# Stage 1


@pytest.fixture
def hybrid_folders(
    bert_filter: Path, copy_of: Callable[[Path], Path], folders: list[Path], tmp_path: Path
) -> list[Path]:
    """Filters with probes of their own on one embedder, and one without."""
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
        for result, wanted in zip(results, scorer.score([*articles, SHORT, UNREADABLE]), strict=True):
            assert distance(result[name], wanted) < 1e-5
    for name in ("tiny-filter", "own"):
        assert {result[name].stage_used for result in results} == {STAGE_1, STAGE_2, None}


def test_a_filter_without_stage_1_is_read_in_full_in_a_hybrid_panel(
    hybrid_folders: list[Path], articles: Articles, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "distillery"):
        panel = distillery.load_filters(hybrid_folders, backend="torch", mode="hybrid")

    assert panel.faults == {}
    assert "one 1.2.3 has no probe" in caplog.text
    assert "its student scores every article" in caplog.text
    assert {result["one"].stage_used for result in panel.score(articles)} == {None}


def test_what_every_stage_1_spares_is_read_by_no_student(hybrid_folders: list[Path], articles: Articles) -> None:
    panel = distillery.load_filters(hybrid_folders[:2], backend="torch", mode="hybrid")
    for scorer in panel:
        scorer.student.backend = Recorded(scorer.student.backend)

    results = panel.score(articles)

    for scorer in panel:
        counting = scorer.student.backend
        assert isinstance(counting, Recorded)
        assert counting.n_read == sum(result[scorer.config.name].stage_used == STAGE_2 for result in results)


def test_the_student_reads_on_where_stage_1_fails(
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
    for found, wanted in zip(scores, alone.score(articles), strict=True):
        assert found.weighted_average == pytest.approx(wanted.weighted_average, abs=1e-5)


def test_the_command_scores_in_hybrid_mode(hybrid_folders: list[Path], articles_file: Path) -> None:
    filters = [argument for folder in hybrid_folders[:2] for argument in ("--filter", folder)]

    result = score(articles_file, *filters, "--mode", "hybrid")

    assert result.exit_code == 0
    stages = {record["results"]["own"]["stage_used"] for record in json_records(result.stdout)}
    assert stages == {STAGE_1, STAGE_2, None}


# What does not load


def test_a_filter_that_does_not_load_costs_only_itself(
    folders: list[Path], broken_filter: Path, articles: Articles
) -> None:
    panel = distillery.load_filters([broken_filter, folders[0], "nobody-has-this"], backend="torch", strict=False)

    results = panel.score(articles[:3])

    assert [type(fault) for fault in panel.faults.values()] == [WeightsError, FilterNotFoundError]
    assert list(panel.faults) == ["tiny-filter", "nobody-has-this"]
    for result in results:
        assert list(result) == panel.names == ["one", "tiny-filter", "nobody-has-this"]
        assert result["one"].tier
        error = str(result["tiny-filter"].error)
        assert error.startswith("the filter could not be loaded: tiny-filter 1.2.3: adapter_model.safetensors has")
        assert result["nobody-has-this"].to_dict()["provenance"]["filter"] == "nobody-has-this"


def test_a_filter_without_the_student_asked_for_costs_only_itself(folders: list[Path]) -> None:
    with pytest.raises(StudentNotFoundError, match=r"None of the filters could be loaded.\none: "):
        distillery.load_filters(folders[:2], student="gemma", backend="torch", strict=False)


def test_a_named_filter_that_does_not_load_raises(folders: list[Path]) -> None:
    with pytest.raises(FilterNotFoundError, match="No filter 'nobody-has-this' is installed"):
        distillery.load_filters([folders[0], "nobody-has-this"], backend="torch")


def test_an_installed_filter_that_does_not_load_costs_only_itself_where_none_is_named(
    install: Install, folders: list[Path], broken_filter: Path
) -> None:
    install(folders[0], "one")
    install(broken_filter, "tiny-filter")

    panel = distillery.load_filters(backend="torch")

    assert (list(panel.faults), len(panel)) == (["tiny-filter"], 1)


def test_the_fault_of_a_filter_alone_is_raised(broken_filter: Path) -> None:
    with pytest.raises(WeightsError, match=r"^tiny-filter 1.2.3: adapter_model.safetensors has sha256"):
        distillery.load_filters([broken_filter], backend="torch")


def test_nothing_installed_is_told_with_the_remedy(install: Install) -> None:
    with pytest.raises(FilterNotFoundError, match='pip install "distillery-filter-uplifting"'):
        distillery.load_filters()


def test_no_names_are_no_default(install: Install, bert_filter: Path) -> None:
    install(bert_filter)

    with pytest.raises(FilterNotFoundError, match="There is no filter to load"):
        distillery.load_filters([])


def test_a_wrong_mode_is_no_fault_of_the_filters(folders: list[Path]) -> None:
    with pytest.raises(DistilleryError, match=r"^There is no mode 'wrong'. There are: full, hybrid$"):
        distillery.load_filters(folders[:2], mode="wrong")


@pytest.mark.parametrize("names", ["uplifting", Path("uplifting")])
def test_one_name_is_no_list_of_names(names: Any) -> None:
    with pytest.raises(DistilleryError, match="one alone goes to load_filter"):
        distillery.load_filters(names)


def test_two_filters_of_one_name_are_refused(bert_filter: Path, gemma_filter: Path) -> None:
    with pytest.raises(DuplicateFilterError, match="more than one of the filters is named tiny-filter"):
        distillery.load_filters([bert_filter, gemma_filter], backend="torch")


# On the command line


def test_the_command_writes_what_the_panel_says(panel: FilterPanel, folders: list[Path], articles_file: Path) -> None:
    filters = [argument for folder in folders for argument in ("--filter", folder)]

    result = score(articles_file, *filters)

    articles = json_records(articles_file.read_text())
    wanted = [{name: score.to_dict() for name, score in scores.items()} for scores in panel.score(articles)]
    assert [record["results"] for record in json_records(result.stdout)] == wanted
