"""Label files, written completely or not at all."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from distillery import OutputFileError


def write_records(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines to a temporary file, then rename it; raise OutputFileError if that fails."""
    partial = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("x", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(record)}\n" for record in records)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise OutputFileError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)
