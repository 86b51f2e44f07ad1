"""The cultural-discovery filter: new findings about art, culture and history, and links between peoples."""

from pathlib import Path

from distillery import hookimpl


@hookimpl
def distillery_filter() -> Path:
    """Return the folder of config.yaml."""
    return Path(__file__).parent
