"""The ai-engineering-practice filter; config.yaml says what it measures."""

from pathlib import Path

from distillery import hookimpl


@hookimpl
def distillery_filter() -> Path:
    """Return the folder of config.yaml."""
    return Path(__file__).parent
