"""Golden scores: what a filter's release scored, kept to see that every installation agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .errors import InputFileError
from .io import read_records
from .scoring.scorer import FilterBaseScorer

GOLDEN_FILE = "golden.jsonl"

# Golden scores are torch float32; another backend is admitted within this of it, on the 0-10 scale.
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


def golden_faults(scorer: FilterBaseScorer, tolerance: float = TOLERANCE) -> list[str]:
    """Score the golden articles again; return one line for each dimension that is off."""
    faults = []
    records = read_golden(scorer.filter_dir)
    scores = scorer.score_batch([record["article"] for record in records], skip_prefilter=True)
    for record, score in zip(records, scores, strict=True):
        for name, expected in record["scores"].items():
            found = (score.scores or {}).get(name)
            if found is None or abs(found - expected) > tolerance:
                faults.append(f"{record['article'].get('id')}: {name} is {found}, the release scored {expected}")
    return faults
