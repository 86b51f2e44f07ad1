"""Token ids of an article: head and tail of a long text, special tokens around them.

Why: docs/decisions/head-and-tail-tokens.md
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from weakref import WeakValueDictionary

from tokenizers import Tokenizer

from ..config import PreprocessingConfig
from ..errors import ModelError
from .backends.forks import computing
from .base_models import sha256_of

# Characters of a long text that are tokenized per token that is read: real text has 3 to 6 a token. Where
# they do not suffice (long runs of spaces, say) the whole text is tokenized, so nothing is lost.
CHARACTERS_PER_TOKEN = 24


class HeadTailTokenizer:
    """Tokenizes texts, keeping the first and the last tokens of those that are too long."""

    def __init__(self, path: Path, preprocessing: PreprocessingConfig) -> None:
        """Read a ``tokenizer.json``; raise ModelError if it is not one."""
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelError(f"{path} cannot be read as a tokenizer: {error}") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._head = preprocessing.head_tokens
        self._tail = preprocessing.tail_tokens
        self._prefix, self._suffix = _special_tokens(self._tokenizer)

    @classmethod
    def shared(cls, path: Path, preprocessing: PreprocessingConfig) -> HeadTailTokenizer:
        """Return the tokenizer of these very settings that is in memory, else a new one."""
        key = f"{sha256_of(path)} {preprocessing.model_dump_json()}"
        tokenizer = _in_memory.get(key)
        if tokenizer is None:
            tokenizer = _in_memory[key] = cls(path, preprocessing)
        return tokenizer

    @property
    def max_length(self) -> int:
        """The most token ids an article can give, the special ones counted."""
        return len(self._prefix) + self._head + self._tail + len(self._suffix)

    @property
    def n_special(self) -> int:
        """How many special tokens an article gets."""
        return len(self._prefix) + len(self._suffix)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, at most `max_length`; the tail is never cut."""
        window = CHARACTERS_PER_TOKEN * max(self._head, self._tail)
        plain = [text for text in texts if len(text) <= 2 * window]
        encoded = iter(self._ids(plain))
        bodies = (next(encoded) if len(text) <= 2 * window else self._long_ids(text, window) for text in texts)
        return [[*self._prefix, *self._cut(ids), *self._suffix] for ids in bodies]

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        with computing():
            encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def _cut(self, ids: list[int]) -> list[int]:
        if len(ids) <= self._head + self._tail:
            return ids
        return ids[: self._head] + ids[len(ids) - self._tail :]

    def _long_ids(self, text: str, window: int) -> list[int]:
        """Tokenize both ends only, cut at spaces if there are any, so that 10 MB cost no more than a page."""
        head_text = text[:window].rpartition(" ")[0] or text[:window]
        tail_text = text[-window:].partition(" ")[2] or text[-window:]
        head, tail = self._ids([head_text, tail_text])
        # One more than needed: the token at the cut may differ from that of the whole text.
        if len(head) > self._head and len(tail) > self._tail:
            return head[: self._head] + tail[len(tail) - self._tail :]
        return self._ids([text])[0]


_in_memory: WeakValueDictionary[str, HeadTailTokenizer] = WeakValueDictionary()


def _special_tokens(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Return the ids that the tokenizer puts before and after a text."""
    encoding = tokenizer.encode("a", add_special_tokens=True)
    special, ids = encoding.special_tokens_mask, encoding.ids
    if 0 not in special:
        return [], []
    first, after_last = special.index(0), len(special) - special[::-1].index(0)
    return ids[:first], ids[after_last:]
