"""The cache: base models, converted networks and vectors, which can all be made again.

Each kind has a folder in the cache, and each entry of a kind is a folder or a file in that. Entries appear whole, by
one rename; who reads one checks it. There are no locks: two processes may make the same entry at once, and the first
one's is kept. That is safe on network file systems that rename atomically, as NFS and SMB do.

Why: docs/decisions/cache.md
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .errors import CacheError
from .files import PARTIAL_SUFFIX

CACHE_VARIABLE = "DISTILLERY_CACHE"
# Beside the files of an entry: their sha256, and the versions of what made it ("made_with").
MANIFEST_FILE = "manifest.json"

BASE_MODELS, OPENVINO, TORCH, VECTORS = "base-models", "openvino", "torch", "embeddings"
# What else lies in the folder is not ours to list or remove.
KINDS = (BASE_MODELS, OPENVINO, TORCH, VECTORS)

# Seconds after which the unfinished work of a process that cannot be checked (another machine's) is left over.
_ABANDONED_AFTER = 24 * 3600
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}


@dataclass(frozen=True)
class CacheEntry:
    """One thing in the cache: its kind, its folder or file, bytes, and when it was last used (seconds since 1970)."""

    kind: str
    path: Path
    size: int
    last_used: float


def cache_folder() -> Path:
    """Return ``DISTILLERY_CACHE``, or the user's own cache folder; it need not exist.

    A user without a home gets a private folder among the temporary files. Raises CacheError for the home of a user
    who does not exist, such as ``~nobody``.
    """
    try:
        if configured := os.environ.get(CACHE_VARIABLE):
            return Path(configured).expanduser()
        Path.home()
    except RuntimeError as error:  # neither HOME nor an entry in passwd
        if not configured:
            return _temporary_folder()
        if Path(configured).parts[0] == "~":
            return Path(configured).absolute()
        raise CacheError(
            f"cache not writable: set {CACHE_VARIABLE} to a folder that can be written.  ({configured}: {error})"
        ) from error
    from platformdirs import user_cache_path

    return user_cache_path("distillery", appauthor=False)


def mark_used(path: Path) -> None:
    """Note that an entry is used, so that `prune` keeps it; a cache that cannot be written stays as it is."""
    with suppress(OSError):
        os.utime(path)


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """Give an empty working folder, and move it to ``folder`` when the block ends without an error.

    Permissions follow the umask. If another process was first, its folder stays. What killed processes left of
    their work beside it is removed. Raises CacheError if the cache cannot be written.
    """
    with _cache_faults(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder.parent)
        work = _working_name(folder)
        work.mkdir()
    try:
        with _cache_faults(folder.parent, _NO_SPACE):
            yield work
        with _cache_faults(folder.parent):
            _follow_umask(work)
            _install(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def cached_base_model(name: str, write: Callable[[Path], None]) -> Path:
    """Return the folder of a base model in the cache; ``write`` fills it on the first call.

    ``name`` changes whenever what is written changes. Raises CacheError if the cache cannot be written, and what
    ``write`` raises.
    """
    folder = cache_folder() / BASE_MODELS / name
    with _cache_faults(folder):
        found = folder.is_dir()
    if not found:
        with building(folder) as work:
            write(work)
    mark_used(folder)
    return folder


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Make sure of a folder for files of the cache; raise CacheError if it, or a file in it, cannot be written."""
    with _cache_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
        yield


def entries() -> list[CacheEntry]:
    """Return everything in the cache, by kind and path, leftovers included.

    Raises CacheError if the cache is something else than a folder.
    """
    folder = cache_folder()
    if os.path.lexists(folder) and not folder.is_dir():
        raise CacheError(f"{folder} is not a folder: set {CACHE_VARIABLE} to one.")
    return [
        CacheEntry(kind.name, path, *_size_and_age(path))
        for kind in (folder / name for name in KINDS)
        for path in _children(kind)
    ]


def remove(entry: CacheEntry) -> bool:
    """Remove an entry; return whether it is gone."""
    if entry.path.is_dir() and not entry.path.is_symlink():
        remove_folder(entry.path)
    else:
        with suppress(OSError):
            entry.path.unlink()
    return not entry.path.exists()


