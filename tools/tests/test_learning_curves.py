"""The learning curves: losses, and a panel for each filter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from distillery_tools.drawing import save_svg
from distillery_tools.training.plot import ERROR, RANK_CORRELATION, draw_history

History = list[dict[str, Any]]


def history_of(n_filters: int, n_epochs: int = 3) -> History:
    """Return the epochs of a training; the first filter ranks nothing in the first epoch."""
    return [
        {
            "number": number,
            "train_loss": 1 / number,
            "val_loss": 0.5 + 1 / number,
            "filters": {
                f"filter-{place}": {
                    "relative_error": 1.5 / number + place / 10,
                    "spearman": None if (number, place) == (1, 0) else 0.1 * number,
                }
                for place in range(n_filters)
            },
        }
        for number in range(1, n_epochs + 1)
    ]


def curves(axes: Axes) -> dict[Any, Any]:
    """Return the points of each line of a panel by the line's name."""
    return {line.get_label(): np.asarray(line.get_xydata()) for line in axes.lines}


def test_the_first_panel_has_the_losses() -> None:
    """Of training and validation."""
    panel, _ = draw_history(history_of(1)).axes
    found = curves(panel)
    assert found["train"].tolist() == [[1, 1.0], [2, 0.5], [3, 1 / 3]]
    assert found["validation"].tolist() == [[1, 1.5], [2, 1.0], [3, 0.5 + 1 / 3]]
    assert [text.get_text() for text in panel.texts] == ["0.33", "0.83", "train", "validation"]


def test_each_filter_has_a_panel_with_its_last_values() -> None:
    """Where a rank correlation is undefined the curve has a gap."""
    _, first, second = draw_history(history_of(2)).axes
    assert [panel.get_title() for panel in (first, second)] == ["filter-0", "filter-1"]
    assert curves(second)[ERROR][:, 1] == pytest.approx([1.6, 0.85, 0.6])
    assert curves(first)[RANK_CORRELATION][:, 1] == pytest.approx([np.nan, 0.2, 0.3], nan_ok=True)
    assert [text.get_text() for text in second.texts] == ["0.60", "0.30"]
    assert first.get_ylim() == second.get_ylim()


def test_an_undefined_last_value_is_not_written() -> None:
    """After one epoch of constants."""
    _, panel = draw_history(history_of(1, n_epochs=1)).axes
    assert [text.get_text() for text in panel.texts] == ["1.50"]


@pytest.mark.parametrize("n_filters", [1, 3, 13])
def test_there_is_room_for_every_filter(n_filters: int, tmp_path: Path) -> None:
    """Small files, the same bytes each time."""
    first, second = (
        save_svg(draw_history(history_of(n_filters, n_epochs=10)), tmp_path / name).read_bytes()
        for name in ("a.svg", "b.svg")
    )
    assert first == second
    assert len(first) < 60_000
    assert len(draw_history(history_of(n_filters)).axes) == n_filters + 1
