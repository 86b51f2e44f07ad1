"""Run inside a clean environment: evaluate expressions in turn and write their results as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import distillery
from distillery import load_config
from distillery.toolkit import host_plugins

NAMES = {
    "distillery": distillery,
    "host_plugins": host_plugins,
    "list_filters": distillery.list_filters,
    "load_config": load_config,
    "load_filter": distillery.load_filter,
    "load_filters": distillery.load_filters,
    "sys": sys,
}


def outcome(expression: str) -> dict[str, Any]:
    """Return the value of an expression or what it raised, even an exit."""
    try:
        return {"value": eval(expression, dict(NAMES))}
    except BaseException as error:
        return {
            "error": type(error).__name__,
            "message": str(error),
            "family": [kind.__name__ for kind in type(error).__mro__],
            "cause": type(error.__cause__).__name__ if error.__cause__ else None,
        }


if __name__ == "__main__":
    answers = [outcome(expression) for expression in sys.argv[2:]]
    Path(sys.argv[1]).write_text(json.dumps(answers, default=str), encoding="utf-8")
