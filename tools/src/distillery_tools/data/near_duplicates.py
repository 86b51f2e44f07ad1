"""Near-duplicates: the same story under other ids, found by shared word shingles."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SHINGLE_WORDS = 5

# Of the shorter text's shingles; of two texts of equal length this is a Jaccard similarity of 1/2. The same story
# with a new title, a few edits, a paragraph added or cut is above; boilerplate of one publisher is below.
SHARED = 2 / 3

# A shingle pairs each text only with the next few that contain it, so that a phrase in every text does not cost
# quadratic time. The count is therefore a lower bound; pairs from a third of SHARED up are compared in full.
NEIGHBOURS = 16
CANDIDATE_SHARED = SHARED / 3

# Scripts without spaces between words: a character counts as a word.
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")

Shingles = NDArray[np.uint64]
Indices = NDArray[np.int64]


class NearDuplicates(NamedTuple):
    """The indices of two texts, and the share of the shorter one's shingles that the other contains."""

    first: int
    second: int
    shared: float


def near_duplicates(texts: Sequence[str]) -> list[NearDuplicates]:
    """Return the pairs of texts that tell the same story in mostly the same words, in order.

    Time grows with the total length of the texts, apart from sorting. Of more than NEIGHBOURS copies of one text not
    every pair is found, but `duplicate_groups` still puts all of them into one group.
    """
    shingles = [shingles_of(text) for text in texts]
    candidates = _candidates(shingles)
    pairs = [NearDuplicates(a, b, shared_part(shingles[a], shingles[b])) for a, b in candidates]
    return [pair for pair in pairs if pair.shared >= SHARED]


def duplicate_groups(n_texts: int, pairs: Sequence[NearDuplicates]) -> list[int]:
    """Return the number of each text's group; a text without near-duplicates has its own group."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, columns = [pair.first for pair in pairs], [pair.second for pair in pairs]
    graph = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(n_texts, n_texts))
    groups: list[int] = connected_components(graph, directed=False)[1].tolist()
    return groups


def shingles_of(text: str) -> Shingles:
    """Return the sorted unique hashes of a text's runs of five words; a shorter text is one run."""
    words = np.array([_word_hash(word) for word in _WORD.findall(text.casefold())], dtype=np.uint64)
    if not len(words):
        return words
    words = np.pad(words, (0, max(0, SHINGLE_WORDS - len(words))))
    n_shingles = len(words) - SHINGLE_WORDS + 1
    # Odd factors, so that no bit of a word is lost modulo 2**64.
    factors = [_word_hash(f"place {place}") | 1 for place in range(SHINGLE_WORDS)]
    places = [words[place : place + n_shingles] * np.uint64(factor) for place, factor in enumerate(factors)]
    return np.unique(np.sum(places, axis=0, dtype=np.uint64))


def shared_part(first: Shingles, second: Shingles) -> float:
    """Return the share of the smaller set that is in the other."""
    return len(np.intersect1d(first, second, assume_unique=True)) / min(len(first), len(second))


def _candidates(shingles: Sequence[Shingles]) -> list[list[int]]:
    """Return the pairs of texts that may share enough, in order."""
    sizes = np.array([len(each) for each in shingles], dtype=np.int64)
    holders = np.repeat(np.arange(len(shingles)), sizes)
    every = np.concatenate([np.empty(0, np.uint64), *shingles])
    order = np.argsort(every, kind="stable")  # stable: the texts with one shingle stay in order
    keys, n_shared = _count_pairs(every[order], holders[order], len(shingles))
    pairs = np.stack([keys // len(shingles), keys % len(shingles)], axis=1) if len(keys) else keys.reshape(0, 2)
    enough = n_shared >= CANDIDATE_SHARED * sizes[pairs].min(axis=1)
    found: list[list[int]] = pairs[enough].tolist()
    return found


def _count_pairs(every: Shingles, holders: Indices, n_texts: int) -> tuple[Indices, Indices]:
    """Count the shingles that pairs of texts share, by the key ``first * n_texts + second``."""
    keys = []
    for step in range(1, NEIGHBOURS + 1):
        same = every[step:] == every[:-step]
        keys.append(holders[:-step][same] * n_texts + holders[step:][same])
    return np.unique(np.concatenate(keys), return_counts=True)


@cache
def _word_hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest())
