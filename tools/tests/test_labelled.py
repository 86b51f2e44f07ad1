"""Labelled articles: joined by id, in the order of the config, every fault found and none guessed over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from invented import DIMENSIONS, Data

from distillery import Article, FilterConfig, InputFileError
from distillery_tools.data.labelled import Background, LabelledData, Split
from distillery_tools.data.labels import MAX_FAULTS_SHOWN

Record = dict[str, Any]
Change = Callable[[Record], Any]


def load(data: Data, config: FilterConfig) -> LabelledData:
    """Write and read both files."""
    data.write()
    return LabelledData.load(data.articles_file, data.labels_file, config)


def refusal(data: Data, config: FilterConfig) -> str:
    """Return the message with which the files are refused."""
    with pytest.raises(InputFileError) as refused:
        load(data, config)
    return str(refused.value)


def insert(data: Data, which: str, line: str) -> Path:
    """Put a line behind the first two and a blank one; return the file's path."""
    path: Path = getattr(data, which)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:2], "", line, *lines[2:]]), encoding="utf-8")
    return path


def test_each_label_finds_its_article_in_its_split(data: Data, config: FilterConfig) -> None:
    """The files are in different orders; the labels' order is kept."""
    found = load(data, config)

    expected = {name: [label for label in data.labels if label["split"] == name] for name in ("train", "val", "test")}
    by_id = {article["id"]: article for article in data.articles}
    assert {name: len(split.articles) for name, split in found.splits.items()} == {"train": 12, "val": 4, "test": 4}
    for name, labels in expected.items():
        split = found.splits[name]
        assert [article.id for article in split.articles] == [label["id"] for label in labels]
        assert [article.content for article in split.articles] == [by_id[label["id"]]["content"] for label in labels]
        assert split.scores.dtype == np.float64


def test_columns_follow_the_config_and_not_the_file(data: Data, config: FilterConfig) -> None:
    """Label files name the dimensions in any order."""
    assert {tuple(label["scores"]) for label in data.labels} != {DIMENSIONS}

    found = load(data, config).splits["train"]

    expected = [[label["scores"][name] for name in DIMENSIONS] for label in data.labels if label["split"] == "train"]
    assert found.scores.tolist() == expected


def test_articles_without_a_label_are_left_out(data: Data, config: FilterConfig) -> None:
    """One file of articles serves many filters."""
    data.articles.append({"id": "unlabelled", "title": "", "content": None})

    found = load(data, config)

    ids = [article.id for split in found.splits.values() for article in split.articles]
    assert len(ids) == len(data.labels) == 20
    assert "unlabelled" not in ids


def test_texts_are_what_the_student_reads(data: Data, config: FilterConfig) -> None:
    """Cleaned as in scoring: markup gone, title and content together."""
    data.articles[:] = [{**article, "title": "Old <b>school</b> &amp; road"} for article in data.articles]

    split = load(data, config).splits["val"]

    assert split.texts == [article.text for article in split.articles]
    assert all(text.startswith("Old school & road\n\n") for text in split.texts)


@pytest.mark.parametrize("score", [0, 10, 0.0, 10.0, 4.25])
def test_the_whole_scale_is_valid(data: Data, config: FilterConfig, score: float) -> None:
    """Both ends belong to it, whole numbers too."""
    data.labels[0]["scores"]["tested"] = score
    assert load(data, config).splits["train"].scores[0].tolist()[2] == score


@pytest.mark.parametrize("number", ["7", 7])
def test_ids_are_text_or_whole_numbers(data: Data, config: FilterConfig, number: Any) -> None:
    """They match as they are."""
    next(article for article in data.articles if article["id"] == "a0")["id"] = number
    data.labels[0]["id"] = number
    assert load(data, config).splits["train"].articles[0].id == number


def test_a_number_and_its_digits_are_the_same_id(data: Data, config: FilterConfig) -> None:
    """A table turns one into the other."""
    expected = len(data.labels)
    next(article for article in data.articles if article["id"] == "a0")["id"] = 7
    next(label for label in data.labels if label["id"] == "a0")["id"] = "7"

    found = load(data, config)

    assert sum(len(split.articles) for split in found.splits.values()) == expected


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85"])
def test_only_line_feeds_end_a_line(data: Data, config: FilterConfig, character: str) -> None:
    """Other characters that Python's splitlines takes for line ends may stand inside a JSON string."""
    data.write()
    article = {**data.articles[0], "content": f"trees{character}and flowers"}
    lines = [json.dumps(record, ensure_ascii=False) for record in [article, *data.articles[1:]]]
    data.articles_file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    found = LabelledData.load(data.articles_file, data.labels_file, config)

    assert sum(len(split.articles) for split in found.splits.values()) == len(data.labels)


