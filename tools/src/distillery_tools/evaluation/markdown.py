"""A report in Markdown: whole, and as the one row by which filters are compared."""

from __future__ import annotations

from typing import Any

from .tables import UNDEFINED, Table, tables

HEADLINE_COLUMNS = {
    "weighted_average_mae": "error of the average",
    "spearman": "rank correlation",
    "share_closed": "distance closed",
    "recall": "recall at {threshold:g}",
    "precision_among_top": "precision among top",
}


def markdown(report: dict[str, Any]) -> str:
    """Return all tables of a report, with a sentence on how to read them."""
    return "\n\n".join([_legend(report), *(titled(table) for table in tables(report))])


def titled(table: Table) -> str:
    """Return a table in Markdown under its title."""
    return f"**{table.title}**\n\n{markdown_table(table.headers, table.rows)}"


def markdown_table(headers: list[str], rows: list[list[str]]) -> str:
    """Return rows as a Markdown table."""
    return "\n".join(markdown_row(cells) for cells in [headers, ["---"] * len(headers), *rows])


def markdown_row(cells: list[str]) -> str:
    """Return one row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def headline_headers(report: dict[str, Any]) -> list[str]:
    """Return the headers of the rows that `headline_row` makes."""
    return ["filter", "version", *(name.format(threshold=report["threshold"]) for name in HEADLINE_COLUMNS.values())]


def headline_row(report: dict[str, Any]) -> str:
    """Return a filter's row of Markdown: its student's figures, each with the interval."""
    name, student = report["filter"], next(iter(report["models"].values()))
    link = f"[{name}](filters/{name}/README.md)"
    return markdown_row([link, report["version"], *(_short(student[key]) for key in HEADLINE_COLUMNS)])


def _legend(report: dict[str, Any]) -> str:
    return (
        f"Version {report['version']} on {report['n_articles']} articles of the {report['split']} split, "
        f"{report['n_at_threshold']} of them at {report['threshold']:g} or above by the oracle. "
        "Errors are mean absolute ones on the 0-10 scale; in brackets bootstrap 95 % intervals. "
        "\"Distance closed\" is the share of the way from the training median's error to the oracle's against itself. "
        "Kappa is quadratic-weighted, on scores rounded to integers. "
        '"Precision among top" is the share of such articles among as many top-ranked ones as there are of them.'
    )


def _short(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return UNDEFINED
    return f"{figure['value']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"
