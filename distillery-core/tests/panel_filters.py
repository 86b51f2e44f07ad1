"""What the tests of panels share: filters that share an encoder, and a backend that counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tiny_encoder import random_head, write_encoder, write_sharing_filter, write_whole_filter

from distillery.scoring.score import Score
from distillery.students.backends.contract import Backend, Ids, Outputs

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


def write_panel_filters(root: Path, bert_base: Path, write_adapter: Callable[..., Path]) -> list[Path]:
    """Write three filters on one encoder, whose rules differ, and one with its own adapter on the same base."""
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


def distance(found: Score, expected: Score) -> float:
    """Return how far two scores are apart; all else must be equal."""
    assert replace(found, scores=None, raw_scores=None, weighted_average=None) == replace(
        expected, scores=None, raw_scores=None, weighted_average=None
    )
    if found.raw_scores is None or expected.raw_scores is None:
        assert found.raw_scores is expected.raw_scores
        return 0.0
    assert list(found.raw_scores) == list(expected.raw_scores)
    pairs = zip(found.raw_scores.values(), expected.raw_scores.values(), strict=True)
    return max(abs(one - other) for one, other in pairs)
