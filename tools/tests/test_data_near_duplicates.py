"""Near-duplicates: the same story is found however it was retold, and nothing else is."""

from __future__ import annotations

import random

import numpy as np
import pytest
from invented import FILLERS

from distillery_tools.data.near_duplicates import (
    NEIGHBOURS,
    duplicate_groups,
    near_duplicates,
    shared_part,
    shingles_of,
)


def story(seed: int, n_words: int = 120) -> list[str]:
    """Return words that no other seed has in this order."""
    chance = random.Random(seed)
    return [f"{chance.choice(FILLERS.split())}{chance.randint(0, 50)}" for _ in range(n_words)]


def found(*texts: list[str] | str) -> list[tuple[int, int]]:
    """Return the pairs among texts, given as words or whole."""
    joined = [text if isinstance(text, str) else " ".join(text) for text in texts]
    return [(pair.first, pair.second) for pair in near_duplicates(joined)]


def edited(words: list[str], n_edits: int) -> list[str]:
    """Return the words with some replaced, far from each other."""
    places = set(range(5, len(words), len(words) // n_edits)) if n_edits else set()
    return ["another" if place in places else word for place, word in enumerate(words)]


RETOLD = {
    "the same": story(1),
    "another title": ["Quite", "another", "title", *story(1)[8:]],
    "three edits": edited(story(1), 3),
    "the house's phrases": [*story(1), *story(99, 60)],
    "the first half": story(1)[:60],
    "the second half": story(1)[60:],
    "capitals and punctuation": [f"{word.upper()}," for word in story(1)],
}


@pytest.mark.parametrize("copy", RETOLD.values(), ids=RETOLD)
def test_a_copy_is_found_among_other_stories(copy: list[str]) -> None:
    """Wherever it stands."""
    assert found(story(2), story(1), story(3), copy, story(4)) == [(1, 3)]


DIFFERENT = {
    "another story": story(2),
    "twelve edits, so that little is left": edited(story(1), 24),
    "only the end is common": [*story(2, 90), *story(1)[-40:]],
    "the same words in another order": sorted(story(1)),
}


@pytest.mark.parametrize("other", DIFFERENT.values(), ids=DIFFERENT)
def test_what_is_no_copy_is_not_found(other: list[str]) -> None:
    """Common phrases make no common story."""
    assert found(story(1), other) == []


def test_phrases_in_every_text_make_no_duplicates() -> None:
    """A house signs all its articles with the same paragraph."""
    ending = story(99, 40)
    assert found(*([*story(number, 60), *ending] for number in range(60))) == []


def test_a_copy_is_found_beside_phrases_that_every_text_has() -> None:
    """Also if many other texts with these phrases stand between the two."""
    ending = story(99, 60)
    texts = [[*story(number, 80), *ending] for number in range(3 * NEIGHBOURS)]
    assert found(*texts, [*edited(story(0, 80), 2), *ending]) == [(0, 3 * NEIGHBOURS)]


def test_many_copies_are_one_group() -> None:
    """More than are compared with each other."""
    texts = [" ".join(story(1))] * (4 * NEIGHBOURS) + [" ".join(story(2))]
    groups = duplicate_groups(len(texts), near_duplicates(texts))
    assert len(set(groups[:-1])) == 1
    assert groups[-1] != groups[0]


def test_a_group_is_what_hangs_together() -> None:
    """The copy of a copy belongs to it."""
    first, last = story(1)[:80], story(1)[40:]
    groups = duplicate_groups(4, near_duplicates([" ".join(text) for text in (first, story(2), story(1), last)]))
    assert groups[0] == groups[2] == groups[3] != groups[1]


@pytest.mark.parametrize("texts", [[], ["one text alone"], ["", ""], ["!!!", "???"]])
def test_little_or_nothing_has_no_duplicates(texts: list[str]) -> None:
    """Texts without a word are not the same text."""
    assert found(*texts) == []
    assert len(set(duplicate_groups(len(texts), []))) == len(texts)


def test_short_texts_are_compared_whole() -> None:
    """Three equal words are a copy, two of three are not."""
    assert found("Rain in May", "rain in may!", "rain in June") == [(0, 1)]


def test_scripts_without_spaces_are_read_by_character() -> None:
    """Otherwise one changed character would make a whole sentence another word."""
    text = "".join(chr(code) for code in range(0x4E00, 0x4E14))
    assert len(shingles_of(text)) == len(text) - 4
    assert found(text + "\u3002\u7d9a\u304d", text) == [(0, 1)]


def test_shared_is_the_part_of_the_shorter_text() -> None:
    """Five of ten shingles, whichever comes first."""
    short, long = np.arange(10, dtype=np.uint64), np.arange(5, 100, dtype=np.uint64)
    assert shared_part(short, long) == shared_part(long, short) == 0.5


def test_the_same_texts_give_the_same_pairs_in_any_order() -> None:
    """Nothing is drawn by lot."""
    texts = [" ".join(words) for words in [*RETOLD.values(), story(2)]]
    pairs = {frozenset((texts[pair.first], texts[pair.second])) for pair in near_duplicates(texts)}
    assert pairs == {frozenset((texts[-1 - a], texts[-1 - b])) for a, b, _ in near_duplicates(texts[::-1])}
