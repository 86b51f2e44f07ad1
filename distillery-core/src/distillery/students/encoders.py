"""Shared encoders: found in a folder, or offered by an installed package."""

from __future__ import annotations

from pathlib import Path

from ..config import ENCODER_FILE, EncoderReference
from ..errors import EncoderNotFoundError
from ..plugins.host import host_plugins


def locate_encoder(reference: EncoderReference, start: Path) -> Path:
    """Return the folder of the encoder.yaml that a student names; its path starts at the filter's folder.

    Raises EncoderNotFoundError, listing the encoders that are installed.
    """
    if reference.path is not None:
        return _checked(start / reference.path, reference)
    offers = installed_encoders()
    if reference.name not in offers:
        known = ", ".join(sorted(offers)) or "none"
        remedy = (
            f'Install it with: pip install "{reference.package}"' if reference.package else "Ask the filter's author."
        )
        raise EncoderNotFoundError(
            f"The encoder {reference.name} is not installed.  Installed: {known}{_faults()}\n  {remedy}"
        )
    return _checked(offers[reference.name], reference)


def installed_encoders() -> dict[str, Path]:
    """Return the folder of every encoder that an installed package offers, by name."""
    return {name: folder for plugin in host_plugins() for name, folder in plugin.encoders.items()}


def _checked(folder: Path, reference: EncoderReference) -> Path:
    if not (folder / ENCODER_FILE).is_file():
        raise EncoderNotFoundError(f"The encoder {reference.name} has no {ENCODER_FILE} in {folder}.")
    return folder


def _faults() -> str:
    return "".join(f"; {plugin.fault.partition(chr(10))[0]}" for plugin in host_plugins() if plugin.fault)
