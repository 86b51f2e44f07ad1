"""The figures in the READMEs: the filter's model card, and the repository's table of filters."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .markdown import headline_headers, headline_row, markdown, markdown_table

README_FILE = "README.md"
CARD, FILTERS = "evaluation", "filters"


def write_cards(folder: Path, report: dict[str, Any]) -> list[Path]:
    """Rewrite what stands between the markers in the two READMEs nearest above a filter's folder.

    ``<!-- evaluation -->`` to ``<!-- /evaluation -->`` gets the report, ``<!-- filters -->`` to
    ``<!-- /filters -->`` the filter's row. Returns the files that changed.
    """
    places = [folder.resolve(), *folder.resolve().parents]
    readmes = [place / README_FILE for place in places if (place / README_FILE).is_file()]
    return [path for path in readmes[:2] if _rewrite(path, report)]


def _rewrite(path: Path, report: dict[str, Any]) -> bool:
    before = path.read_text(encoding="utf-8")
    after = _renewed(before, CARD, lambda _: markdown(report))
    after = _renewed(after, FILTERS, lambda block: _with_row(block, report))
    if after != before:
        path.write_text(after, encoding="utf-8")
    return after != before


def _renewed(text: str, marker: str, renew: Callable[[str], str]) -> str:
    """Return the text with what stands between a pair of markers made anew from what stood there."""
    block = re.compile(rf"(<!-- {marker} -->)(.*?)(<!-- /{marker} -->)", re.DOTALL)
    return block.sub(lambda found: f"{found[1]}\n{renew(found[2])}\n{found[3]}", text)


def _with_row(block: str, report: dict[str, Any]) -> str:
    """Return the table of filters with the row of this one new, in the order of names."""
    rows = {line.partition("]")[0]: line for line in block.splitlines() if line.startswith("| [")}
    row = headline_row(report)
    rows[row.partition("]")[0]] = row
    return "\n".join([markdown_table(headline_headers(report), []), *(rows[name] for name in sorted(rows))])
