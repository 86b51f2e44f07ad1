"""Validation: checks every record of both files and counts every fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distillery import Article, ArticleError, FilterConfig
from distillery.toolkit import read_records

from .findings import Findings
from .labelled import language_of
from .labels import SPLITS, Id, is_id, label_faults, split_faults, tiers_of, with_known_ids
from .near_duplicates import near_duplicates

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}
SHARE_TOLERANCES = {"train": 0.08, "val": 0.04, "test": 0.04}
MIN_DEVIATION = 0.1

Record = dict[str, Any]


@dataclass(frozen=True)
class Validation:
    """How many records were checked, and what is wrong with them."""

    n_articles: int
    n_labels: int
    findings: Findings


def validate(config: FilterConfig, articles: Path, labels: Path) -> Validation:
    """Check all articles and labels; only a line that is not a JSON object raises InputFileError."""
    findings = Findings()
    texts = _unique(read_records(articles), "article", findings)
    records = _unique(with_known_ids(read_records(labels), texts), "label", findings)
    valid = {key: record for key, record in records.items() if _check_label(key, record, config, findings)}
    readable = _readable({key: texts.get(key) for key in records}, findings)
    _check_near_duplicates(readable, records, findings)
    _check_splits(valid, config, findings)
    _check_scores(valid, findings)
    return Validation(len(texts), len(records), findings)


def _unique(records: Any, what: str, findings: Findings) -> dict[Id, Record]:
    """Return the records by id, the first of each; note missing and repeated ids."""
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
    """Note what is wrong with a label record; return whether it is valid."""
    faults = [*label_faults(record, config.dimension_names), *split_faults(record.get("split"))]
    for fault in faults:
        findings.error(fault.kind, f"{key} ({fault.detail})" if fault.detail else key)
    return not faults


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
    """Return what is wrong without the value, so that the same faults are counted together."""
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


def _check_splits(valid: Mapping[Id, Record], config: FilterConfig, findings: Findings) -> None:
    """Note splits that are empty, of an unusual size, or without an article of a tier."""
    sizes = Counter(record["split"] for record in valid.values())
    found = set(
        zip((record["split"] for record in valid.values()), tiers_of(list(valid.values()), config), strict=True)
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


def _check_scores(valid: Mapping[Id, Record], findings: Findings) -> None:
    """Note scores that are almost the same everywhere."""
    scores = np.array([list(record["scores"].values()) for record in valid.values()], dtype=np.float64)
    if scores.size and scores.std() < MIN_DEVIATION:
        findings.warning("all scores are nearly equal", f"standard deviation {scores.std():.3f}")
