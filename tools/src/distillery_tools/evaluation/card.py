"""The figures in the READMEs: the filter's model card, and the repository's table of filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .markdown import headline_headers, headline_row, markdown, markdown_table

README_FILE = "README.md"
CARD, FILTERS, STAGE_1 = "evaluation", "filters", "stage-1"


def write_cards(folder: Path, report: dict[str, Any]) -> list[Path]:
    """Rewrite what stands between the markers in the two READMEs nearest above a filter's folder.

    ``<!-- evaluation -->`` to ``<!-- /evaluation -->`` gets the report, ``<!-- filters -->`` to
    ``<!-- /filters -->`` the filter's row. Returns the files that changed.
    """
    blocks = {CARD: lambda _: markdown(report), FILTERS: lambda block: _with_row(block, report)}
    return [path for path in _readmes_above(folder)[:2] if _rewrite(path, blocks)]


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
    """Return the text with what stands between a pair of markers made anew from what stood there."""
    block = re.compile(rf"(<!-- {marker} -->)(.*?)(<!-- /{marker} -->)", re.DOTALL)
    return block.sub(lambda found: f"{found[1]}\n{renew(found[2])}\n{found[3]}", text)


def _with_row(block: str, report: dict[str, Any]) -> str:
    """Return the table of filters with the row of this one new, in the order of names."""
    rows = {line.partition("]")[0]: line for line in block.splitlines() if line.startswith("| [")}
    row = headline_row(report)
    rows[row.partition("]")[0]] = row
    return "\n".join([markdown_table(headline_headers(report), []), *(rows[name] for name in sorted(rows))])
