"""An evaluation report as tables."""

from __future__ import annotations

from typing import Any

from distillery.toolkit import AVERAGE

from ..measuring.tables import (
    GAP_CLOSED,
    MAE_OF_AVERAGE,
    OVERLAP_AT_20,
    R_PRECISION,
    UNDEFINED,
    Table,
    figure_cell,
    share_cell,
)
from .details import BANDS
from .sampling import MEANING
from .textbook import textbook_tables

TOP_TENTH = "top tenth"
NO_FIGURE: dict[str, float | None] = {"value": None, "low": None, "high": None}

AGREEMENT_COLUMNS = {
    "weighted_average_mae": MAE_OF_AVERAGE,
    "gap_closed": GAP_CLOSED,
    "spearman": "rank correlation",
    "kappa": "kappa",
    "weighted_average_rmse": "RMSE",
    "on_topic_mae": "MAE on topic",
    "on_topic_spearman": "rank correlation on topic",
    "off_topic_mae": "MAE off topic",
}
RETRIEVAL_COLUMNS = {
    "recall": "recall",
    "precision": "precision",
    "f1": "F1",
    "r_precision": R_PRECISION,
    "overlap_at_20": OVERLAP_AT_20,
    "average_precision": "average precision",
    "ndcg": "nDCG",
}
OPERATING_POINT_COLUMNS = ["operating point", "from", "found", "precision", "recall", "F1", "F1 on validation"]
DIMENSION_COLUMNS = {
    "mae": "MAE",
    "spearman": "rank correlation",
    "kappa": "kappa",
    "rmse": "RMSE",
}


def tables(report: dict[str, Any]) -> list[Table]:
    """Return the tables of a report, without those for which there is nothing to show."""
    student = report["student"]
    found = [
        _agreement(report),
        _retrieval(report),
        _dimension_errors(report),
        _dimensions(student["dimensions"]),
        _bands(student["dimensions"]),
        _thresholds(student["tiers"]),
        _confusion(student["tiers"]),
        _languages(student["languages"], student["language_gap"]),
        _sampling(student["sampling"]),
        _origins(student["origins"]),
        _intervals(student["intervals"]),
        _interval_groups(student["intervals"]),
        _operating_points(student["operating_points"]),
        _probabilities(student["confidence"]),
        _confidence_curve(student["confidence"]),
        _separation(student["separation"]),
        *prefilter_tables(report["prefilter"], report["positive_from"]),
        *textbook_tables(report["textbook"]),
    ]
    return [table for table in found if table is not None and table.rows]


def prefilter_tables(prefilter: dict[str, Any], positive_from: float) -> list[Table]:
    """Return the tables of what the prefilter passes and blocks, and of the positives it blocks."""
    headers = [
        "articles",
        "number",
        "passed",
        f"at {positive_from:g} or above",
        "of those blocked",
        "share",
        "at most (95 %)",
    ]
    rows = [
        [
            name,
            str(figures["n_articles"]),
            share_cell(figures["passed"]),
            str(figures["n_positives"]),
            str(figures["blocked_positives"]),
            share_cell(figures["blocked_share"]),
            share_cell(figures["blocked_share_at_most"]),
        ]
        for name, figures in prefilter.items()
    ]
    *_, widest = prefilter.values()
    blocked = widest["reasons_of_positives"]
    reasons = [[reason, str(count), str(blocked.get(reason, 0))] for reason, count in widest["reasons"].items()]
    return [
        Table("prefilter", headers, rows),
        Table(
            "blocked by the prefilter, all articles", ["reason", "articles", f"at {positive_from:g} or above"], reasons
        ),
    ]


def _agreement(report: dict[str, Any]) -> Table:
    title = (
        f"{report['filter']} {report['version']} on {report['n_articles']} articles of '{report['split']}', "
        f"{report['n_positives']} of them at {report['positive_from']:g} or above"
    )
    return Table(title, ["model", *AGREEMENT_COLUMNS.values()], _model_rows(report, AGREEMENT_COLUMNS))


