"""The sustainability-technology filter: life-cycle sustainability of a concrete technology."""

from pathlib import Path

from distillery import hookimpl


@hookimpl
def distillery_filter() -> Path:
    """Return the folder of config.yaml."""
    return Path(__file__).parent
