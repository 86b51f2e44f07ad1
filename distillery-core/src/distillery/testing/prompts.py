"""The oracle's prompt exists, has every slot, and names every dimension."""

from __future__ import annotations

from pathlib import Path

from ..config import FilterConfig

SLOTS = ("{{title}}", "{{source}}", "{{published_date}}", "{{article}}")


def prompt_faults(config: FilterConfig, folder: Path) -> list[str]:
    """Return which slots and dimensions the prompt in a filter's folder lacks."""
    path = folder / config.oracle.prompt
    if not path.is_file():
        return [f"{path} does not exist.  Write the prompt that made the labels, or correct oracle.prompt."]
    text = path.read_text(encoding="utf-8")
    return [
        f"{path.name} does not hold {expected}.  Labels made without it mean something else."
        for expected in (*SLOTS, *config.dimension_names)
        if expected not in text
    ]
