"""The report of a comparison, for JSON: article ids only, never their text."""

from __future__ import annotations

from typing import Any

from .against_labels import AgainstLabels
from .flips import outcome_changes, tier_flips
from .golden import golden_moves
from .pairs import Pairs
from .results import Side
from .shifts import largest_move, mean_shift, shift_figures
from .speed import speed_ratio
from .version_rule import MIN_LABELLED, Evidence, Verdict, meaning_differences, verdict

Report = dict[str, Any]


def comparison_report(pairs: Pairs, labelled: AgainstLabels | None, rounds: int) -> Report:
    """Measure two versions and judge the version number; ``rounds`` of timing, 0 for none."""
    old, new = pairs.old, pairs.new
    flips, outcomes = tier_flips(pairs), outcome_changes(pairs)
    loaded = None if old.scorer is None or new.scorer is None else (old.scorer, new.scorer)
    golden = golden_moves(*loaded) if loaded else None
    return {
        "filter": new.filter,
        "old": old.to_dict(),
        "new": new.to_dict(),
        "n_articles": len(pairs.articles.by_key),
        "n_scored_by_both": len(pairs.scored),
        "shifts": shift_figures(pairs),
        "tier_flips": flips,
        "outcome_changes": outcomes,
        "labels": labelled.report() if labelled else None,
        "golden": golden,
        "speed": speed_ratio(*loaded, pairs.articles, rounds) if loaded and rounds else None,
        "verdict": _verdict(pairs, labelled, flips, len(outcomes), golden).to_dict(),
        "notes": _notes(pairs),
    }


def _verdict(
    pairs: Pairs, labelled: AgainstLabels | None, flips: Report, n_outcomes: int, golden: Report | None
) -> Verdict:
    moves = [largest_move(pairs)]
    if golden:
        moves.append((golden["largest_move"], golden["moved"]))
    largest, moved = max(moves)
    evidence = Evidence(
        meaning=_meaning(pairs.old, pairs.new),
        mean_shift=mean_shift(pairs),
        error_change=labelled.error_change if labelled and len(labelled) >= MIN_LABELLED else None,
        largest_move=largest,
        moved=moved,
        n_flips=sum(map(len, flips.values())),
        n_outcomes=n_outcomes,
    )
    return verdict(evidence, pairs.old.version, pairs.new.version)


def _meaning(old: Side, new: Side) -> list[str]:
    """Return how the meaning of scores differs; of a file of scores only the dimensions are known."""
    if old.config is not None and new.config is not None:
        return meaning_differences(old.config, new.config)
    return [] if set(old.dimensions) == set(new.dimensions) else ["other dimensions"]


def _notes(pairs: Pairs) -> list[str]:
    """Return what a reader has to know before believing the figures."""
    old, new = pairs.old, pairs.new
    notes = []
    if pairs.missing:
        notes.append(
            f"{len(pairs.missing)} of the articles have no result of both versions, such as {pairs.missing[0]}."
        )
    if pairs.articles.n_unreadable:
        notes.append(f"{pairs.articles.n_unreadable} lines of {pairs.articles.name} hold no article that can be read.")
    for side in (old, new):
        failed = {key: result.error for key, result in side.results.items() if result.error is not None}
        if failed:
            key = next(iter(failed))
            notes.append(f"{side.title} failed on {len(failed)} articles, such as {key}: {failed[key]}")
    for fact, remedy in (
        ("backend", "Scores of different backends differ by up to 0.1; score both with the same one."),
        ("core_version", "What moved may be the core's doing."),
        ("embedder", "One was scored in hybrid mode, the other was not, or with another embedder."),
    ):
        before, after = old.provenance.get(fact), new.provenance.get(fact)
        if before != after:
            notes.append(f"The {fact.replace('_', ' ')} differs: {before} and {after}.  {remedy}")
    if old.config is None or new.config is None:
        notes.append(
            "A file of scores does not tell weights, tiers and gatekeepers; changes of these were not looked for."
        )
    return notes
