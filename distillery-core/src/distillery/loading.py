"""load_filter: from a name or a path to a scorer; load_filters: from names to a panel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pluggy

from .config import CONFIG_FILE, FilterConfig
from .errors import (
    DistilleryError,
    FilterContractError,
    FilterError,
    FilterImportError,
    FilterNotFoundError,
    ProbeError,
)
from .names import distribution_of, normalise
from .plugins.filters import InstalledFilter, find_filter, list_filters
from .plugins.hookspecs import FilterHooks
from .plugins.manager import CORE_DISTRIBUTION, core_version, described_error, hook_fault, manager_of
from .scoring.gate import COMMERCE, CommerceGate
from .scoring.panel import FilterPanel
from .scoring.scorer import FilterBaseScorer
from .stage1.hybrid import hybrid_class
from .students.backends.contract import AUTO

FULL, HYBRID = MODES = ("full", "hybrid")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FilterSource:
    """Where a filter's facts are, and the scorer class if the filter brings its own."""

    folder: Path
    scorer_class: type[FilterBaseScorer] | None = None


def load_filter(
    name: str | Path,
    *,
    student: str | None = None,
    backend: str = AUTO,
    device: str | None = None,
    precision: str = AUTO,
    use_prefilter: bool = True,
    commerce: bool = False,
    mode: str = FULL,
) -> FilterBaseScorer:
    """Load a filter by its name, or by the path of its folder, ready to score.

    ``student`` names one of the filter's students (its default otherwise), ``backend`` is ``auto``,
    ``torch`` or ``openvino``, ``device`` is torch's. ``precision`` is ``float32``, ``bfloat16``,
    ``float16`` or ``auto``, the fastest that stays close to float32 (torch by its name: float32). A string
    with a path separator, and a Path, is a path. ``commerce`` sets deals and advertisements aside by the
    installed filter of that name, with the reason ``commerce``. ``mode`` is ``full``, or ``hybrid``: then
    the filter's probe spares the student what is certainly low. Raises FilterError, ConfigError, ModelError,
    CalibrationError or ProbeError.
    """
    _check_mode(mode)
    folder, scorer_class = locate_filter(name)
    if mode == HYBRID:
        scorer_class = hybrid_class(scorer_class)
    scorer = scorer_class.from_folder(
        folder, student=student, backend=backend, device=device, precision=precision, use_prefilter=use_prefilter
    )
    if commerce and scorer.config.normalised_name != COMMERCE:
        scorer.commerce = CommerceGate(load_filter(COMMERCE, backend=backend, device=device, precision=precision))
    return scorer


def load_filters(
    names: Iterable[str | Path] | None = None,
    *,
    student: str | None = None,
    backend: str = AUTO,
    device: str | None = None,
    precision: str = AUTO,
    use_prefilter: bool = True,
    commerce: bool = False,
    mode: str = FULL,
) -> FilterPanel:
    """Load filters by names or paths, all installed ones by default, to score articles with all of them at once.

    The options are those of `load_filter`. ``commerce`` puts the filter of that name in front of all
    others, and leaves it out of the default. In the mode ``hybrid`` a filter without a usable Stage 1 is read
    in full, with a warning. What does not load is in the panel's ``faults`` and costs only itself; if nothing
    loads, DistilleryError is raised, or the very error of the only one.
    """
    _check_mode(mode)
    engine = partial(load_filter, backend=backend, device=device, precision=precision)
    gate = CommerceGate(engine(COMMERCE)) if commerce else None
    scorers: list[FilterBaseScorer] = []
    faults: dict[str, Exception] = {}
    wanted = _wanted(names, without=COMMERCE if commerce else None)
    load = partial(engine, student=student, use_prefilter=use_prefilter)
    for name in wanted:
        try:
            scorer = _hybrid_or_full(load, name) if mode == HYBRID else load(name, mode=mode)
        except Exception as error:  # a filter's own code raises what it likes
            if len(wanted) == 1:
                raise
            faults[_name_of(name)] = error
        else:
            scorer.commerce = gate if scorer.config.normalised_name != COMMERCE else None
            scorers.append(scorer)
    if not scorers:
        raise _nothing_loaded(faults)
    return FilterPanel(scorers, faults)


def _check_mode(mode: str) -> None:
    if mode not in MODES:
        raise DistilleryError(f"There is no mode '{mode}'. There are: {', '.join(MODES)}")


def _hybrid_or_full(load: Callable[..., FilterBaseScorer], name: str | Path) -> FilterBaseScorer:
    try:
        return load(name, mode=HYBRID)
    except ProbeError as error:
        logger.warning("%s\n  Until then its student reads every article.", error)
        return load(name)


def _wanted(names: Iterable[str | Path] | None, *, without: str | None) -> list[str | Path]:
    if isinstance(names, (str, Path)):
        raise DistilleryError(f"load_filters takes a list of names; one alone goes to load_filter({str(names)!r}).")
    if names is None:
        names = [item.name for item in list_filters() if item.name != without]
    wanted = list(dict.fromkeys(names))
    if not wanted:
        raise FilterNotFoundError(
            "There is no filter to load.  Name one that is installed (distillery list), or install one: "
            f'pip install "{distribution_of("uplifting")}"'
        )
    return wanted