def test_blank_lines_and_carriage_returns_are_no_fault(data: Data, config: FilterConfig) -> None:
    """Files come from many hands."""
    expected = load(data, config)
    for path in (data.articles_file, data.labels_file):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n\r\n"))

    found = LabelledData.load(data.articles_file, data.labels_file, config)

    assert {name: split.texts for name, split in found.splits.items()} == {
        name: split.texts for name, split in expected.splits.items()
    }


def test_sha256_is_that_of_both_files(data: Data, config: FilterConfig) -> None:
    """The record of a run names exactly the data it saw."""
    first = load(data, config).sha256
    both = data.articles_file.read_bytes() + data.labels_file.read_bytes()
    assert first == hashlib.sha256(both).hexdigest()

    data.labels[0]["scores"]["green"] = 9.5
    assert load(data, config).sha256 != first


@pytest.mark.parametrize(("limit", "expected"), [(2, 2), (99, 3), (None, 3)])
def test_head_keeps_articles_and_scores_together(limit: int | None, expected: int) -> None:
    """The first articles, or all."""
    articles = [Article(title="Report", content=f"{number} trees") for number in range(3)]
    scores = np.arange(9.0).reshape(3, 3)
    backgrounds = [Background("en"), Background(), Background("nl")]
    split = Split(articles, scores, scores + 1, scores + 2, backgrounds).head(limit)
    assert split.articles == articles[:expected]
    assert split.scores.tolist() == scores[:expected].tolist()
    assert split.second_opinions.tolist() == (scores[:expected] + 1).tolist()
    assert split.further_opinions.tolist() == (scores[:expected] + 2).tolist()
    assert split.languages == ["en", "", "nl"][:expected]


def test_second_opinions_stand_beside_the_scores_and_are_nan_where_there_is_none(
    data: Data, config: FilterConfig
) -> None:
    """In the order of the config, like the scores."""
    data.labels[0]["second_opinion"] = {"tested": 1, "green": 2.5, "shared": 3}

    second = load(data, config).splits["train"].second_opinions

    assert second.shape == (12, 3)
    assert second.dtype == np.float64
    assert second[0].tolist() == [2.5, 3, 1]
    assert np.isnan(second[1:]).all()


def test_the_mean_is_over_all_readings_that_there_are(data: Data, config: FilterConfig) -> None:
    """One, two or three of them; further opinions do not count as second ones."""
    for label in data.labels[:3]:
        label["scores"] = {"green": 3, "shared": 4, "tested": 5}
    data.labels[1]["further_opinion"] = {"tested": 1, "green": 2, "shared": 3}
    data.labels[2]["further_opinion"] = {"tested": 1, "green": 2, "shared": 3}
    data.labels[2]["second_opinion"] = {"tested": 0, "green": 1, "shared": 2}

    train = load(data, config).splits["train"]

    assert train.mean_scores[:3].tolist() == [[3, 4, 5], [2.5, 3.5, 3], [2, 3, 2]]
    assert np.array_equal(train.mean_scores[3:], train.scores[3:])
    assert np.isnan(train.second_opinions[1]).all()


@pytest.mark.parametrize("opinion", ["second_opinion", "further_opinion"])
def test_a_broken_opinion_is_a_fault(data: Data, config: FilterConfig, opinion: str) -> None:
    """Each is checked like the scores."""
    data.labels[0][opinion] = {"tested": 1, "green": 2.5}
    assert f"a0: {opinion.replace('_', ' ')}: missing dimension (shared)" in refusal(data, config)


def test_why_an_article_was_chosen_is_kept(data: Data, config: FilterConfig) -> None:
    """Figures by group need it."""
    by_id = {article["id"]: article for article in data.articles}
    by_id["a0"] |= {"origin": "fields", "sampling": "topic_green"}
    first, second = load(data, config).splits["train"].backgrounds[:2]
    assert (first.origin, first.sampling) == ("fields", "topic_green")
    assert (second.origin, second.sampling) == ("", "")


