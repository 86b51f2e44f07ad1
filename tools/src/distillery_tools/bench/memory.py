"""Peak memory of scoring, each way in a process of its own.

``python -m distillery_tools.bench.memory WAY BACKEND ARTICLES NAME...`` scores and prints its peak in MiB.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .sample import Articles

if TYPE_CHECKING:
    from distillery import FilterPanel

STATUS = Path("/proc/self/status")
NAIVE, OURS = "naive", "ours"
# The naive path holds a model of its own for each filter; for more filters, its time is that of one, so many times.
MAX_NAIVE = 4

Folder = TypeVar("Folder", str, Path)


def memory_table(panel: FilterPanel, articles: Articles) -> list[dict[str, Any]]:
    """Return the peak memory of the naive path and of ours, with one filter and with all."""
    folders = [str(scorer.filter_dir) for scorer in panel]
    backend = panel.scorers[0].provenance.backend
    counts = {NAIVE: sorted({1, len(naively(folders))}), OURS: sorted({1, len(folders)})}
    return [
        {"way": way, "filters": count, "peak_mib": peak_memory(way, backend, articles, folders[:count])}
        for way in (NAIVE, OURS)
        for count in counts[way]
    ]


def naively(folders: Sequence[Folder]) -> Sequence[Folder]:
    """Return the filters that the naive path runs: all of a few, only the first of many."""
    return folders if len(folders) <= MAX_NAIVE else folders[:1]


def peak_memory(way: str, backend: str, articles: Articles, names: Sequence[str]) -> float:
    """Return the peak resident MiB of a fresh process that scores articles with these filters."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "articles.json")
        path.write_text(json.dumps(articles), encoding="utf-8")
        command = [sys.executable, "-m", __name__, way, backend, str(path), *names]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  this very module
    return float(ended.stdout)


def main(way: str, backend: str, path: str, *names: str) -> None:
    """Score articles in one way and print the peak resident MiB of this process."""
    articles = json.loads(Path(path).read_text(encoding="utf-8"))
    if way == NAIVE:
        _score_naively(articles, names)
    else:
        from distillery import load_filters

        kind, _, precision = backend.partition("-")
        load_filters(names, backend=kind, precision=precision).score_batch(articles, prefilter=False)
    print(f"{_peak():.1f}")  # noqa: T201  the answer to the process that waits


def _score_naively(articles: Articles, names: Sequence[str]) -> None:
    from distillery import Article

    from .naive import NaivePath

    paths = [NaivePath(name) for name in names]
    for path in paths:
        path.predict([Article.from_dict(article).text for article in articles])


def _peak() -> float:
    """Return this process's peak in MiB; what getrusage says may be that of the process that started it."""
    if STATUS.exists():
        line = next(line for line in STATUS.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
