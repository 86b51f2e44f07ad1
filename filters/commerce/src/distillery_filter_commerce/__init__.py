"""The commerce filter: deals, promotion and advertisements, the noise that every other filter shares."""

from pathlib import Path

from distillery import hookimpl


@hookimpl
def distillery_filter() -> Path:
    """Return the folder of config.yaml."""
    return Path(__file__).parent