def remove_folder(folder: Path) -> None:
    """Remove a folder of the cache; it is renamed first, so that nobody finds half of it."""
    with suppress(OSError):
        shutil.rmtree(folder.rename(_working_name(folder)), ignore_errors=True)


def outdated(entry: CacheEntry, versions: Mapping[str, str | None]) -> bool:
    """Return whether an entry was made with another version than the one that is here now."""
    try:
        manifest = json.loads((entry.path / MANIFEST_FILE).read_text(encoding="utf-8"))
        made_with = manifest.get("made_with", {}).items()
    except (OSError, ValueError, AttributeError):
        return False
    return any(name in versions and versions[name] != version for name, version in made_with)


def is_leftover(path: Path) -> bool:
    """Return whether a path is unfinished work whose process has ended; on another machine, whose day is over."""
    if not path.name.startswith("."):
        return False
    owner = path.name.removesuffix(PARTIAL_SUFFIX).split(".")[-2:-1]
    machine, _, process = (owner or [""])[0].partition("-")
    if machine == _machine() and process.isdigit():
        return not _is_running(int(process))
    try:
        return time.time() - path.stat().st_mtime > _ABANDONED_AFTER
    except OSError:  # gone meanwhile
        return False


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left of their work in a folder of the cache."""
    for path in _children(folder):
        if is_leftover(path):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _install(work: Path, folder: Path) -> None:
    """Rename the finished folder into place; another process may have been first, which is as good."""
    try:
        work.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _follow_umask(work: Path) -> None:
    """Give every file the permissions of a new one: libraries keep theirs from other users."""
    allowed = work.stat().st_mode & 0o777
    for path in work.rglob("*"):
        path.chmod(allowed if path.is_dir() else allowed & 0o666)


@contextmanager
def _cache_faults(folder: Path, kinds: set[int] | None = None) -> Iterator[None]:
    """Turn an OSError (of these kinds) into a CacheError that says what to do."""
    try:
        yield
    except OSError as error:
        if kinds is not None and error.errno not in kinds:
            raise
        raise CacheError(
            f"cache not writable: set {CACHE_VARIABLE} to a folder that can be written.  "
            f"({error.filename or folder}: {error.strerror or error})"
        ) from error


def _temporary_folder() -> Path:
    """Return a private folder among the temporary files; raise CacheError if another user has made it."""
    user = os.getuid() if sys.platform != "win32" else os.environ.get("USERNAME", "user")
    folder = Path(tempfile.gettempdir()) / f"distillery-cache-{user}"
    with _cache_faults(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    if sys.platform != "win32" and not (
        stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
    ):
        raise CacheError(
            f"cache not writable: set {CACHE_VARIABLE} to a folder of yours.  ({folder} is another user's)"
        )
    return folder


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # absent, or not ours to read
        return []


def _size_and_age(path: Path) -> tuple[int, float]:
    """Return the bytes of a file or folder, and when it or a file in it was last marked or written."""
    size, last_used = 0, 0.0
    for one in (path, *(path.rglob("*") if path.is_dir() else ())):
        with suppress(OSError):
            found = one.lstat()
            size += found.st_size if stat.S_ISREG(found.st_mode) else 0
            last_used = max(last_used, found.st_mtime)
    return size, last_used


def _working_name(folder: Path) -> Path:
    """Return a name beside a folder for work on it; it says whose work it is, see `is_leftover`."""
    return folder.with_name(f".{folder.name}.{_machine()}-{os.getpid()}.{secrets.token_hex(4)}{PARTIAL_SUFFIX}")


@cache
def _machine() -> str:
    """Return what differs wherever a process number may mean another process: per boot and per container."""
    facts = [os.environ.get("COMPUTERNAME", "")]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid", "/etc/machine-id"):
        with suppress(OSError):
            facts.append(str(Path(path).readlink()) if "/ns/" in path else Path(path).read_text(encoding="utf-8"))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:8]


def _is_running(process: int) -> bool:
    """Return whether a process of this machine lives; where that cannot be asked, say that it does."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        pass
    return True
