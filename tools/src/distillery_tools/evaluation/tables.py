"""A report as tables for people."""

from __future__ import annotations

from typing import Any, NamedTuple

from .details import BANDS
from .figures import Figure

AGREEMENT_COLUMNS = {
    "weighted_average_mae": "error of the average",
    "share_closed": "distance closed",
    "spearman": "rank correlation",
    "kappa": "kappa",
    "weighted_average_rmse": "root mean squared error",
}
FINDING_COLUMNS = {
    "recall": "recall",
    "precision": "precision",
    "f1": "F1",
    "precision_among_top": "precision among top",
    "recall_among_top_20": "recall among top 20",
    "average_precision": "average precision",
}
DIMENSION_COLUMNS = {
    "mae": "error",
    "spearman": "rank correlation",
    "kappa": "kappa",
    "rmse": "root mean squared error",
}
UNDEFINED = "-"


class Table(NamedTuple):
    """A title, the headers, and rows of as many cells."""

    title: str
    headers: list[str]
    rows: list[list[str]]


def tables(report: dict[str, Any]) -> list[Table]:
    """Return the tables of a report; those of what the filter does not have are left out."""
    student = report["student"]
    found = [
        _agreement(report),
        _finding(report),
        _dimension_errors(report),
        _dimensions(student["dimensions"]),
        _bands(student["dimensions"]),
        _thresholds(student["tiers"]),
        _confusion(student["tiers"]),
        _languages(student["languages"]),
        _intervals(student["intervals"]),
        _separation(student["separation"]),
        *prefilter_tables(report["prefilter"], report["threshold"]),
    ]
    return [table for table in found if table is not None and table.rows]


def prefilter_tables(prefilter: dict[str, Any], threshold: float) -> list[Table]:
    """Return the tables of what the prefilter passes, blocks and loses."""
    headers = [
        "articles",
        "number",
        "passed",
        f"at {threshold:g} or above",
        "of them blocked",
        "share",
        "at most (95 %)",
    ]
    rows = [
        [
            name,
            str(figures["n_articles"]),
            _share(figures["passed"]),
            str(figures["n_at_threshold"]),
            str(figures["blocked_at_threshold"]),
            _share(figures["blocked_share"]),
            _share(figures["blocked_share_at_most"]),
        ]
        for name, figures in prefilter.items()
    ]
    *_, widest = prefilter.values()
    lost = widest["reasons_at_threshold"]
    reasons = [[reason, str(count), str(lost.get(reason, 0))] for reason, count in widest["reasons"].items()]
    return [
        Table("prefilter", headers, rows),
        Table("set aside of all articles", ["reason", "articles", f"at {threshold:g} or above"], reasons),
    ]


def _agreement(report: dict[str, Any]) -> Table:
    title = (
        f"{report['filter']} {report['version']} on {report['n_articles']} articles of '{report['split']}', "
        f"{report['n_at_threshold']} of them at {report['threshold']:g} or above"
    )
    return Table(title, ["model", *AGREEMENT_COLUMNS.values()], _model_rows(report, AGREEMENT_COLUMNS))


def _finding(report: dict[str, Any]) -> Table:
    title = f"finding the articles at {report['threshold']:g} or above"
    return Table(title, ["model", *FINDING_COLUMNS.values()], _model_rows(report, FINDING_COLUMNS))


def _model_rows(report: dict[str, Any], columns: dict[str, str]) -> list[list[str]]:
    models = dict(report["models"])
    if oracle := report["oracle"]:
        models[f"oracle, second opinion on {oracle['n_articles']} articles"] = oracle
    return [[name, *(_cell(figures.get(key)) for key in columns)] for name, figures in models.items()]


def _dimension_errors(report: dict[str, Any]) -> Table:
    models = report["models"]
    rows = [
        [name, *(_cell(figures["dimension_mae"][name]) for figures in models.values())]
        for name in next(iter(models.values()))["dimension_mae"]
    ]
    return Table("mean absolute error by dimension", ["dimension", *models], rows)


def _dimensions(dimensions: dict[str, Any]) -> Table:
    rows = [[name, *(_cell(figures[key]) for key in DIMENSION_COLUMNS)] for name, figures in dimensions.items()]
    return Table("student by dimension", ["dimension", *DIMENSION_COLUMNS.values()], rows)


def _bands(dimensions: dict[str, Any]) -> Table:
    rows = [[name, *map(_band, figures["bands"].values())] for name, figures in dimensions.items()]
    return Table("student's error by the oracle's score", ["dimension", *BANDS], rows)


def _band(band: dict[str, Any]) -> str:
    return f"{_cell(band['mae'])}, n {band['n']}" if band["n"] else UNDEFINED


def _thresholds(tiers: dict[str, Any]) -> Table:
    rows = [
        [
            f"{name}, from {figures['at_least']:g}",
            str(figures["n_expected"]),
            str(figures["n_predicted"]),
            *(_cell(figures[key]) for key in ("recall", "precision", "f1")),
        ]
        for name, figures in tiers["thresholds"].items()
    ]
    return Table("student by tier", ["tier", "oracle", "student", "recall", "precision", "F1"], rows)


def _confusion(tiers: dict[str, Any]) -> Table:
    rows = [[name, *map(str, counts.values())] for name, counts in tiers["confusion"].items()]
    return Table(
        f"tiers, {tiers['accuracy']:.1%} the same",
        ["oracle", *(f"student {name}" for name in tiers["confusion"])],
        rows,
    )


def _languages(languages: dict[str, Any]) -> Table:
    rows = [
        [name, str(figures["n"]), _cell(figures["mae"]), _cell(figures["spearman"])]
        for name, figures in languages.items()
    ]
    return Table("student by language", ["language", "articles", "error of the average", "rank correlation"], rows)


def _intervals(intervals: dict[str, Any] | None) -> Table | None:
    if intervals is None:
        return None
    rows = [[name, _cell(figures["coverage"]), _cell(figures["width"])] for name, figures in intervals.items()]
    return Table("intervals", ["dimension", "share of labels inside", "mean width"], rows)


def _separation(found: dict[str, Any] | None) -> Table | None:
    if found is None:
        return None
    rows = [
        [name, str(figures["n_positive"]), str(figures["n_negative"])]
        + [_cell(figures[key]) for key in ("f1", "precision", "recall")]
        for name, figures in found["groups"].items()
    ]
    title = f"clear cases told apart at {found['threshold']:g}, {found['n_dropped']} doubtful ones dropped"
    return Table(title, ["articles", "clearly", "clearly not", "F1", "precision", "recall"], rows)


def _cell(figure: dict[str, float | None] | None) -> str:
    return UNDEFINED if figure is None else str(Figure.from_dict(figure))


def _share(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:.1%}"
