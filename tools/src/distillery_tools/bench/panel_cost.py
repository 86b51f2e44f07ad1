"""What a panel of filters costs beside one filter: time, by turns in one run, and peak memory of separate processes."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distillery import FilterPanel

from .memory import OURS, peak_memory
from .sample import Articles
from .timing import Turns, Way, ways_in_turns


@dataclass(frozen=True)
class PanelCost:
    """Measures one filter, the first of a panel, and the whole panel, on the same articles."""

    panel: FilterPanel
    articles: Articles

    def report(self, rounds: int, *, memory: bool) -> dict[str, Any]:
        """Measure alone, for JSON; peak memory is in MiB."""
        one, every = self.way(1), self.way(len(self.panel))
        turns = ways_in_turns([one, every], rounds)
        peaks = {count: self._peak(count) for count in (1, len(self.panel))} if memory else {}
        return self.figures(turns[one.name], turns[every.name], peaks)

    def figures(self, one: Turns, every: Turns, peaks: Mapping[int, float]) -> dict[str, Any]:
        """Return the ratios of what was measured of one filter and of all, for JSON.

        On a busy machine the ratio of CPU time, of all threads, varies less than that of wall time.
        """
        n = len(self.panel)
        return {
            "n_filters": n,
            "n_encoders": len({scorer.student.encoder_key for scorer in self.panel}),
            "n_articles": len(self.articles),
            "ms_per_article": {"one": _milliseconds(one.seconds), "panel": _milliseconds(every.seconds)},
            "time_ratio": _ratio(every.seconds, one.seconds),
            "cpu_time_ratio": _ratio(every.cpu_seconds, one.cpu_seconds),
            "peak_mib": {"one": peaks[1], "panel": peaks[n]} if peaks else None,
            "memory_ratio": peaks[n] / peaks[1] if peaks else None,
        }

    def way(self, count: int) -> Way:
        """Return the way to score with the first filters of the panel."""
        part = FilterPanel(self.panel.scorers[:count])
        backend = part.scorers[0].provenance.backend
        return Way(
            name=f"ours, {backend}, {filters(count)}",
            n_filters=count,
            n_articles=len(self.articles),
            n_encodings=len({scorer.student.encoder_key for scorer in part}),
            precision=backend.rpartition("-")[2],
            run=lambda: part.score_batch(self.articles, prefilter=False),
        )

    def _peak(self, count: int) -> float:
        folders = [str(scorer.filter_dir) for scorer in self.panel.scorers[:count]]
        return peak_memory(OURS, self.panel.scorers[0].provenance.backend, self.articles, folders)


def filters(count: int) -> str:
    """Return a number of filters in words."""
    return "1 filter" if count == 1 else f"{count} filters"


def _milliseconds(seconds: Sequence[float]) -> float:
    return 1e3 * statistics.median(seconds)


def _ratio(every: Sequence[float], one: Sequence[float]) -> dict[str, float]:
    """Return the median, the lowest and the highest ratio of the rounds."""
    found = [slow / fast for slow, fast in zip(every, one, strict=True)]
    return {"median": statistics.median(found), "low": min(found), "high": max(found)}
