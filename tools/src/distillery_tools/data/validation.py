"""Validation: every record of both files is checked, and every fault counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distillery import Article, ArticleError, FilterConfig
from distillery.io import read_records

from .findings import Findings
from .labelled import language_of
from .labels import SPLITS, Id, is_id, is_score
from .near_duplicates import near_duplicates
from .tiers import tiers_of

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}
SHARE_TOLERANCES = {"train": 0.05, "val": 0.03, "test": 0.03}
LEAST_DEVIATION = 0.1

Record = dict[str, Any]


@dataclass(frozen=True)
class Validation:
    """How many records were checked, and what was found."""

    n_articles: int
    n_labels: int
    findings: Findings


def validate(config: FilterConfig, articles: Path, labels: Path) -> Validation:
    """Check all articles and labels; only a line that is no JSON object raises InputFileError."""
    findings = Findings()
    texts = _unique(read_records(articles), "article", findings)
    records = _unique(read_records(labels), "label", findings)
    sound = {key: record for key, record in records.items() if _check_label(key, record, config, findings)}
    readable = _readable({key: texts.get(key) for key in records}, findings)
    _check_near_duplicates(readable, records, findings)
    _check_splits(sound, config, findings)
    _check_scores(sound, findings)
    return Validation(len(texts), len(records), findings)


def _unique(records: Any, what: str, findings: Findings) -> dict[Id, Record]:
    """Return the records by id, the first of each; note those without one and repeated ones."""
    found: dict[Id, Record] = {}
    for number, record in enumerate(records, start=1):
        key = record.get("id")
        if not is_id(key):
            findings.error(f"{what} without an id", f"record {number}")
        elif key in found:
            findings.error(f"{what} id given more than once", key)
        else:
            found[key] = record
    return found


def _check_label(key: Id, record: Record, config: FilterConfig, findings: Findings) -> bool:
    """Note what is wrong with a label record; return whether it is sound."""
    faults = _points_faults(record.get("scores"), config.dimension_names, "scores")
    if record.get("second_opinion") is not None:
        faults += _points_faults(record["second_opinion"], config.dimension_names, "second opinion")
    split = record.get("split")
    if split is None:
        faults.append(("label without a split", ""))
    elif split not in SPLITS:
        faults.append(("unknown split", f" ({split!r:.40})"))
    for kind, detail in faults:
        findings.error(kind, f"{key}{detail}")
    return not faults


def _points_faults(points: Any, dimensions: Sequence[str], what: str) -> list[tuple[str, str]]:
    """Return the kind and detail of each fault in what should be scores by dimension."""
    if not isinstance(points, dict):
        return [(f"{what}: missing", "")]
    absent = [(f"{what}: missing dimension", f" ({name})") for name in dimensions if name not in points]
    unknown = [(f"{what}: unknown dimension", f" ({name})") for name in points if name not in dimensions]
    wrong = [
        (f"{what}: not a number from 0 to 10", f" ({name}: {points[name]!r:.40})")
        for name in dimensions
        if name in points and not is_score(points[name])
    ]
    return absent + unknown + wrong


def _readable(texts: Mapping[Id, Record | None], findings: Findings) -> dict[Id, str]:
    """Return the texts of labelled articles; note those that are missing or cannot be read."""
    found: dict[Id, str] = {}
    for key, record in texts.items():
        if record is None:
            findings.error("label without an article", key)
            continue
        try:
            language_of(record)
            found[key] = Article.from_dict(record).text
        except ArticleError as error:
            findings.error(f"unreadable article: {_field_fault(error)}", key)
    return found


def _field_fault(error: ArticleError) -> str:
    """Return what is wrong without the value, so that like faults are counted together."""
    return str(error).partition(";")[0].partition(" (")[0]


def _check_near_duplicates(texts: Mapping[Id, str], records: Mapping[Id, Record], findings: Findings) -> None:
    """Note near-duplicates in different splits."""
    keys = list(texts)
    for pair in near_duplicates(list(texts.values())):
        first, second = keys[pair.first], keys[pair.second]
        splits = [records[key].get("split") for key in (first, second)]
        if splits[0] != splits[1]:
            findings.error(
                "near-duplicates in different splits",
                f"{first} ({splits[0]}) and {second} ({splits[1]}), {pair.shared:.0%} shared",
            )


def _check_splits(sound: Mapping[Id, Record], config: FilterConfig, findings: Findings) -> None:
    """Note splits that are empty, of another size than usual, or without a tier."""
    sizes = Counter(record["split"] for record in sound.values())
    found = set(
        zip((record["split"] for record in sound.values()), tiers_of(list(sound.values()), config), strict=True)
    )
    for split in SPLITS:
        if not sizes[split]:
            findings.error("split without an article", split)
            continue
        share = sizes[split] / sizes.total()
        if abs(share - SHARES[split]) > SHARE_TOLERANCES[split]:
            findings.warning("share of a split", f"{split}: {share:.1%}, usually {SHARES[split]:.0%}")
        for tier in config.tiers:
            if (split, tier.name) not in found:
                findings.warning("tier without an article in a split", f"{tier.name} in {split}")


def _check_scores(sound: Mapping[Id, Record], findings: Findings) -> None:
    """Note labels that are all zero, and scores that hardly differ."""
    for key, record in sound.items():
        if not any(record["scores"].values()):
            findings.warning("all scores are zero", key)
    scores = np.array([list(record["scores"].values()) for record in sound.values()], dtype=np.float64)
    if scores.size and scores.std() < LEAST_DEVIATION:
        findings.warning("all scores are nearly equal", f"standard deviation {scores.std():.3f}")
