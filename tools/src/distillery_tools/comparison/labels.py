"""The oracle's scores of the compared articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from distillery import InputFileError

from ..data.labels import identified_records, refuse, scores_fault
from .articles import ComparedArticles

TRAIN = "train"


@dataclass(frozen=True)
class OracleScores:
    """Scores by dimension of each labelled article, by its key; ``n_train`` training articles are left out."""

    by_key: dict[str, Mapping[str, float]]
    n_train: int

    @classmethod
    def read(cls, path: Path, articles: ComparedArticles, dimensions: Sequence[str]) -> OracleScores:
        """Read the labels of these articles.

        What a student learnt from says nothing of its errors, so training articles are left out. Raises
        InputFileError with the first faults, and if no label is left.
        """
        records = [one for one in identified_records(path) if str(one["id"]) in articles.by_key]
        faults = [f"{one['id']}: {fault}" for one in records if (fault := scores_fault(one, dimensions))]
        refuse(str(path), faults)
        held_out = [one for one in records if one.get("split") != TRAIN]
        if not held_out:
            raise InputFileError(f"{path} labels none of the articles of {articles.name}, training articles left out.")
        return cls({str(one["id"]): one["scores"] for one in held_out}, len(records) - len(held_out))


def keys_of_split(path: Path, split: str) -> set[str]:
    """Return the keys of the articles that a file of labels puts into a split."""
    return {str(one["id"]) for one in identified_records(path) if one.get("split") == split}
