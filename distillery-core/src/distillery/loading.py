"""load_filter: from a name or a path to a scorer."""

from __future__ import annotations

from pathlib import Path

from .backends import AUTO
from .commerce import COMMERCE, CommerceGate
from .config import CONFIG_FILE, FilterConfig
from .errors import FilterNotFoundError
from .plugins import check_identity, find_filter, load_source
from .scorer import FilterBaseScorer


def load_filter(
    name: str | Path,
    *,
    student: str | None = None,
    backend: str = AUTO,
    device: str | None = None,
    use_prefilter: bool = True,
    commerce: bool = False,
) -> FilterBaseScorer:
    """Load a filter by its name, or by the path of its folder, ready to score.

    ``student`` names one of the filter's students (its default otherwise), ``backend`` is ``auto``,
    ``torch`` or ``openvino``, ``device`` is torch's. A string with a path separator, and a Path, is
    a path. ``commerce`` sets deals and advertisements aside by the installed filter of that name, with
    the reason ``commerce``. Raises FilterError, ConfigError, ModelError or CalibrationError.
    """
    folder, scorer_class = locate_filter(name)
    scorer = scorer_class.from_folder(
        folder, student=student, backend=backend, device=device, use_prefilter=use_prefilter
    )
    if commerce and scorer.config.normalised_name != COMMERCE:
        scorer.commerce = CommerceGate(load_filter(COMMERCE, backend=backend, device=device))
    return scorer


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
