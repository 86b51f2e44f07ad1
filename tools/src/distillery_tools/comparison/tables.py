"""A comparison as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..measuring.tables import MAE_OF_AVERAGE, Table, figure_cell
from .report import Report

N_SHOWN = 10
FACTS = ("version", "student", "encoder", "weights_sha256", "calibration", "backend", "core_version")
N_DIGITS = 12

TitleOf = Callable[[str], str]


def comparison_tables(report: Report, title_of: TitleOf | None = None) -> list[Table]:
    """Return the tables of a report; ``title_of`` gives the titles of articles, left out otherwise."""
    found = [
        _versions(report),
        _shifts(report),
        _flips(report, "up", title_of),
        _flips(report, "down", title_of),
        _outcomes(report, title_of),
        _errors(report),
        _right_and_wrong(report),
        _label_flips(report, title_of),
        _speed(report),
        _verdict(report),
    ]
    return [table for table in found if table.rows]


def _versions(report: Report) -> Table:
    old, new = report["old"], report["new"]
    rows = [[fact.replace("_", " "), *(_fact(side["provenance"].get(fact)) for side in (old, new))] for fact in FACTS]
    rows += [["scores from", old["source"], new["source"]]]
    rows += [
        [name, *(str(side[key]) for side in (old, new))]
        for name, key in (("articles scored", "n_scored"), ("set aside", "n_set_aside"), ("failed", "n_failed"))
    ]
    return Table(f"{report['filter']} on {report['n_articles']} articles", ["", "old", "new"], rows)


def _fact(value: object) -> str:
    text = str(value)
    is_hash = len(text) == 64  # noqa: PLR2004  hexadecimal digits of a sha256
    return text[:N_DIGITS] if is_hash else text


def _shifts(report: Report) -> Table:
    rows = [
        [
            name.replace("_", " "),
            figure_cell(one["spearman"]),
            figure_cell(one["mean_shift"]),
            figure_cell(one["mean_absolute_shift"]),
            f"{one['largest_shift']:+.3f}",
            one["largest_shift_id"],
        ]
        for name, one in report["shifts"].items()
    ]
    headers = ["", "rank correlation", "mean shift", "mean absolute shift", "largest shift", "of article"]
    return Table(f"new minus old, {report['n_scored_by_both']} articles scored by both", headers, rows)


def _flips(report: Report, way: str, title_of: TitleOf | None) -> Table:
    flips = report["tier_flips"][way]
    rows = [
        [flip["id"], f"{flip['old']} {flip['old_average']:.2f}", f"{flip['new']} {flip['new_average']:.2f}"]
        for flip in flips[:N_SHOWN]
    ]
    return _with_titles(f"tier {way}: {_counted(flips)}", rows, title_of)


def _outcomes(report: Report, title_of: TitleOf | None) -> Table:
    changes = report["outcome_changes"]
    rows = [[change["id"], change["old"], change["new"]] for change in changes[:N_SHOWN]]
    return _with_titles(f"scored, set aside or failed differently: {_counted(changes)}", rows, title_of)


def _errors(report: Report) -> Table:
    labels = report["labels"]
    rows = [
        [MAE_OF_AVERAGE if name == "weighted_average" else f"MAE of {name}", *map(figure_cell, figures.values())]
        for name, figures in (labels["errors"].items() if labels else ())
    ]
    title = f"error against the labels of {labels['n_articles']} articles" if labels else ""
    return Table(title, ["", "old", "new", "new minus old"], rows)


def _right_and_wrong(report: Report) -> Table:
    labels = report["labels"]
    rows = [
        [name, str(len(labels[key]["articles"])), figure_cell(labels[key]["share"])]
        for name, key in (
            ("negative flips: right before, wrong now", "negative_flips"),
            ("positive flips: wrong before, right now", "positive_flips"),
        )
        if labels
    ]
    return Table("tiers against the labels", ["", "articles", "share"], rows)


def _label_flips(report: Report, title_of: TitleOf | None) -> Table:
    flips = report["labels"]["negative_flips"]["articles"] if report["labels"] else []
    rows = [[flip["id"], flip["old"], f"{flip['new']} (labels: {flip['oracle']})"] for flip in flips[:N_SHOWN]]
    return _with_titles(f"negative flips: {_counted(flips)}", rows, title_of)


def _speed(report: Report) -> Table:
    speed = report["speed"]
    if not speed:
        return Table("", [], [])
    ratio = speed["ratio"]
    row = [
        f"{speed['old_ms_per_article']:.1f}",
        f"{speed['new_ms_per_article']:.1f}",
        f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})",
    ]
    title = f"speed, {speed['n_articles']} articles, in turns, {speed['rounds']} rounds"
    return Table(title, ["old, ms per article", "new, ms per article", "new / old"], [row])


def _verdict(report: Report) -> Table:
    verdict = report["verdict"]
    old, new = report["old"]["version"], report["new"]["version"]
    answer = "agrees" if verdict["is_sufficient"] else f"too small: at least {verdict['lowest_version']}"
    rows = [
        ["the scores ask for", verdict["required"]],
        ["because", verdict["reason"]],
        [f"{old} to {new} states", verdict["stated"]],
        ["the version number", answer],
    ]
    return Table("verdict", ["", ""], rows)


def _with_titles(title: str, rows: Sequence[list[str]], title_of: TitleOf | None) -> Table:
    headers = ["article", "old", "new"]
    if title_of is None:
        return Table(title, headers, list(rows))
    return Table(title, [*headers, "title"], [[*row, title_of(row[0])] for row in rows])


def _counted(items: Sequence[Any]) -> str:
    return f"{len(items)} articles" + (f", the first {N_SHOWN}" if len(items) > N_SHOWN else "")
