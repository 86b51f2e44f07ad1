"""Files that appear whole or not at all: written beside their place, and moved there when they are complete."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL_SUFFIX = ".partial"
# Characters of a name that are kept in the partial's name: file systems allow 255 bytes.
_LONGEST_STEM = 40


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the path of a partial file to write, and move it to ``path`` when the block ends without an error.

    The content is on disk before it is moved, and its permissions follow the umask. After an error the partial file
    is removed and ``path`` is as before. Raises OSError if ``path`` cannot be written.

    >>> with replacing(path) as partial:
    ...     partial.write_text("all of it")
    """
    partial = partial_beside(path)
    mode = _create(partial)
    try:
        yield partial
        # A library may have put a file of its own here, with other permissions.
        if partial.stat().st_mode & 0o777 != mode:
            partial.chmod(mode)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def partial_beside(path: Path) -> Path:
    """Return an unused hidden name in the folder of ``path``."""
    return path.with_name(f".{path.name[:_LONGEST_STEM]}.{secrets.token_hex(4)}{PARTIAL_SUFFIX}")


def _create(path: Path) -> int:
    """Create an empty file; return its permissions, which follow the umask."""
    with path.open("xb") as file:
        return os.fstat(file.fileno()).st_mode & 0o777