class TestExtra:
    """More training articles, in folders of their own."""

    @pytest.fixture
    def extra(self, tmp_path: Path) -> Data:
        """Two invented articles."""
        articles = [{"id": f"invented-{n}", "title": "Trees", "content": f"{n} trees planted"} for n in range(2)]
        scores = dict.fromkeys(DIMENSIONS, 8)
        labels = [{"id": article["id"], "split": "train", "scores": scores} for article in articles]
        return Data(tmp_path / "extra", articles, labels)

    def test_they_train_and_nothing_else(self, data: Data, extra: Data, config: FilterConfig) -> None:
        """The sha256 covers them; validation and test are as they were."""
        plain = load(data, config)
        extra.write()
        found = plain.with_extra(extra.folder, config)
        assert [article.id for article in found.splits["train"].articles[-2:]] == ["invented-0", "invented-1"]
        assert found.splits["train"].scores.shape == (14, 3)
        assert np.isnan(found.splits["train"].second_opinions[-2:]).all()
        assert (found.splits["val"], found.splits["test"]) == (plain.splits["val"], plain.splits["test"])
        assert found.sha256 != plain.sha256
        extra.labels[0]["scores"]["green"] = 9
        extra.write()
        assert plain.with_extra(extra.folder, config).sha256 != found.sha256

    def test_a_filter_without_labels_there_gets_none(self, data: Data, extra: Data, config: FilterConfig) -> None:
        """Its data are unchanged, the sha256 included."""
        plain = load(data, config)
        extra.write()
        extra.labels_file.rename(extra.labels_file.with_name("lawn.jsonl"))
        assert plain.with_extra(extra.folder, config) is plain

    @pytest.mark.parametrize("split", ["val", "test"])
    def test_they_never_validate_or_test(self, data: Data, extra: Data, config: FilterConfig, split: str) -> None:
        """Figures are of real articles only."""
        plain = load(data, config)
        extra.labels[1]["split"] = split
        extra.write()
        with pytest.raises(InputFileError, match=f"invented-1: is in '{split}', but extra articles may only train"):
            plain.with_extra(extra.folder, config)

    def test_an_article_is_labelled_once(self, data: Data, extra: Data, config: FilterConfig) -> None:
        """Not in the data and again in the folder."""
        plain = load(data, config)
        extra.articles[0]["id"] = extra.labels[0]["id"] = "a4"
        extra.write()
        with pytest.raises(InputFileError, match="a4: is labelled in the data already"):
            plain.with_extra(extra.folder, config)


def test_languages_are_the_articles_own(data: Data, config: FilterConfig) -> None:
    """An article that says nothing of its language has an empty one."""
    by_id = {article["id"]: article for article in data.articles}
    by_id["a0"]["language"] = "nl"
    by_id["a1"]["language"] = None

    assert load(data, config).splits["train"].languages[:3] == ["nl", "", ""]


def test_a_language_that_is_no_text_is_refused(data: Data, config: FilterConfig) -> None:
    """Figures per language would be wrong."""
    data.articles[0]["language"] = 7
    assert f"{data.articles[0]['id']}: 'language' must be text or null, not int" in refusal(data, config)


@pytest.mark.parametrize("second", [{"green": 1}, [], {"green": 1, "shared": 11, "tested": 0}])
def test_a_faulty_second_opinion_is_refused(data: Data, config: FilterConfig, second: Any) -> None:
    """It is a label like the first."""
    data.labels[3]["second_opinion"] = second
    message = refusal(data, config)
    assert "a3: " in message
    assert "second opinion" in message or "not a number from 0 to 10" in message


NOT_SCORES = {
    "nan": float("nan"),
    "infinity": float("inf"),
    "below": -0.1,
    "above": 10.01,
    "percent": 85,
    "bool": True,
    "text": "7",
    "null": None,
    "list": [7],
    "astronomic": 10**400,
}


@pytest.mark.parametrize("score", NOT_SCORES.values(), ids=NOT_SCORES)
def test_what_is_no_score_is_refused(data: Data, config: FilterConfig, score: Any) -> None:
    """The message names the article and the dimension."""
    data.labels[4]["scores"]["shared"] = score
    message = refusal(data, config)
    assert str(data.labels_file) in message
    assert "a4: scores: not a number from 0 to 10" in message
    assert "shared" in message


LABEL_FAULTS: dict[str, tuple[Change, str]] = {
    "missing dimension": (lambda label: label["scores"].pop("tested"), "a3: scores: missing dimension (tested)"),
    "unknown dimension": (lambda label: label["scores"].update(blue=3), "scores: unknown dimension (blue)"),
    "no scores": (lambda label: label.pop("scores"), "a3: scores: missing"),
    "null scores": (lambda label: label.update(scores=None), "a3: scores: missing"),
    "list of scores": (lambda label: label.update(scores=[1, 2, 3]), "a3: scores: missing"),
    "empty scores": (
        lambda label: label.update(scores={}),
        "scores: missing dimension (green); scores: missing dimension (shared)",
    ),
    "another split": (lambda label: label.update(split="dev"), "a3: unknown split ('dev')"),
    "no split": (lambda label: label.pop("split"), "a3: label without a split"),
    "list of splits": (lambda label: label.update(split=["val"]), "a3: unknown split (['val'])"),
    "no article": (lambda label: label.update(id="b3"), "b3: there is no article with this id"),
    "labelled twice": (lambda label: label.update(id="a0"), "a0: labelled more than once"),
}


