"""Findings: faults of labelled data, collected by kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]

MAX_EXAMPLES = 5


@dataclass
class Findings:
    """Faults by severity and kind; an example names an article or a record and never quotes a text."""

    examples: dict[tuple[Severity, str], list[str]] = field(default_factory=dict)

    def error(self, kind: str, example: object) -> None:
        """Note a fault that makes the data unusable."""
        self.examples.setdefault(("error", kind), []).append(str(example))

    def warning(self, kind: str, example: object) -> None:
        """Note something to check."""
        self.examples.setdefault(("warning", kind), []).append(str(example))

    @property
    def n_errors(self) -> int:
        """The number of faults that make the data unusable."""
        return sum(len(found) for (severity, _), found in self.examples.items() if severity == "error")

    def report(self) -> list[dict[str, Any]]:
        """Return each kind with its count and first examples, errors first."""
        return [
            {"severity": severity, "kind": kind, "count": len(found), "examples": found[:MAX_EXAMPLES]}
            for (severity, kind), found in sorted(self.examples.items(), key=lambda entry: entry[0][0])
        ]
