"""The report in Markdown, and the figures in READMEs: a filter's model card, the table of filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..measuring.tables import GAP_CLOSED, MAE_OF_AVERAGE, R_PRECISION, UNDEFINED, markdown_row, markdown_table, titled
from ..measuring.topic import ON_TOPIC
from .quality_plot import QUALITY_PLOT, quality_link, write_quality_plot
from .tables import tables

README_FILE = "README.md"
POSITIVES = "positives"
SPARSE = (
    " At least half of the training articles score 0, so the median, 0 for every article, is a strong predictor: the "
    "gap closed says little here, and what counts is who is found, by R-precision and average precision."
)
CARD, FILTERS, STAGE_1 = "evaluation", "filters", "stage-1"

HEADLINE_COLUMNS = {
    "weighted_average_mae": MAE_OF_AVERAGE,
    "spearman": "rank correlation",
    "gap_closed": GAP_CLOSED,
    POSITIVES: "positives",
    "recall": "recall",
    "r_precision": R_PRECISION,
}


def write_cards(folder: Path, report: dict[str, Any]) -> list[Path]:
    """Rewrite the text between the markers in the two READMEs nearest above a filter's folder.

    ``<!-- evaluation -->`` to ``<!-- /evaluation -->`` gets the report, with its picture beside the README, and
    ``<!-- filters -->`` to ``<!-- /filters -->`` the filter's row. Returns the READMEs that changed.
    """
    blocks = {CARD: lambda _: _card(report), FILTERS: lambda block: _with_row(block, report)}
    readmes = _readmes_above(folder)[:2]
    for path in readmes:
        if f"<!-- {CARD} -->" in path.read_text(encoding="utf-8"):
            write_quality_plot(path.parent / QUALITY_PLOT, report)
    return [path for path in readmes if _rewrite(path, blocks)]


def write_positives_card(folder: Path, text: str) -> list[Path]:
    """Put a text between ``<!-- positives -->`` and ``<!-- /positives -->`` of the README nearest above a folder."""
    return [path for path in _readmes_above(folder)[:1] if _rewrite(path, {POSITIVES: lambda _: text})]


def write_stage1_card(folder: Path, text: str) -> list[Path]:
    """Put a text between ``<!-- stage-1 -->`` and ``<!-- /stage-1 -->`` of the README nearest above a folder."""
    return [path for path in _readmes_above(folder)[:1] if _rewrite(path, {STAGE_1: lambda _: text})]


def _readmes_above(folder: Path) -> list[Path]:
    places = [folder.resolve(), *folder.resolve().parents]
    return [place / README_FILE for place in places if (place / README_FILE).is_file()]


def _rewrite(path: Path, blocks: Mapping[str, Callable[[str], str]]) -> bool:
    """Renew the blocks between markers; return whether that changed the file."""
    before = after = path.read_text(encoding="utf-8")
    for marker, renew in blocks.items():
        after = _renewed(after, marker, renew)
    if after != before:
        path.write_text(after, encoding="utf-8")
    return after != before


def _renewed(text: str, marker: str, renew: Callable[[str], str]) -> str:
    """Return the text with the block between a pair of markers renewed from its old content."""
    block = re.compile(rf"(<!-- {marker} -->)(.*?)(<!-- /{marker} -->)", re.DOTALL)
    return block.sub(lambda found: f"{found[1]}\n{renew(found[2])}\n{found[3]}", text)


def _with_row(block: str, report: dict[str, Any]) -> str:
    """Return the table of filters with this one's row renewed, in order of names."""
    rows = {line.partition("]")[0]: line for line in block.splitlines() if line.startswith("| [")}
    row = headline_row(report)
    rows[row.partition("]")[0]] = row
    return "\n".join([markdown_table(headline_headers(), []), *(rows[name] for name in sorted(rows))])


def _card(report: dict[str, Any]) -> str:
    """Return the picture, where there is one, and all tables."""
    return "\n\n".join(filter(None, [quality_link(report), markdown(report)]))


def markdown(report: dict[str, Any]) -> str:
    """Return all tables of a report in Markdown, after a paragraph on how to read them."""
    return "\n\n".join([_legend(report), *(titled(table) for table in tables(report))])


def headline_headers() -> list[str]:
    """Return the headers of the rows that `headline_row` makes."""
    return ["filter", "version", *HEADLINE_COLUMNS.values()]


def headline_row(report: dict[str, Any]) -> str:
    """Return a filter's row of Markdown: its student's figures, each with the interval."""
    name, student = report["filter"], next(iter(report["models"].values()))
    link = f"[{name}](filters/{name}/README.md)"
    cells = {key: _short(student[key]) for key in HEADLINE_COLUMNS if key in student}
    cells[POSITIVES] = f"{report['n_positives']} at {report['positive_from']:g} or above"
    return markdown_row([link, report["version"], *(cells[key] for key in HEADLINE_COLUMNS)])


def _legend(report: dict[str, Any]) -> str:
    return (
        f"Version {report['version']} on {report['n_articles']} articles of the {report['split']} split, of which "
        f"{report['n_positives']} are positives: at {report['positive_from']:g} or above by the oracle. "
        "MAE is the mean absolute error on the 0-10 scale, RMSE the root mean squared error; in brackets are bootstrap "
        "95 % intervals. Gap closed is (trivial MAE - MAE) / (trivial MAE - oracle MAE): 0 is the training median, 1 "
        "the oracle against itself. Kappa is quadratic-weighted, on scores rounded to integers. R-precision is the "
        "share of positives among the R highest predictions, R being their number; overlap@20 is the share of the "
        "oracle's top 20 in the predicted top 20. nDCG is the normalised discounted cumulative gain of the whole "
        f"ranking. Articles on topic are those at {ON_TOPIC:g} or above by the oracle."
        f"{SPARSE if report['sparse'] else ''}"
    )


def _short(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return UNDEFINED
    return f"{figure['value']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"
