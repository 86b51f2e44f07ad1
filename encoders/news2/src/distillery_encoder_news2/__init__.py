"""The shared encoder news2: multilingual-e5-small, adapted on the labels of thirteen filters."""

from collections.abc import Mapping
from pathlib import Path

from distillery import hookimpl


@hookimpl
def distillery_encoders() -> Mapping[str, Path]:
    """Offer the folder of encoder.yaml."""
    return {"news2": Path(__file__).parent}
