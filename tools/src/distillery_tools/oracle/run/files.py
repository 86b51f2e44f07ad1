"""Where a run's files are: the labels where they are wanted, everything else in one folder beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The labels, and the folder of the store, the other records and the report."""

    labels: Path
    folder: Path
    store: Path

    @classmethod
    def beside(cls, labels: Path, store: Path | None = None) -> Self:
        """Return the places for a file of labels: ``labels/a.jsonl`` has the folder ``labels/a.oracle``."""
        folder = labels.with_name(f"{labels.stem}.oracle")
        return cls(labels, folder, store or folder / "store.sqlite")

    @property
    def dead_letters(self) -> Path:
        """The articles that no further attempt is made for."""
        return self.folder / "dead_letters.jsonl"

    @property
    def set_aside(self) -> Path:
        """The articles that were not asked about, with the reason."""
        return self.folder / "set_aside.jsonl"

    @property
    def report(self) -> Path:
        """The run's figures."""
        return self.folder / "report.json"

    @property
    def report_text(self) -> Path:
        """The same for people."""
        return self.folder / "report.txt"