def _nothing_loaded(faults: Mapping[str, Exception]) -> DistilleryError:
    """Return one error for many, of their own kind if they share one."""
    kinds = {type(fault) for fault in faults.values() if isinstance(fault, DistilleryError)}
    kind = kinds.pop() if len(kinds) == 1 else FilterError
    reasons = "".join(f"\n{name}: {fault}" for name, fault in faults.items())
    return kind(f"None of the filters could be loaded.{reasons}")


def _name_of(name: str | Path) -> str:
    """Return the name of a filter that did not load: its config's where that can be read."""
    try:
        return load_config(name).name
    except Exception:  # whatever kept it from loading
        return normalise(Path(name).name)


def load_config(name: str | Path) -> FilterConfig:
    """Return a filter's config by name or path; builds no model."""
    return FilterConfig.load(locate_filter(name)[0])


def locate_filter(name: str | Path) -> tuple[Path, type[FilterBaseScorer]]:
    """Return a filter's folder and its scorer class, by name or path; builds no model."""
    if isinstance(name, Path) or "/" in name or "\\" in name or name in {".", ".."}:
        return folder_at(Path(name)), FilterBaseScorer
    item = find_filter(name)
    source = load_source(item)
    check_identity(item, FilterConfig.load(source.folder))
    return source.folder, source.scorer_class or FilterBaseScorer


def folder_at(path: Path) -> Path:
    """Return the folder of config.yaml at a path: itself, or the package inside a project folder."""
    if (path / CONFIG_FILE).is_file():
        return path
    inside = sorted(path.glob(f"src/*/{CONFIG_FILE}"))
    if len(inside) == 1:
        return inside[0].parent
    raise FilterNotFoundError(
        f"No filter stands at {path}: neither {CONFIG_FILE} nor src/<package>/{CONFIG_FILE} is there.\n"
        f"  Give the folder of a filter, or the name of an installed one (distillery list)."
    )


def load_source(item: InstalledFilter) -> FilterSource:
    """Import one filter's package, register it with pluggy, and return what it offers.

    Each filter has a plugin manager of its own, so a broken one touches no other. Raises
    FilterImportError or FilterContractError.
    """
    try:
        module = item.entry_point.load()
    except (Exception, SystemExit) as error:
        raise _import_failed(item, error) from error
    manager = manager_of(FilterHooks)
    try:
        manager.register(module, name=item.distribution)
        manager.check_pending()
        offers: list[Any] = manager.hook.distillery_filter()
    except pluggy.PluginValidationError as error:
        raise FilterContractError(hook_fault(item.title, error, FilterHooks)) from error
    except (Exception, SystemExit) as error:
        raise _import_failed(item, error) from error
    return _source(item, offers)


def check_identity(item: InstalledFilter, config: FilterConfig) -> None:
    """Raise FilterContractError unless entry point, distribution and config.yaml agree."""
    if config.normalised_name != item.name:
        raise FilterContractError(
            f"{item.title} registers a filter '{item.name}', but its config.yaml names '{config.name}'.\n"
            f"  The entry point and the config must carry the same name; tell the filter's author."
        )
    if config.version != item.version:
        raise FilterContractError(
            f"{item.title} holds a config.yaml of version {config.version}: the copy is not what was released.\n"
            f'  Reinstall it: pip install --force-reinstall "{item.distribution}=={item.version}"'
        )


def _source(item: InstalledFilter, offers: list[Any]) -> FilterSource:
    offer = offers[0] if len(offers) == 1 else None
    if isinstance(offer, Path):
        return FilterSource(offer)
    if isinstance(offer, type) and issubclass(offer, FilterBaseScorer) and isinstance(offer.folder, Path):
        return FilterSource(offer.folder, offer)
    if not offers:
        raise FilterContractError(
            f"{item.title} does not implement the hook distillery_filter, or returns None from it.\n"
            f"  Its module needs a function distillery_filter under @distillery.hookimpl; tell the filter's author."
        )
    raise FilterContractError(
        f"{item.title} answers the hook distillery_filter with {offer!r}.\n"
        f"  It must return the folder of its config.yaml (a pathlib.Path), or a subclass of FilterBaseScorer "
        f"whose class attribute 'folder' is that path."
    )


def _import_failed(item: InstalledFilter, error: BaseException) -> FilterImportError:
    remedy = f"Reinstall it: pip install --force-reinstall {item.distribution}"
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if missing == __package__:
        remedy = (
            f"It was made for another {CORE_DISTRIBUTION} than {core_version()}. "
            f"Upgrade both: pip install -U {CORE_DISTRIBUTION} {item.distribution}"
        )
    elif missing and missing != item.entry_point.module.partition(".")[0]:
        remedy = f"Install what is missing: pip install {missing}"
    return FilterImportError(
        f"{item.name} {item.version} could not be imported: {described_error(error)}\n"
        f"  {remedy}, or remove the filter: pip uninstall {item.distribution}   "
        f"(details: distillery doctor {item.name})"
    )
