"""Golden scores: what a filter's release scored, kept to see that every installation agrees."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import InputFileError
from .io import read_records
from .scoring.scorer import FilterBaseScorer

GOLDEN_FILE = "golden.jsonl"

# Golden scores are torch float32; another backend is accepted within this of it, on the 0-10 scale.
TOLERANCE = 0.1


def read_golden(folder: Path) -> list[dict[str, Any]]:
    """Return the golden records ``{article, scores, weighted_average, tier}``, none if there is no file."""
    path = folder / GOLDEN_FILE
    if not path.is_file():
        return []
    records = list(read_records(path))
    if strange := [record for record in records if not isinstance(record.get("article"), dict)]:
        raise InputFileError(f"{path}: each line needs an article, but one is {strange[0]!r:.80}.")
    return records


@dataclass(frozen=True)
class GoldenCheck:
    """How an installation scores the golden articles of its release.

    ``largest_difference`` is on the 0-10 scale, None if nothing could be compared. ``faults`` has one line for each
    dimension of an article that is further off than the tolerance.
    """

    n_articles: int
    largest_difference: float | None
    faults: list[str]


def check_golden(scorer: FilterBaseScorer, tolerance: float = TOLERANCE) -> GoldenCheck:
    """Score the golden articles and compare with what the release scored."""
    records = read_golden(scorer.filter_dir)
    scores = scorer.score_batch([record["article"] for record in records], prefilter=False)
    faults, differences = [], []
    for record, score in zip(records, scores, strict=True):
        for name, expected in record["scores"].items():
            found = (score.scores or {}).get(name)
            differences += [] if found is None else [abs(found - expected)]
            if found is None or abs(found - expected) > tolerance:
                faults.append(f"{record['article'].get('id')}: {name} is {found}, the release scored {expected}")
    return GoldenCheck(len(records), max(differences, default=None), faults)


def golden_faults(scorer: FilterBaseScorer, tolerance: float = TOLERANCE) -> list[str]:
    """Score the golden articles; return one line for each dimension that is off."""
    return check_golden(scorer, tolerance).faults
