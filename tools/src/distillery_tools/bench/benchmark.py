"""Benchmark: several ways to score the same articles, in one run, with the naive path and the machine's limit."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from distillery import Article, FilterPanel, load_filters
from distillery.toolkit import HYBRID, STAGE_1, load_backbone

from .agreement import agreement
from .ceiling import PRECISIONS, matmul_rate, operations
from .machine import machine
from .memory import OURS, memory_table, naively
from .naive import BATCH_SIZE, NaivePath
from .panel_cost import PanelCost, filters
from .sample import Articles
from .timing import Turns, Way, ratio, ways_in_turns

# The naive path pads every article to the same length, so one batch shows its cost.
N_NAIVE = BATCH_SIZE

Facts = dict[str, Any]


class Benchmark:
    """The ways to score articles with some filters; a single filter means the first one."""

    def __init__(self, panel: FilterPanel, articles: Articles) -> None:
        """Load what the ways need besides the panel."""
        self.panel = panel
        self.articles = articles
        folders = [scorer.filter_dir for scorer in panel]
        self._naive = [NaivePath(folder) for folder in naively(folders)]
        self._cost = PanelCost(panel, articles)
        self._reference = load_filters(folders, backend="torch")
        backend, _, precision = panel.scorers[0].provenance.backend.partition("-")
        hybrid = load_filters(folders, backend=backend, precision=precision, mode=HYBRID)
        self._hybrid = FilterPanel(scorer for scorer in hybrid if scorer.stage1)
        self._backbone = load_backbone(panel.scorers[0].student.encoder_spec.base_folder())
        self._rates: dict[str, list[float]] = {name: [] for name in PRECISIONS}

    def report(self, rounds: int, *, memory: bool) -> Facts:
        """Measure everything; return it for JSON. Speeds are in articles, GFLOP and seconds, memory in MiB."""
        ways = self._ways()
        turns = ways_in_turns(ways, rounds, self._measure_ceiling)
        seconds = {name: one.seconds for name, one in turns.items()}
        ceiling = {name: statistics.median(rates) for name, rates in self._rates.items()}
        lengths = self._lengths()
        work = operations(self._backbone, lengths) / len(lengths) / 1e9
        scorers = self.panel.scorers
        peaks = memory_table(self.panel, self.articles) if memory else []
        return {
            "machine": machine(),
            "rounds": rounds,
            "filters": [scorer.config.name for scorer in scorers],
            "backend": scorers[0].provenance.backend,
            "articles": {"n": len(lengths), "mean_tokens": statistics.mean(lengths), "gflop_each": work},
            "ceiling_gflops": ceiling,
            "ways": [_described(way, seconds, work, ceiling) for way in ways],
            "last_filter_ms": self._last_on_top(seconds),
            "stage1": self._skipped(),
            "agreement": self._agreement(),
            "memory": peaks,
            "panel": self._panel(turns, peaks),
        }

    def _panel(self, turns: Mapping[str, Turns], peaks: Sequence[Facts]) -> Facts | None:
        """Return what the panel costs beside its first filter, None for a single filter."""
        n = len(self.panel)
        if n == 1:
            return None
        one, every = (turns[self._cost.way(count).name] for count in (1, n))
        return self._cost.figures(one, every, {row["filters"]: row["peak_mib"] for row in peaks if row["way"] == OURS})

    def _ways(self) -> list[Way]:
        n = len(self.panel)
        ways = [self._naive_way(count) for count in sorted({1, len(self._naive)})]
        ways.append(self._our_way(self._reference, 1))
        if self.panel.scorers[0].provenance.backend != self._reference.scorers[0].provenance.backend:
            ways.append(self._our_way(self.panel, 1))
        ways += [self._our_way(self.panel, count) for count in sorted({n - 1, n} - {0, 1})]
        return ways + [
            self._our_way(self._hybrid, count)
            for count in range(1, len(self._hybrid) + 1, max(1, len(self._hybrid) - 1))
        ]

    def _last_on_top(self, seconds: Mapping[str, Sequence[float]]) -> float | None:
        """Return the milliseconds per article that the last filter adds to the others, None for a single filter."""
        n = len(self.panel)
        if n == 1:
            return None
        less, all_of_them = (seconds[self._our_way(self.panel, count).name] for count in (n - 1, n))
        return 1e3 * statistics.median(more - fewer for more, fewer in zip(all_of_them, less, strict=True))

    def _naive_way(self, count: int) -> Way:
        texts = [Article.from_dict(article).text for article in self.articles[:N_NAIVE]]
        paths = self._naive[:count]
        return Way(
            name=naive_name(count),
            n_filters=count,
            n_articles=len(texts),
            n_encodings=count,
            precision="float32",
            run=lambda: [path.predict(texts) for path in paths],
        )

    def _our_way(self, panel: FilterPanel, count: int) -> Way:
        if panel is self.panel:
            return self._cost.way(count)
        part = FilterPanel(panel.scorers[:count])
        backend = part.scorers[0].provenance.backend
        kind = "hybrid" if panel is self._hybrid else "ours"
        return Way(
            name=f"{kind}, {backend}, {filters(count)}",
            n_filters=count,
            n_articles=len(self.articles),
            n_encodings=0 if panel is self._hybrid else len({scorer.student.encoder_key for scorer in part}),
            precision=backend.rpartition("-")[2],
            run=lambda: part.score_batch(self.articles, prefilter=False),
        )

    def _measure_ceiling(self) -> None:
        for name, rates in self._rates.items():
            rates.append(matmul_rate(self._backbone, name))

    def _lengths(self) -> list[int]:
        """Return how many tokens of each article a student reads."""
        texts = [Article.from_dict(article).text for article in self.articles]
        return [len(row) for row in self.panel.scorers[0].student.tokenizer.encode(texts)]

    def _skipped(self) -> Facts:
        """Return the share of the articles that skip each student, and all students."""
        if not len(self._hybrid):
            return {}
        results = self._hybrid.score_batch(self.articles, prefilter=False)
        skipped = [[one.stage_used == STAGE_1 for one in scores.values()] for scores in results]
        shares = [statistics.mean(column) for column in zip(*skipped, strict=True)]
        return {**dict(zip(self._hybrid.names, shares, strict=True)), "all": statistics.mean(map(all, skipped))}

    def _agreement(self) -> list[Facts]:
        panels = self.panel, self._reference
        scores, expected = (panel.score_batch(self.articles, prefilter=False) for panel in panels)
        return [
            agreement(scorer, [one[name] for one in scores], [one[name] for one in expected])
            for scorer, name in zip(self.panel, self.panel.names, strict=True)
        ]


def _described(way: Way, seconds: Mapping[str, Sequence[float]], work: float, ceiling: Mapping[str, float]) -> Facts:
    """Return the cost of one way, compared with the naive path for as many filters and with matrix products."""
    own, one_naive = seconds[way.name], seconds[naive_name(1)]
    naive = seconds.get(naive_name(way.n_filters)) or [way.n_filters * each for each in one_naive]
    median = statistics.median(own)
    rate = way.n_encodings * work / median
    return {
        "name": way.name,
        "filters": way.n_filters,
        "ms_per_article": 1e3 * median,
        "articles_per_second": 1 / median,
        "times_naive": ratio(naive, own),
        "gflops": rate,
        "share_of_ceiling": rate / ceiling[way.precision],
        "seconds_by_round": list(own),
    }


def naive_name(count: int) -> str:
    """Return the name of the naive way with so many filters."""
    return f"naive, {filters(count)}"
