"""From oracle-labelled articles to one label file with splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distillery import Article, FilterConfig

from .labelled import articles_by_id
from .labels import SPLITS, Id, tiers_of
from .merging import MergedLabels, merge_labels, read_splits
from .near_duplicates import duplicate_groups, near_duplicates
from .splitting import Group, Item, assign_splits, grouped

Record = dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """The label records, each with its split, and a summary for JSON."""

    records: list[Record]
    summary: dict[str, Any]


def prepare(
    config: FilterConfig,
    articles: Path,
    labels: Sequence[Path],
    existing: Path | None,
    shares: Mapping[str, float],
    seed: int,
) -> Prepared:
    """Merge label files and give each article a split; raise InputFileError with the first faults.

    The splits are stratified by the filter's tiers and keep near-duplicates together. A split in ``existing`` or in a
    label file is kept; a new near-duplicate of such an article joins it, or is dropped if they are in two splits.
    """
    texts = articles_by_id(articles)
    merged = merge_labels(labels, texts, config.dimension_names)
    stated = read_splits(existing, texts) if existing else {}
    tiers = dict(zip(merged.records, tiers_of(list(merged.records.values()), config), strict=True))
    items = _items(merged, texts, stated, [tier.name for tier in config.tiers], tiers)
    placed = assign_splits(items, shares, seed)
    summary = {
        "filter": config.name,
        "version": config.version,
        "splits": _counts(placed, tiers, config),
        **_group_figures(grouped(items)),
        "kept_split": sum(item.split is not None for item in items),
        "replaced": merged.n_replaced,
        "existing_without_label": len(stated.keys() - merged.records.keys()),
        "dropped": _dropped(grouped(items), placed),
    }
    return Prepared([record | {"split": placed[key]} for key, record in merged.records.items() if placed[key]], summary)


def _items(
    merged: MergedLabels,
    texts: Mapping[Id, Record],
    stated: Mapping[Id, str],
    strata: Sequence[str],
    tiers: Mapping[Id, str],
) -> list[Item]:
    """Return the articles to split; the first stratum, the highest tier, is the rarest."""
    readable = [Article.from_dict(texts[key]).text for key in merged.records]
    groups = duplicate_groups(len(readable), near_duplicates(readable))
    return [
        Item(key, group, strata.index(tiers[key]), stated.get(key) or record.get("split"))
        for (key, record), group in zip(merged.records.items(), groups, strict=True)
    ]


def _counts(
    placed: Mapping[Id, str | None], tiers: Mapping[Id, str], config: FilterConfig
) -> dict[str, dict[str, int]]:
    """Return the number of articles by split and tier."""
    found = Counter((split, tiers[key]) for key, split in placed.items())
    return {split: {tier.name: found[split, tier.name] for tier in config.tiers} for split in SPLITS}


def _group_figures(groups: Sequence[Group]) -> dict[str, Any]:
    """Return how many groups of near-duplicates there are, and which are in several splits already."""
    several = [group for group in groups if len(group.items) > 1]
    return {
        "near_duplicate_groups": len(several),
        "near_duplicates": sum(len(group.items) for group in several),
        "in_several_splits": [
            {str(item.id): item.split for item in group.items if item.split}
            for group in several
            if len(group.splits) > 1
        ],
    }


def _dropped(groups: Sequence[Group], placed: Mapping[Id, str | None]) -> list[dict[str, Any]]:
    """Return the articles without a split, with the reason."""
    return [
        {"id": item.id, "reason": f"near-duplicate of articles in {' and '.join(sorted(group.splits))}"}
        for group in groups
        for item in group.items
        if placed[item.id] is None
    ]
