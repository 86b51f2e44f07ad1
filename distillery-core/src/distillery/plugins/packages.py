"""What installed packages declare for distillery, read so that one broken package costs only itself.

``importlib.metadata.entry_points`` fails for everybody if a single package has an unreadable entry_points.txt. Here
each package is read alone, and what cannot be read becomes the ``fault`` of that package.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..errors import PluginError
from ..names import FILTER_PREFIX

FILTER_GROUP = "distillery.filters"
HOST_GROUP = "distillery.plugins"
GROUPS = (FILTER_GROUP, HOST_GROUP)

# What a project may be called (PEP 508). pip renames what it is about to remove to "~ame", which is no such name.
_PROJECT_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_POINTS_FILE = "entry_points.txt"
_HEADING = re.compile(r"\[([^\[\]]+)\]\s*$")

logger = logging.getLogger(__name__)

_STARTED = time.time()
_versions_in_use: dict[str, str] = {}

# dist-info folders with an unreadable entry_points.txt, and what is wrong with it.
_hidden: dict[str, str] = {}


@dataclass(frozen=True)
class Package:
    """An installed package with entry points for distillery: its metadata as far as it can be read, and its fault."""

    name: str
    version: str
    summary: str
    requirements: tuple[str, ...]
    entry_points: tuple[EntryPoint, ...]
    folder: Path | None
    fault: str | None = None
    classifiers: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The package and its full version, as messages name it."""
        return f"{self.name} {self.version}".rstrip()

    @property
    def site(self) -> Path | None:
        """The folder that the package is installed in."""
        return self.folder.parent if self.folder else None


@dataclass(frozen=True)
class Discovery:
    """The packages that extend distillery, each once, and remarks on what was passed over."""

    packages: tuple[Package, ...]
    remarks: tuple[str, ...]


def discover() -> Discovery:
    """Return the packages on ``sys.path`` that declare filters or extensions; read again after an installation.

    Call it before pydantic or torch is imported: they read the entry points of every package too, and fail where one
    cannot be read. From the first call on such a file is hidden from them.
    """
    return _discover(_stamp())


def forget_packages() -> None:
    """Read all metadata again at the next call, whether or not a folder on ``sys.path`` changed."""
    _discover.cache_clear()


def unreadable_strangers() -> list[str]:
    """Return a line for each package without entry points for distillery whose METADATA cannot be read."""
    discovery = discover()
    ours = {package.folder for package in discovery.packages}
    known, lines = "\n".join(discovery.remarks), []
    for distribution in _distributions():
        folder = _folder_of(distribution)
        _, fault = _text_of(distribution, "METADATA", folder)
        if fault and folder not in ours and str(folder) not in known:
            lines.append(_ignored(folder, fault))
    return lines


def installed_version(name: str) -> str:
    """Return the version of an installed package; raise PluginError if its metadata is lost or unreadable."""
    found = [_read(distribution, _folder_of(distribution)) for distribution in distributions(name=name)]
    package = _preferred(found) if found else None
    if package is None or not _is_version(package.version):
        raise PluginError(
            f"The metadata of {name} is missing or unreadable.\n  Reinstall it: pip install --force-reinstall {name}"
        )
    return package.version


def version_before_upgrade(module: str, version: str) -> str | None:
    """Return the version of a package that this process imported, if another one is installed by now."""
    top = module.partition(".")[0]
    if top not in sys.modules:
        _versions_in_use[top] = version
    before = _versions_in_use.setdefault(top, version)
    return before if before != version else None


def changed_since_start(folder: Path) -> bool:
    """Return whether a file in a folder is newer than this process."""
    try:
        return any(path.stat().st_mtime > _STARTED for path in folder.iterdir())
    except OSError:
        return False


