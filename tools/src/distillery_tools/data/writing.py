"""Label files, written completely or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from distillery import OutputFileError
from distillery.toolkit import replacing


def write_records(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines to a temporary file, then rename it; raise OutputFileError if that fails."""
    try:
        with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(record)}\n" for record in records)
    except OSError as error:
        raise OutputFileError(f"{path} cannot be written: {error.strerror or error}.") from error