def _retrieval(report: dict[str, Any]) -> Table:
    title = f"retrieval of the articles at {report['positive_from']:g} or above"
    return Table(title, ["model", *RETRIEVAL_COLUMNS.values()], _model_rows(report, RETRIEVAL_COLUMNS))


def _model_rows(report: dict[str, Any], columns: dict[str, str]) -> list[list[str]]:
    models = dict(report["models"])
    if oracle := report["oracle"]:
        models[f"oracle, second opinion on {oracle['n_articles']} articles"] = oracle
    return [[name, *(figure_cell(figures.get(key)) for key in columns)] for name, figures in models.items()]


def _dimension_errors(report: dict[str, Any]) -> Table:
    models = report["models"]
    rows = [
        [name, *(figure_cell(figures["dimension_mae"][name]) for figures in models.values())]
        for name in next(iter(models.values()))["dimension_mae"]
    ]
    return Table("MAE by dimension", ["dimension", *models], rows)


def _dimensions(dimensions: dict[str, Any]) -> Table:
    rows = [[name, *(figure_cell(figures[key]) for key in DIMENSION_COLUMNS)] for name, figures in dimensions.items()]
    return Table("student by dimension", ["dimension", *DIMENSION_COLUMNS.values()], rows)


def _bands(dimensions: dict[str, Any]) -> Table:
    rows = [[name, *map(_band, figures["bands"].values())] for name, figures in dimensions.items()]
    return Table("student's MAE by the oracle's score", ["dimension", *BANDS], rows)


def _band(band: dict[str, Any]) -> str:
    return f"{figure_cell(band['mae'])}, n {band['n']}" if band["n"] else UNDEFINED


def _thresholds(tiers: dict[str, Any]) -> Table:
    rows = [
        [
            f"{name}, from {figures['at_least']:g}",
            str(figures["n_expected"]),
            str(figures["n_predicted"]),
            *(figure_cell(figures[key]) for key in ("recall", "precision", "f1")),
        ]
        for name, figures in tiers["thresholds"].items()
    ]
    return Table("student by tier", ["tier", "oracle", "student", "recall", "precision", "F1"], rows)


def _confusion(tiers: dict[str, Any]) -> Table:
    rows = [[name, *map(str, counts.values())] for name, counts in tiers["confusion"].items()]
    return Table(
        f"tiers, {tiers['accuracy']:.1%} agree",
        ["oracle", *(f"student {name}" for name in tiers["confusion"])],
        rows,
    )


def _languages(languages: dict[str, Any], gap: dict[str, float | None]) -> Table:
    rows = [
        [name, str(figures["n"]), figure_cell(figures["mae"]), figure_cell(figures["spearman"])]
        for name, figures in languages.items()
    ]
    title = f"student by language; rank correlation of English minus that of other languages: {figure_cell(gap)}"
    return Table(title, ["language", "articles", MAE_OF_AVERAGE, "rank correlation"], rows)


def _sampling(sampling: dict[str, Any]) -> Table:
    rows = [
        [MEANING[name], str(figures["n"]), str(figures["n_positives"])]
        + [figure_cell(figures[key]) for key in ("mae", "spearman", "r_precision", "average_precision")]
        for name, figures in sampling.items()
    ]
    headers = ["articles", "number", "positives", MAE_OF_AVERAGE, "rank correlation", R_PRECISION, "average precision"]
    return Table("student by why an article was chosen", headers, rows)


def _origins(origins: dict[str, Any] | None) -> Table | None:
    if origins is None:
        return None
    rows = [[name, str(figures["n_pairs"]), f"{figures['share']:.1%}"] for name, figures in origins.items()]
    title = "positives ranked above other articles, everywhere and among articles of their own origin"
    return Table(title, ["pairs", "number", "ranked right"], rows)