@pytest.mark.parametrize(("change", "says"), LABEL_FAULTS.values(), ids=LABEL_FAULTS)
def test_a_faulty_label_is_refused(data: Data, config: FilterConfig, change: Change, says: str) -> None:
    """A dimension that is missing, above all, is never a 0."""
    change(data.labels[3])
    message = refusal(data, config)
    assert f"{data.labels_file} has 1 fault(s):" in message
    assert says in message


ARTICLE_FAULTS: dict[str, Change] = {
    "no title": lambda article: article.pop("title"),
    "no content": lambda article: article.pop("content"),
    "empty content": lambda article: article.update(content="<p> </p>"),
    "content a number": lambda article: article.update(content=7),
}


@pytest.mark.parametrize("change", ARTICLE_FAULTS.values(), ids=ARTICLE_FAULTS)
def test_an_unreadable_article_is_refused(data: Data, config: FilterConfig, change: Change) -> None:
    """The message names the article and the field."""
    change(next(article for article in data.articles if article["id"] == "a5"))
    message = refusal(data, config)
    assert "a5: '" in message
    assert "title" in message or "content" in message


def test_an_article_that_stands_twice_is_refused(data: Data, config: FilterConfig) -> None:
    """Which of the two texts was labelled, nobody knows."""
    data.articles.append({**data.articles[0], "content": "Another text of the same id."})
    assert data.articles[0]["id"] in refusal(data, config)


@pytest.mark.parametrize("n_faults", [1, 10, 11, 20])
def test_ten_faults_are_shown_and_all_are_counted(data: Data, config: FilterConfig, n_faults: int) -> None:
    """One run shows what to repair, and a broken file does not fill the screen."""
    for label in data.labels[:n_faults]:
        label["scores"]["green"] = -1
    first, *shown = refusal(data, config).splitlines()
    assert first == f"{data.labels_file} has {n_faults} fault(s):"
    assert len(shown) == min(n_faults, MAX_FAULTS_SHOWN)
    assert [line.split(":")[0].strip() for line in shown] == [f"a{number}" for number in range(len(shown))]


@pytest.mark.parametrize("empty", ["train", "val", "test"])
def test_a_split_without_articles_is_refused(data: Data, config: FilterConfig, empty: str) -> None:
    """Each of the three has its use."""
    data.labels[:] = [label for label in data.labels if label["split"] != empty]
    assert refusal(data, config) == f"{data.labels_file} has no article in split {empty}."


def test_an_empty_file_of_labels_is_refused(data: Data, config: FilterConfig) -> None:
    """All three splits are named."""
    data.labels.clear()
    assert "train and val and test" in refusal(data, config)


@pytest.mark.parametrize("line", ['{"id": "a9", ', "not json", '["a9"]', '"a9"', "null"])
@pytest.mark.parametrize("which", ["articles_file", "labels_file"])
def test_a_broken_line_is_named_by_its_number(data: Data, config: FilterConfig, which: str, line: str) -> None:
    """In either file; blank lines count."""
    path = insert(data, which, line)
    with pytest.raises(InputFileError, match=r"line 4\b") as refused:
        LabelledData.load(data.articles_file, data.labels_file, config)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("line", ["{}", '{"id": null}', '{"id": 1.5}', '{"id": ["a9"]}'])
@pytest.mark.parametrize("which", ["articles_file", "labels_file"])
def test_a_line_without_an_id_is_refused(data: Data, config: FilterConfig, which: str, line: str) -> None:
    """In either file: nothing can be joined without."""
    path = insert(data, which, line)
    with pytest.raises(InputFileError, match=r"\bid\b") as refused:
        LabelledData.load(data.articles_file, data.labels_file, config)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("which", ["articles_file", "labels_file"])
@pytest.mark.parametrize("state", ["missing", "folder", "not utf-8"])
def test_a_file_that_cannot_be_read_is_named(data: Data, config: FilterConfig, which: str, state: str) -> None:
    """As an input file's error, never as a bare one."""
    path: Path = getattr(data, which)
    path.unlink()
    if state == "folder":
        path.mkdir()
    elif state == "not utf-8":
        path.write_bytes(b'{"id": "a\xff"}\n')

    with pytest.raises(InputFileError, match=r"cannot be read|not UTF-8") as refused:
        LabelledData.load(data.articles_file, data.labels_file, config)

    assert str(path) in str(refused.value)
