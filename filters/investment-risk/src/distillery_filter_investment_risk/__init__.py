"""The investment-risk filter: signals of risk to capital, for private investors."""

from pathlib import Path

from distillery import hookimpl


@hookimpl
def distillery_filter() -> Path:
    """Return the folder of config.yaml."""
    return Path(__file__).parent
