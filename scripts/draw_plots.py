"""Draw every plot of the repository again from the records that are there: ``python scripts/draw_plots.py``.

- a filter's card gets figures and plot from its ``evaluation.json``, and the README its row, as after
  ``distillery evaluate --save``, but without scoring anything;
- an encoder gets its learning curves from ``adapter/training.json``;
- ``docs/explanation/quality.svg`` shows all filters.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from distillery.toolkit import EVALUATION_FILE
from distillery_tools.drawing import save_svg
from distillery_tools.evaluation.card import write_cards
from distillery_tools.evaluation.overview_plot import draw_overview
from distillery_tools.training.plot import LEARNING_CURVES_PLOT, draw_history

ROOT = Path(__file__).resolve().parents[1]
OVERVIEW_PLOT = Path("docs", "explanation", "quality.svg")


# Another status than that of a crash.
NOT_MEASURED = 3


def main(root: Path = ROOT) -> int:
    """Draw all plots under a root; return `NOT_MEASURED` if a filter has to be measured again first."""
    reports = {path: read(path) for path in sorted(root.glob(f"filters/*/src/*/{EVALUATION_FILE}"))}
    for path in sorted(root.glob("encoders/*/src/*/adapter/training.json")):
        print(save_svg(draw_history(read(path)["history"]), path.parents[3] / LEARNING_CURVES_PLOT))
    print(save_svg(draw_overview(list(reports.values())), root / OVERVIEW_PLOT))
    former = [report["filter"] for report in reports.values() if "precision_recall" not in report["student"]]
    for path, report in reports.items():
        if report["filter"] not in former:
            write_cards(path.parent, report)
            print(f"the card of {report['filter']}")
    for name in former:
        print(
            f"{name}: no plot, its {EVALUATION_FILE} has no precision-recall curve.  "
            f"Measure it: distillery evaluate filters/{name} --data DATA --save",
            file=sys.stderr,
        )
    return NOT_MEASURED if former else 0


def read(path: Path) -> dict[str, Any]:
    """Return a JSON file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    sys.exit(main())
