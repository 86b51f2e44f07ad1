"""Large and hostile texts: they have a finite score, in time that grows with their length."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path

import pytest
from commands import OK, article, as_line, json_records, score

from distillery.scoring.article import Article
from distillery.scoring.prefilter import words_of
from distillery.scoring.scorer import FilterBaseScorer


@pytest.mark.parametrize("field", ["title", "content"])
@pytest.mark.parametrize("unit", ["village clinic\n", "a\u0000<b>", "記事 "], ids=["words", "markup", "Japanese"])
def test_ten_megabytes_have_a_finite_score(bert_scorer: FilterBaseScorer, field: str, unit: str) -> None:
    text = unit * (10 * 2**20 // len(unit.encode()))

    (result,) = bert_scorer.score_batch([article(**{field: text})])

    assert result.error is None
    assert result.weighted_average is not None
    assert 0.0 <= result.weighted_average <= 10.0


def test_ten_megabytes_in_a_file_are_scored_beside_the_rest(tmp_path: Path, bert_filter: Path) -> None:
    path = tmp_path / "articles.jsonl"
    large = article(id="large", content="shared water " * 800_000)
    path.write_bytes(b"\n".join(as_line(data) for data in (article(id=1), large, article(id=2))))

    result = score(path, "--filter", bert_filter, "--quiet")

    assert result.exit_code == OK
    assert [record["id"] for record in json_records(result.stdout)] == [1, "large", 2]


@pytest.mark.parametrize(
    "unit",
    ["<", "<a ", "<!--", "<script>", "</script>", "&", "&#x41;", "\n ", "a\u0301", "\u0301\u0316", "\ud800", "a."],
    ids=ascii,
)
def test_time_is_in_proportion_to_hostile_text(unit: str) -> None:
    """Four times the text takes about four times as long, not sixteen."""
    short, long = (seconds_to_read(unit * (n // len(unit))) for n in (8_000, 32_000))

    assert long < 9 * short + 0.005


def seconds_to_read(text: str) -> float:
    """Return the least processor time that cleaning a text and reading its words took."""
    times = []
    for _ in range(3):
        start = time.thread_time()
        readable = Article.from_dict({"title": "a", "content": f"a {text}"})
        words_of(readable.content)
        times.append(time.thread_time() - start)
    return min(times)


def test_hostile_text_is_left_normalised() -> None:
    """What bounds the time of long runs of marks may not change texts that people write."""
    text = "Cafe\u0301 Å Việt Nam हिन्दी שָׁלוֹם مُحَمَّد 각 " + "e\u0301\u0327 " * 20

    assert Article.from_dict({"title": "a", "content": text}).content == unicodedata.normalize("NFC", text).strip()