def editable_source(distribution: Distribution) -> str | None:
    """Return the source tree that a distribution is installed as a link to (PEP 610), None for a copy."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        editable = origin.get("dir_info", {}).get("editable")
        return url2pathname(urlsplit(origin["url"]).path) if editable else None
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        return None


def _stamp() -> tuple[tuple[str, int], ...]:
    """Return each folder of ``sys.path`` with the time of its last change."""
    return tuple((entry, _changed_at(entry or ".")) for entry in sys.path)


def _changed_at(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=1)
def _discover(_: tuple[tuple[str, int], ...]) -> Discovery:
    found: dict[str, list[Package]] = {}
    remarks = []
    for distribution in _distributions():
        folder = _folder_of(distribution)
        if folder and not _PROJECT_NAME.fullmatch(_stem(folder)):
            remarks.append(f"{folder} is left over from an interrupted pip and is ignored.  Delete it.")
            continue
        points, fault = _entry_points(distribution, folder)
        if points:
            package = replace(_read(distribution, folder), entry_points=points)
            found.setdefault(package.name, []).append(_with_fault(package, fault))
        elif fault:
            remarks.append(_ignored(folder, fault))
    chosen = {name: _preferred(packages) for name, packages in found.items()}
    remarks += [_passed_over(chosen[name], other) for name in found for other in found[name] if other != chosen[name]]
    return Discovery(tuple(chosen.values()), tuple(dict.fromkeys(remarks)))


def _distributions() -> Iterator[Distribution]:
    """Yield each distribution on ``sys.path`` once, in the order in which Python looks for its modules."""
    seen = set()
    try:
        for distribution in distributions():
            folder = _folder_of(distribution)
            place = folder.resolve() if folder else distribution
            if place not in seen:
                seen.add(place)
                yield distribution
    except OSError as error:
        logger.warning("The search for installed packages broke off: %s", error)


def _folder_of(distribution: Distribution) -> Path | None:
    """Return the dist-info folder, which importlib.metadata knows but does not say."""
    path = getattr(distribution, "_path", None)
    return None if path is None else Path(str(path))


def _stem(folder: Path) -> str:
    return folder.name.partition("-")[0].removesuffix(".egg").removesuffix(".dist")


def _entry_points(distribution: Distribution, folder: Path | None) -> tuple[tuple[EntryPoint, ...], str | None]:
    """Return the entry points for distillery, and what is wrong with the file that states them."""
    if str(folder) not in _hidden:
        try:
            return tuple(point for point in distribution.entry_points if point.group in GROUPS), None
        except Exception as error:  # a stranger's file holds what it likes
            _hide(distribution, folder, f"its {_POINTS_FILE} cannot be read ({type(error).__name__}: {error})")
    return tuple(_salvaged(_rescued_text(folder, _POINTS_FILE))), _hidden[str(folder)]


def _hide(distribution: Distribution, folder: Path | None, fault: str) -> None:
    """Let importlib.metadata, and whoever uses it in this process, find no entry points in a folder."""
    kind = type(distribution)
    if not any(_hidden):
        read_text = kind.read_text

        def read_what_can_be_read(self: Distribution, filename: str) -> str | None:
            hidden = filename == _POINTS_FILE and str(getattr(self, "_path", None)) in _hidden
            return None if hidden else read_text(self, filename)

        kind.read_text = read_what_can_be_read  # type: ignore[method-assign]
    _hidden[str(folder)] = fault


def _salvaged(text: str) -> Iterator[EntryPoint]:
    """Yield the entry points for distillery of a file that is not as it must be."""
    group = ""
    for line in map(str.strip, text.splitlines()):
        if heading := _HEADING.search(line):
            group = heading[1].strip()
        elif line and not line.startswith("#") and group in GROUPS:
            name, _, value = line.partition("=")
            yield EntryPoint(name.strip(), value.strip(), group)


def _text_of(distribution: Distribution, file: str, folder: Path | None) -> tuple[str, str | None]:
    """Return a metadata file's text, empty if there is none, and what is wrong with it."""
    try:
        return distribution.read_text(file) or "", None
    except Exception as error:  # not UTF-8, a loop of links, whatever else a disk holds
        return _rescued_text(folder, file), f"its {file} cannot be read ({type(error).__name__}: {error})"


def _rescued_text(folder: Path | None, file: str) -> str:
    """Return what can be read of a file that is not UTF-8; of UTF-16 that is the ASCII in it."""
    try:
        return (folder / file).read_bytes().replace(b"\0", b"").decode("utf-8", "replace") if folder else ""
    except OSError:
        return ""


def _read(distribution: Distribution, folder: Path | None) -> Package:
    """Return what METADATA says, with a fault if something is missing."""
    from email.parser import HeaderParser

    text, fault = _text_of(distribution, "METADATA", folder)
    if not text and not fault:
        text, fault = _text_of(distribution, "PKG-INFO", folder)
    message = HeaderParser().parsestr(text)
    name, version = (str(message.get(key) or "") for key in ("Name", "Version"))
    if not text and not fault:
        fault = "its METADATA is missing"
    elif not fault and not _PROJECT_NAME.fullmatch(name):
        fault = "its METADATA states no valid Name"
    elif not fault and not _is_version(version):
        fault = f"its METADATA states the Version '{version}', which is not a version"
    package = Package(
        name=canonicalize_name(name if _PROJECT_NAME.fullmatch(name) else _stem(folder) if folder else "unknown"),
        version=version,
        summary=str(message.get("Summary") or ""),
        requirements=tuple(map(str, message.get_all("Requires-Dist") or ())),
        entry_points=(),
        folder=folder,
        classifiers=tuple(map(str, message.get_all("Classifier") or ())),
    )
    return _with_fault(package, fault)


def _with_fault(package: Package, fault: str | None) -> Package:
    """Return the package with a fault and its remedy, unless it has one."""
    if package.fault or not fault:
        return package
    return replace(package, fault=f"{package.name} is damaged: {fault}.\n  {repair(package)}")


def repair(package: Package) -> str:
    """Return what to do about damaged metadata; a name that is only known from a folder is not installed."""
    known = package.name.startswith(FILTER_PREFIX)
    again = f"install it again: pip install --force-reinstall {package.name}" if known else "install its package again"
    return f"Delete {package.folder}, then {again}" if package.folder else again.capitalize()


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _preferred(packages: list[Package]) -> Package:
    """Return the copy that Python imports: the first sound one on the path, and of one folder the newest."""
    sound = [package for package in packages if package.fault is None]
    if not sound:
        return packages[0]
    return max((item for item in sound if item.site == sound[0].site), key=lambda item: Version(item.version))


def _ignored(folder: Path | None, fault: str) -> str:
    return f"{folder} is ignored: {fault}.  Install its package again, or delete that folder."


def _passed_over(chosen: Package, other: Package) -> str:
    used = f"{chosen.title} in {chosen.site} is used"
    reason = f"is damaged, and {used}" if other.fault else f"({other.title}) is ignored: {used}"
    return f"{other.folder} {reason}.  Delete that folder; pip uninstall might remove the other copy."


def names_no_module(point: EntryPoint) -> bool:
    """Return whether an entry point's value is not of the form ``module`` or ``module:attribute``."""
    try:
        return not all(part.isidentifier() for part in point.module.split("."))
    except (AttributeError, ValueError):
        return True


def points_of(packages: Iterable[Package], group: str) -> Iterator[tuple[Package, EntryPoint]]:
    """Yield each entry point of a group, once, with its package."""
    for package in packages:
        points = (point for point in package.entry_points if point.group == group)
        yield from ((package, point) for point in dict.fromkeys(points))
