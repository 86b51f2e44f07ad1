"""A filter in a built wheel: unpacked, never imported."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from distillery import FilterNotFoundError, InputFileError
from distillery.toolkit import CONFIG_FILE


def unpacked_filter(wheel: Path, folder: Path) -> Path:
    """Unpack the filter of a wheel into a folder; return where its config.yaml is.

    No code of the wheel runs. Raises InputFileError if the file is not a wheel, FilterNotFoundError if it holds no
    filter or several.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            package = _package_of(archive, wheel)
            members = [name for name in archive.namelist() if PurePosixPath(name).parts[0] == package]
            archive.extractall(folder, members)  # zipfile leaves ".." and leading slashes out
    except (zipfile.BadZipFile, OSError) as error:
        raise InputFileError(f"{wheel} cannot be unpacked: {error}.  Build it again.") from error
    return folder / package


def _package_of(archive: zipfile.ZipFile, wheel: Path) -> str:
    paths = [PurePosixPath(name).parts for name in archive.namelist()]
    packages = [parts[0] for parts in paths if len(parts) == 2 and parts[1] == CONFIG_FILE]  # noqa: PLR2004  package/file
    if len(packages) != 1:
        raise FilterNotFoundError(
            f"{wheel} holds {len(packages)} packages with a {CONFIG_FILE}; the wheel of a filter holds one."
        )
    return packages[0]
