from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import WORDS

from distillery import Article
from distillery.toolkit import HeadTailTokenizer, PreprocessingConfig
from distillery_tools.oracle import compress
from distillery_tools.oracle.prompt.compression import HEAD_WORDS, MARKER, SENTENCE_REACH, TAIL_WORDS

SHARED = Path(__file__).parents[3] / "shared" / "data"
# What the students of this repository read: the shared encoder, and the longest that a config gives by itself.
READINGS = [(171, 83), (256, 254)]

SENTENCES = {
    "en": 'The town planted {} trees along the river, said Dr. Ada Moss. "Shade for all!" she added... ',
    "de": "Die Gemeinde pflanzte {} Bäume (etwa 4,5 pro Straße); das kostete 3.200 €! ",
    "pl": "Gmina posadziła {} drzew wzdłuż rzeki — powiedziała „Gazecie” pani Nowak. ",
    "zh": "市政府在河边种了{}棵树、居民们对此表示欢迎。",
    "ja": "町は川沿いに{}本の木を植えた。「日陰ができた」と住民は話す。",
    "th": "เทศบาลเมืองได้ปลูกต้นไม้{}ต้นริมแม่น้ำเพื่อให้ร่มเงาแก่ประชาชน ",
    "ko": "시는 강변에 나무 {}그루를 심었다고 발표했다. ",
    "ar": "زرعت البلدية {} شجرة على ضفة النهر؟ نعم. ",
}


def long_text(language: str, n_sentences: int = 400) -> str:
    chance = random.Random(language)
    ends = ["", "", "", "\n\n"]
    return "".join(
        SENTENCES[language].format(chance.randint(2, 9999)) + chance.choice(ends) for _ in range(n_sentences)
    )


def words_of(seed: int, vocabulary: list[str]) -> str:
    chance = random.Random(seed)
    return " ".join(chance.choices(vocabulary, k=chance.randint(900, 1500)))


def n_words(text: str) -> int:
    return len(text.split())


@given(st.integers(0, HEAD_WORDS + TAIL_WORDS))
def test_a_short_text_stays_as_it_is(size: int) -> None:
    text = "word " * size

    assert compress(text) == text


@given(st.integers(0))
def test_about_eight_hundred_words_of_both_ends_are_kept(seed: int) -> None:
    text = words_of(seed, [*WORDS, "end.", "why?", 'so."', "x" * 18])

    head, tail = compress(text).split(f"\n\n{MARKER}\n\n")

    assert text.startswith(head)
    assert text.endswith(tail)
    assert HEAD_WORDS <= n_words(head) <= HEAD_WORDS + SENTENCE_REACH
    assert TAIL_WORDS <= n_words(tail) <= TAIL_WORDS + SENTENCE_REACH


def test_the_cuts_fall_between_sentences() -> None:
    text = " ".join(f'Sentence {number} has "seven words".' for number in range(500))

    head, tail = compress(text).split(f"\n\n{MARKER}\n\n")

    assert head.endswith('"seven words".')
    assert tail.startswith("Sentence ")


def test_without_sentences_the_cuts_fall_between_words() -> None:
    text = " ".join(f"word{number}" for number in range(2000))

    head, tail = compress(text).split(f"\n\n{MARKER}\n\n")

    assert (n_words(head), n_words(tail)) == (HEAD_WORDS, TAIL_WORDS)


@pytest.mark.parametrize(("language", "characters"), [("zh", 1700), ("ja", 1700), ("th", 5200)])
def test_scripts_without_spaces_are_counted_by_their_characters(language: str, characters: int) -> None:
    text = long_text(language).replace("\n", "").replace(" ", "")

    compressed = compress(text)

    assert MARKER in compressed
    assert characters * 0.85 < len(compressed) < characters


def test_a_run_longer_than_any_word_is_no_single_word() -> None:
    assert len(compress("x" * 1_000_000)) < 20_000


@settings(max_examples=20)
@given(seed=st.integers(0))
def test_a_student_reads_the_same_with_and_without(bert_base: Path, seed: int) -> None:
    """Every word is one token here, the fewest there can be."""
    text = words_of(seed, [*WORDS, "river.", '"city"', "day,"])

    assert_read_the_same(students_with(bert_base / "tokenizer.json"), [text])


def test_of_real_articles(multilingual: list[HeadTailTokenizer]) -> None:
    path = SHARED / "articles.jsonl"
    if not path.exists():
        pytest.skip("the real articles of shared/data are not here")
    lines = path.read_text(encoding="utf-8").splitlines()[::20]
    contents = [Article.from_dict(json.loads(line)).content for line in lines]
    long = [content for content in contents if MARKER in compress(content)]

    assert len(long) > 20
    assert_read_the_same(multilingual, [*long, "\n\n".join(contents)])


def test_of_every_language_with_a_real_tokenizer(multilingual: list[HeadTailTokenizer]) -> None:
    assert_read_the_same(multilingual, [long_text(language) for language in SENTENCES])


@pytest.fixture(scope="module")
def multilingual() -> list[HeadTailTokenizer]:
    """Students on multilingual-e5-small, which the shared encoder is made of."""
    base = pytest.importorskip("distillery_base_e5_small", reason="the base model is not installed")
    return students_with(base.model_folder() / "tokenizer.json")


@cache
def students_with(tokenizer: Path) -> list[HeadTailTokenizer]:
    return [
        HeadTailTokenizer(tokenizer, PreprocessingConfig(head_tokens=head, tail_tokens=tail)) for head, tail in READINGS
    ]


def assert_read_the_same(students: list[HeadTailTokenizer], contents: list[str]) -> None:
    for student in students:
        whole = student.encode([Article("A title", content).text for content in contents])
        seen = student.encode([Article("A title", compress(content)).text for content in contents])
        assert [ids for ids, other in zip(whole, seen, strict=True) if ids != other] == []
