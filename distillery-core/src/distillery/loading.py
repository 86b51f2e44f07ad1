"""load_filter: from a name or a path to a scorer; load_filters: from names to a panel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    OperatingPointError,
    ProbeError,
)
from .names import distribution_of, normalise
from .plugins.filters import InstalledFilter, find_filter, list_filters, remedy_for_another_version
from .plugins.hookspecs import FilterHooks
from .plugins.manager import CORE_DISTRIBUTION, core_version, described_error, hook_fault, manager_of
from .scoring.gate import FilterGate
from .scoring.panel import FilterPanel
from .scoring.scorer import FilterBaseScorer
from .scoring.stream import OnBatch
from .stage1.stage1 import Stage1
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
    threads: int | None = None,
    prefilter: bool = True,
    gates: Iterable[str | Path | FilterGate] = (),
    mode: str = FULL,
    operating_point: str | None = None,
    on_batch: OnBatch | None = None,
) -> FilterBaseScorer:
    """Load a filter by its name, or by the path of its folder, ready to score.

    A Path, and a string with a path separator, is a path. ``student`` names one of the filter's students (its default
    otherwise). ``backend`` is ``auto``, ``torch`` or ``openvino``, ``device`` is torch's (``cpu``, ``cuda``).
    ``precision`` is ``float32``, ``bfloat16``, ``float16`` or ``auto``, the fastest that stays close to float32
    (``backend="torch"``: float32). ``threads`` is how many CPU threads run the student, all cores by default; torch's
    setting holds for the whole process. ``prefilter=False`` scores the articles that the filter's rules would set
    aside. ``gates`` are filters whose highest tier sets articles aside, such as ``["commerce"]``. ``mode`` is ``full``,
    or ``hybrid``: a cheap probe scores clearly low articles, the student scores the rest. ``operating_point`` is one of
    the filter's, such as ``balanced``, ``recall-80`` or ``precision-80``: an article is at least in the tier of the
    positives if its weighted average reaches the point's threshold, and below it otherwise; nothing else changes.
    ``on_batch`` is called with the `BatchMetrics` of each batch.

    Raises FilterError, ConfigError, ModelError, CalibrationError or ProbeError; OperatingPointError, a ConfigError,
    names the operating points that there are.

        scorer = distillery.load_filter("uplifting", gates=["commerce"], mode="hybrid")
    """
    _check_mode(mode)
    engine: dict[str, Any] = {"backend": backend, "device": device, "precision": precision, "threads": threads}
    return _load(
        name,
        mode=mode,
        gates=_load_gates(gates, engine),
        student=student,
        prefilter=prefilter,
        operating_point=operating_point,
        on_batch=on_batch,
        **engine,
    )


def load_filters(
    names: Iterable[str | Path] | None = None,
    *,
    student: str | None = None,
    backend: str = AUTO,
    device: str | None = None,
    precision: str = AUTO,
    threads: int | None = None,
    prefilter: bool = True,
    gates: Iterable[str | Path | FilterGate] = (),
    mode: str = FULL,
    operating_point: str | None = None,
    strict: bool = True,
    on_batch: OnBatch | None = None,
) -> FilterPanel:
    """Load filters by names or paths, all installed ones by default, to score articles with all of them at once.

    The options are those of `load_filter`. Without ``names``, the gates' own filters are left out. In the mode
    ``hybrid`` a filter without a usable Stage 1 is loaded in full, with a warning. A filter without the
    ``operating_point`` keeps its own tiers, with a warning; if all lack it, OperatingPointError is raised.

    A named filter that does not load raises its error. With ``strict=False``, and without ``names``, it costs only
    itself: the panel's ``faults`` hold the reason. If nothing loads, an error is raised in any case.

        panel = distillery.load_filters(["uplifting", "investment-risk"])
    """
    _check_mode(mode)
    engine: dict[str, Any] = {"backend": backend, "device": device, "precision": precision, "threads": threads}
    loaded_gates = _load_gates(gates, engine)
    requested = _requested(names, without={gate.name for gate in loaded_gates})
    options = {**engine, "gates": loaded_gates, "student": student, "prefilter": prefilter}
    load: Callable[..., FilterBaseScorer] = partial(_load, **options)
    scorers: list[FilterBaseScorer] = []
    faults: dict[str, Exception] = {}
    for name in requested:
        try:
            scorers.append(_load_at_point(load, name, mode, operating_point, alone=len(requested) == 1))
        except Exception as error:  # a filter's own code raises what it likes
            if len(requested) == 1 or (strict and names is not None):
                raise
            faults[_name_of(name)] = error
    if not scorers:
        raise _nothing_loaded(faults)
    if operating_point is not None and not any(scorer.operating_point for scorer in scorers):
        known = ", ".join(dict.fromkeys(name for scorer in scorers for name in scorer.info()["operating_points"]))
        raise OperatingPointError(
            f"None of the filters has the operating point '{operating_point}'.  There are: {known or 'none at all'}"
        )
    return FilterPanel(scorers, faults, on_batch=on_batch)


def _load(name: str | Path, *, mode: str, gates: Sequence[FilterGate], **options: Any) -> FilterBaseScorer:
    folder, scorer_class = locate_filter(name)
    config = FilterConfig.load(folder)
    stage1 = Stage1.load(config, folder) if mode == HYBRID else None
    others = [gate for gate in gates if normalise(gate.name) != config.normalised_name]
    address = folder.resolve() if is_path(name) else name
    reload = partial(_load, address, mode=mode, gates=gates, **options)
    return scorer_class.from_folder(folder, stage1=stage1, gates=others, reload=reload, **options)


def _load_gates(gates: Iterable[str | Path | FilterGate], engine: Mapping[str, Any]) -> list[FilterGate]:
    if isinstance(gates, (str, Path)):
        raise DistilleryError(f"gates takes a list of names: gates=[{str(gates)!r}].")
    return [gate if isinstance(gate, FilterGate) else FilterGate(load_filter(gate, **engine)) for gate in gates]


def _check_mode(mode: str) -> None:
    if mode not in MODES:
        raise DistilleryError(f"There is no mode '{mode}'. There are: {', '.join(MODES)}")


def _load_at_point(
    load: Callable[..., FilterBaseScorer], name: str | Path, mode: str, operating_point: str | None, *, alone: bool
) -> FilterBaseScorer:
    """Load a filter of a panel; one that lacks the operating point keeps its own tiers, unless it is ``alone``."""
    try:
        return _load_hybrid_or_full(load, name, mode, operating_point=operating_point)
    except OperatingPointError as error:
        if alone:
            raise
        logger.warning("%s\n  Its tiers start where its config.yaml says.", error)
        return _load_hybrid_or_full(load, name, mode)


def _load_hybrid_or_full(
    load: Callable[..., FilterBaseScorer], name: str | Path, mode: str, **options: Any
) -> FilterBaseScorer:
    if mode != HYBRID:
        return load(name, mode=mode, **options)
    try:
        return load(name, mode=HYBRID, **options)
    except ProbeError as error:
        logger.warning("%s\n  Until then its student scores every article.", error)
        return load(name, mode=FULL, **options)


def _requested(names: Iterable[str | Path] | None, *, without: set[str]) -> list[str | Path]:
    if isinstance(names, (str, Path)):
        raise DistilleryError(f"load_filters takes a list of names; one alone goes to load_filter({str(names)!r}).")
    if names is None:
        names = [item.name for item in list_filters() if item.name not in set(map(normalise, without))]
    requested = list(dict.fromkeys(names))
    if not requested:
        raise FilterNotFoundError(
            "There is no filter to load.  Name one that is installed (distillery list), or install one: "
            f'pip install "{distribution_of("uplifting")}"'
        )
    return requested


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
    if is_path(name):
        return folder_at(Path(name)), FilterBaseScorer
    item = find_filter(str(name))
    source = load_source(item)
    check_identity(item, FilterConfig.load(source.folder), source.folder)
    return source.folder, source.scorer_class or FilterBaseScorer


def is_path(name: str | Path) -> bool:
    """Say whether a filter is named by a path: a Path, or a string with a path separator."""
    return isinstance(name, Path) or "/" in name or "\\" in name or name in {".", ".."}


def folder_at(path: Path) -> Path:
    """Return the folder of config.yaml at a path: itself, or the package inside a project folder."""
    if (path / CONFIG_FILE).is_file():
        return path
    inside = sorted(path.glob(f"src/*/{CONFIG_FILE}"))
    if len(inside) == 1:
        return inside[0].parent
    raise FilterNotFoundError(
        f"There is no filter at {path}: it has neither {CONFIG_FILE} nor src/<package>/{CONFIG_FILE}.\n"
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


def check_identity(item: InstalledFilter, config: FilterConfig, folder: Path) -> None:
    """Raise FilterContractError unless entry point, distribution and the config.yaml in the folder agree."""
    if config.normalised_name != item.name:
        raise FilterContractError(
            f"{item.title} registers a filter '{item.name}', but its config.yaml names '{config.name}'.\n"
            f"  The entry point and the config must have the same name.  Tell the filter's author."
        )
    if config.version != item.version:
        raise FilterContractError(
            f"{item.title} is installed, but its config.yaml is of version {config.version}.\n"
            f"  {remedy_for_another_version(item, folder)}"
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
            f"  Its module needs a function distillery_filter under @distillery.hookimpl.  Tell the filter's author."
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
        remedy = f"Install what it requires: pip install {item.distribution}"
    return FilterImportError(
        f"{item.name} {item.version} could not be imported: {described_error(error)}\n"
        f"  {remedy}, or remove the filter: pip uninstall {item.distribution}   "
        f"(details: distillery doctor {item.name})"
    )
