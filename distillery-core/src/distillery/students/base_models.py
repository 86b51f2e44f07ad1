"""Base models: found in a folder, a pip package, the Hub's cache or the Hub, and checked by sha256.

Why: docs/decisions/base-models.md
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from ..cache import cache_folder
from ..config import BaseModelConfig
from ..errors import BaseModelNotFoundError, CacheError, WeightsError
from ..plugins.host import host_plugins

MODEL_CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"

# Bytes from which a file's sha256 is remembered: filters that share an encoder check the same half gigabyte each.
_LARGE = 2**20

logger = logging.getLogger(__name__)


def resolve_base_model(config: BaseModelConfig, *, offline: bool = False) -> Path:
    """Return the local folder of a base model, its files checked.

    Sources in order: the config's path, a provider plugin, the Hub's local cache, the Hub (unless
    ``offline``). Raises BaseModelNotFoundError naming every source tried, or WeightsError.
    """
    tried: list[str] = []
    sources = (_configured_path, _provided, _from_hub_cache) if offline else _SOURCES
    for source in sources:
        folder = source(config, tried)
        if folder is not None:
            check_files(folder, config.sha256, owner=config.model, remedy=_remedy(config, folder))
            return folder
    raise BaseModelNotFoundError(
        f"The base model {config.model} was not found.  Tried: {'; '.join(tried)}\n  {_remedy(config)}"
    )


def check_files(folder: Path, expected: Mapping[str, str], *, owner: str, remedy: str) -> None:
    """Raise WeightsError unless each named file in the folder has the sha256 expected of it."""
    for name, sha256 in expected.items():
        path = folder / name
        if not path.is_file():
            raise WeightsError(f"{owner}: {path} is missing.\n  {remedy}")
        found = sha256_of(path)
        if found != sha256:
            raise WeightsError(
                f"{owner}: {name} has sha256 {found[:12]}..., its config says {sha256[:12]}....  ({path})\n  {remedy}"
            )


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes in hexadecimal; a large file is read again only if it has changed."""
    status = path.stat()
    if status.st_size < _LARGE:
        return _digest(path)
    return _digest_of_state(path, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@lru_cache(maxsize=256)
def _digest_of_state(path: Path, *_: int) -> str:
    return _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _configured_path(config: BaseModelConfig, tried: list[str]) -> Path | None:
    if config.path is None:
        return None
    tried.append(f"folder {config.path}")
    return config.path if config.path.is_dir() else None


def _provided(config: BaseModelConfig, tried: list[str]) -> Path | None:
    offers: dict[str, tuple[str, Callable[[], Path]]] = {}
    for plugin in host_plugins():
        offers |= {model: (plugin.title, offer) for model, offer in plugin.base_models.items()}
        if plugin.fault:
            tried.append(plugin.fault.partition("\n")[0])
    if config.model not in offers:
        tried.append(f"provider packages ({', '.join(sorted(offers)) or 'none installed'})")
        return None
    title, offer = offers[config.model]
    try:
        return offer()
    except CacheError:
        raise  # the model is there: nothing else is to be tried
    except Exception as error:  # a provider raises what it likes
        tried.append(f"{title} ({type(error).__name__}: {error})")
        return None


def _from_hub_cache(config: BaseModelConfig, tried: list[str]) -> Path | None:
    return _snapshot(config, tried, "the Hub's cache", local_files_only=True)


def _from_hub(config: BaseModelConfig, tried: list[str]) -> Path | None:
    return _snapshot(config, tried, "the Hub", local_files_only=False)


def _snapshot(config: BaseModelConfig, tried: list[str], place: str, *, local_files_only: bool) -> Path | None:
    """Return the folder of the pinned revision, with only the files that the config states."""
    if config.revision is None:
        tried.append(f"{place} (not asked: the config pins no revision)")
        return None
    from huggingface_hub import snapshot_download

    try:
        folder = Path(
            snapshot_download(
                config.model,
                revision=config.revision,
                allow_patterns=[MODEL_CONFIG_FILE, *config.sha256],
                local_files_only=local_files_only,
            )
        )
    except Exception as error:  # huggingface_hub raises many unrelated kinds
        tried.append(f"{place} ({config.model}@{config.revision[:7]}: {type(error).__name__})")
        logger.debug("%s has no %s", place, config.model, exc_info=True)
        return None
    # The cache answers with the revision's folder even if another program fetched only a part of it.
    if absent := [name for name in config.sha256 if not (folder / name).is_file()]:
        tried.append(f"{place} ({config.model}@{config.revision[:7]}: without {', '.join(absent)})")
        return None
    return folder


_SOURCES = (_configured_path, _provided, _from_hub_cache, _from_hub)


def _remedy(config: BaseModelConfig, folder: Path | None = None) -> str:
    """Return what to do about a base model that was not found, or that is not as it must be in ``folder``."""
    if config.package:
        remedy = f'Install it with: pip install --force-reinstall "{config.package}"'
        made_of_it = folder is not None and folder.is_relative_to(cache_folder())
        return f"{remedy}, and delete what was made of it: {folder}" if made_of_it else remedy
    if config.revision is None:
        return (
            "The config must name a package, a path, or the revision to fetch from the Hub; tell the filter's author."
        )
    return "Go online once so that it is fetched, or set students.<name>.base.path in a copy of the filter's folder."