def _intervals(intervals: dict[str, Any] | None) -> Table | None:
    if intervals is None:
        return None
    rows = [
        [
            name,
            figure_cell(figures["coverage"]),
            figure_cell(figures["groups"].get(TOP_TENTH, NO_FIGURE)),
            figure_cell(figures["width"]),
        ]
        for name, figures in intervals.items()
    ]
    return Table("intervals", ["dimension", "coverage", f"in the {TOP_TENTH}", "mean width"], rows)


def _interval_groups(intervals: dict[str, Any] | None) -> Table | None:
    """Return the coverage of the average's intervals by its score and by language."""
    if intervals is None:
        return None
    figures = intervals[AVERAGE]
    groups = {**figures["groups"], **figures["languages"]}
    rows = [[name, str(group["n"]), figure_cell(group)] for name, group in groups.items()]
    return Table("intervals of the weighted average, by its score and by language", ["group", "n", "coverage"], rows)


def _operating_points(found: dict[str, Any] | None) -> Table | None:
    """Return each point's figures on this split, beside those on the articles it was chosen on."""
    if found is None:
        return None
    rows = [
        [
            name,
            f"{point['threshold']:g}",
            str(point["n_found"]),
            *(figure_cell(point[key]) for key in ("precision", "recall", "f1")),
            f"{point['chosen_on']['f1'][0]:.3f}",
        ]
        for name, point in found["points"].items()
    ]
    columns = len(OPERATING_POINT_COLUMNS)
    rows += [[f"{name}: none, {reason}", *[UNDEFINED] * (columns - 1)] for name, reason in found["missing"].items()]
    chosen_on = found["chosen_on"]
    title = (
        f"operating points on {found['n_positives']} positives, chosen on {chosen_on['n_articles']} validation "
        f"articles with {chosen_on['n_positives']}"
    )
    return Table(title, OPERATING_POINT_COLUMNS, rows)


def _probabilities(confidence: dict[str, Any] | None) -> Table | None:
    if confidence is None:
        return None
    names = {name: f"{name} or above" for name in confidence["probabilities"]} | {"positive": "positive"}
    parts = {"the tier is the oracle's": confidence}
    parts |= {names[name]: figures for name, figures in confidence["probabilities"].items()}
    rows = [
        [
            name,
            f"{figures['expected']:.0f}",
            str(figures["found"]),
            f"{figures['reliability_error']:.3f}",
            f"{figures['by_chance']:.3f}",
        ]
        for name, figures in parts.items()
    ]
    headers = ["probability that", "expected", "found", "reliability error", "by chance alone"]
    return Table("probabilities against the oracle", headers, rows)


def _confidence_curve(confidence: dict[str, Any] | None) -> Table | None:
    if confidence is None:
        return None
    rows = [
        [
            share_cell(point["kept"]),
            f"{point['confidence']:.2f}",
            share_cell(point["tier_error"]),
            f"{point['mae']:.3f}",
        ]
        for point in confidence["curve"]
    ]
    lowered = confidence["lowered_at_80"]
    title = (
        f"keeping the surest articles; at 80 % wrong tiers are fewer by {figure_cell(lowered['tier_error'])}, "
        f"the error is lower by {figure_cell(lowered['mae'])}"
    )
    return Table(title, ["kept", "confidence from", "wrong tiers", MAE_OF_AVERAGE], rows)


def _separation(found: dict[str, Any] | None) -> Table | None:
    if found is None:
        return None
    rows = [
        [name, str(figures["n_positive"]), str(figures["n_negative"])]
        + [figure_cell(figures[key]) for key in ("f1", "precision", "recall")]
        for name, figures in found["groups"].items()
    ]
    title = f"clear cases at {found['threshold']:g}; {found['n_dropped']} unclear ones are left out"
    return Table(title, ["articles", "clearly yes", "clearly no", "F1", "precision", "recall"], rows)
