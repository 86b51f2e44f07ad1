"""HeadTailTokenizer: which token ids of an article the student reads."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from distillery.config import PreprocessingConfig
from distillery.errors import ModelError
from distillery.students.tokens import CHARACTERS_PER_TOKEN, HeadTailTokenizer

HEAD, TAIL = 8, 6
WINDOW = CHARACTERS_PER_TOKEN * max(HEAD, TAIL)

PIECES = [
    "village",
    "clinic,",
    "river-bank",
    "water:",
    "a",
    "of",
    "2024.",
    "Ünïcødé",
    "日本語",
    "مرحبا",
    "🎉",
    "e\u0301",
    "x" * 30,
]
GAPS = [" ", " ", " ", " ", "  ", "\n", "\n\n", "\t", " \n ", "\u00a0"]


@pytest.fixture(scope="module", params=["bert", "gemma"])
def path(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(f"{request.param}_base")
    return folder / "tokenizer.json"


@pytest.fixture(scope="module")
def tokenizer(path: Path) -> HeadTailTokenizer:
    return HeadTailTokenizer(path, PreprocessingConfig(head_tokens=HEAD, tail_tokens=TAIL))


@pytest.fixture(scope="module")
def plain(path: Path) -> Tokenizer:
    return Tokenizer.from_file(str(path))


def expected(plain: Tokenizer, text: str, head: int = HEAD, tail: int = TAIL) -> list[int]:
    """Tokenize the whole text, then cut its middle out, leaving the special tokens where they were."""
    ids: list[int] = plain.encode(text, add_special_tokens=False).ids
    around = plain.encode("", add_special_tokens=True).ids
    if len(ids) > head + tail:
        ids = ids[:head] + ids[len(ids) - tail :]
    return [around[0], *ids, *around[1:]]


def random_text(seed: int, n_words: int) -> str:
    chance = random.Random(seed)
    return "".join(chance.choice(PIECES) + chance.choice(GAPS) for _ in range(n_words))


@pytest.mark.parametrize("n_words", [0, 1, 2, 3, 5, 8, 13, 21, 34, 200])
def test_head_and_tail_of_the_whole_text(tokenizer: HeadTailTokenizer, plain: Tokenizer, n_words: int) -> None:
    text = "village clinic river " * n_words

    ids = tokenizer.encode([text])[0]

    assert ids == expected(plain, text)
    assert len(ids) <= tokenizer.max_length


@pytest.mark.parametrize(("name", "n_special"), [("bert", 2), ("gemma", 1)])
def test_special_tokens_count_and_stand_around(request: pytest.FixtureRequest, name: str, n_special: int) -> None:
    path = request.getfixturevalue(f"{name}_base") / "tokenizer.json"
    tokenizer = HeadTailTokenizer(path, PreprocessingConfig(head_tokens=HEAD, tail_tokens=TAIL))
    around = Tokenizer.from_file(str(path)).encode("").ids

    ids = tokenizer.encode(["village " * 300])[0]

    assert tokenizer.max_length == len(ids) == HEAD + TAIL + n_special
    assert [ids[0], *ids[len(ids) - n_special + 1 :]] == around


def test_tail_is_never_cut(tokenizer: HeadTailTokenizer, plain: Tokenizer) -> None:
    """A legacy layout of 256 + separator + 256 tokens was cut again at 512."""
    ending = plain.encode(" verified", add_special_tokens=False).ids

    ids = tokenizer.encode(["village " * 300 + "verified"])[0]
    body = ids[: len(ids) - tokenizer.max_length + 1 + HEAD + TAIL]

    assert body[-len(ending) :] == ending


def test_tail_may_be_nothing(path: Path, plain: Tokenizer) -> None:
    tokenizer = HeadTailTokenizer(path, PreprocessingConfig(head_tokens=HEAD, tail_tokens=0))

    for text in ("village clinic " * 8, "village clinic " * 80):
        assert tokenizer.encode([text])[0] == expected(plain, text, tail=0)


def test_batch_equals_one_by_one(tokenizer: HeadTailTokenizer) -> None:
    texts = [random_text(seed, n_words) for seed, n_words in enumerate([0, 500, 3, 40, 1, 120, 12])]

    assert tokenizer.encode(texts) == [tokenizer.encode([text])[0] for text in texts]


def test_no_texts_give_no_rows(tokenizer: HeadTailTokenizer) -> None:
    assert tokenizer.encode([]) == []


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t \u00a0", "\u200d"])
def test_a_text_of_almost_nothing_is_tokenized(tokenizer: HeadTailTokenizer, plain: Tokenizer, text: str) -> None:
    assert tokenizer.encode([text])[0] == expected(plain, text)


@pytest.mark.parametrize("seed", range(40))
def test_shortcut_equals_the_whole_text(tokenizer: HeadTailTokenizer, plain: Tokenizer, seed: int) -> None:
    """Of a long text only both ends are tokenized."""
    text = random_text(seed, 60 + 7 * seed)
    assert len(text) > 2 * WINDOW

    assert tokenizer.encode([text])[0] == expected(plain, text)


@given(data=st.data())
def test_shortcut_equals_the_whole_text_at_any_length(
    tokenizer: HeadTailTokenizer, plain: Tokenizer, data: st.DataObject
) -> None:
    words = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(GAPS)), min_size=1, max_size=150)
    text = "".join(word + gap for word, gap in data.draw(words))

    assert tokenizer.encode([text])[0] == expected(plain, text)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 5000,
        "日本語" * 2000,
        " " * 5000,
        "village" + " " * 5000 + "clinic",
        "village\n" * 1000,
        ("village" + " " * 40) * 60,
        ("a" + " " * 23) * 200,
        "x" * 3000 + " village " + "y" * 3000,
        "\u00a0".join(["village"] * 600),
    ],
    ids=[
        "no space",
        "no space, CJK",
        "only spaces",
        "a gap",
        "lines",
        "wide",
        "just too few",
        "ends without space",
        "nbsp",
    ],
)
def test_pathological_text_is_tokenized_as_a_whole(tokenizer: HeadTailTokenizer, plain: Tokenizer, text: str) -> None:
    assert tokenizer.encode([text])[0] == expected(plain, text)


def test_ten_megabytes_are_tokenized(tokenizer: HeadTailTokenizer, plain: Tokenizer) -> None:
    text = "village clinic river bank " * 400_000

    ids = tokenizer.encode([text])[0]

    assert ids == expected(plain, text[:2600])


def test_settings_in_the_file_do_not_cut_or_pad(bert_base: Path, tmp_path: Path) -> None:
    """sentence-transformers' tokenizer.json truncates at 128 tokens and pads."""
    plain = Tokenizer.from_file(str(bert_base / "tokenizer.json"))
    plain.enable_truncation(4)
    plain.enable_padding(length=64)
    plain.save(str(tmp_path / "tokenizer.json"))

    tokenizer = HeadTailTokenizer(tmp_path / "tokenizer.json", PreprocessingConfig(head_tokens=HEAD, tail_tokens=TAIL))

    assert [len(ids) for ids in tokenizer.encode(["village clinic river bank music", "a"])] == [7, 3]


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\x80\x81"])
def test_what_is_no_tokenizer_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ModelError, match=r"tokenizer.json cannot be read as a tokenizer"):
        HeadTailTokenizer(path, PreprocessingConfig())
