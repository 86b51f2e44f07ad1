"""How many articles skip the student in the mode hybrid, and how much faster that is.

    python benchmarks/hybrid.py --articles ../shared/data/unlabelled.jsonl

Prints for each filter, and for a panel of all, how many of the articles that the prefilter passes are left to Stage 1
(in the panel: read for none of the filters), the milliseconds an article of the student alone and of both stages
taking turns, and their ratio; and what Stage 1 costs in memory and by its parts. Only ratios mean anything on a shared
machine.
"""

from __future__ import annotations

import argparse
import statistics
from functools import partial
from pathlib import Path
from typing import Any

from sample import EXAMPLES, read_articles

from distillery import Article, FilterConfig, FilterPanel, Score, load_filters
from distillery.toolkit import STAGE_1, Probe, StaticEmbedder, locate_filter
from distillery_tools.bench.timing import Way, ratio, timed_in_turns

FILTERS = ("uplifting", "sustainability-technology", "investment-risk", "cultural-discovery")
STATUS = Path("/proc/self/status")

Seconds = dict[str, list[float]]


def main() -> None:
    """Measure and print."""
    options = _options()
    articles = read_articles(options.articles, options.n)
    _print_memory(options.filters[0], articles)
    full, hybrid = (load_filters(options.filters, backend=options.backend, mode=mode) for mode in ("full", "hybrid"))
    timed = articles[: options.timed]
    print(f"{len(articles)} articles, {len(timed)} of them timed; {full.scorers[0].provenance.backend}")
    print(f"{'':28} {'passed':>7} {'Stage 1':>8} {'full ms':>8} {'hybrid ms':>10} {'ratio':>6}")
    results = hybrid.score_batch(articles)
    for student, both in zip(full, hybrid, strict=True):
        name = both.config.name
        seconds = _timed(FilterPanel([student]), FilterPanel([both]), timed, options.rounds)
        _print(name, [[result[name]] for result in results], seconds)
    _print("all in a panel", [list(result.values()) for result in results], _timed(full, hybrid, timed, options.rounds))
    _print_stage1(hybrid, timed, options.rounds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filters", nargs="+", default=FILTERS, help="names or folders of filters with a probe")
    parser.add_argument("--articles", type=Path, default=EXAMPLES, help="JSON lines (default: our invented examples)")
    parser.add_argument("--n", type=int, default=3327, help="articles for the shares (default 3327)")
    parser.add_argument("--timed", type=int, default=160, help="articles for the times (default 160)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of measuring (default 3)")
    parser.add_argument("--backend", default="auto", help="backend of the student (default auto)")
    return parser.parse_args()


def _timed(full: FilterPanel, hybrid: FilterPanel, articles: list[dict[str, Any]], rounds: int) -> Seconds:
    ways = [
        Way(name, len(panel), len(articles), 1, "", partial(panel.score_batch, articles))
        for name, panel in (("full", full), ("hybrid", hybrid))
    ]
    return timed_in_turns(ways, rounds, lambda: None)


def _print(name: str, results: list[list[Score]], seconds: Seconds) -> None:
    """Print one line; ``results`` are the scores of each article by the filters that share its encoding."""
    passed = [scores for scores in results if any(score.stage_used for score in scores)]
    skipped = sum(all(score.stage_used in (STAGE_1, None) for score in scores) for scores in passed)
    full, hybrid = (statistics.median(seconds[way]) * 1e3 for way in ("full", "hybrid"))
    factor = ratio(seconds["full"], seconds["hybrid"])
    print(f"{name:28} {len(passed):7} {skipped / len(passed):8.1%} {full:8.1f} {hybrid:10.1f} {factor:6.2f}")


def _print_stage1(panel: FilterPanel, articles: list[dict[str, Any]], rounds: int) -> None:
    """Print what the parts of Stage 1 cost."""
    scorers = [scorer for scorer in panel if scorer.stage1]
    embedder, texts = scorers[0].stage1.embedder, [Article.from_dict(article).text for article in articles]
    rows = embedder.tokenizer.encode(texts)
    vectors = embedder.embed_tokens(rows)
    parts = {
        "token ids": partial(embedder.tokenizer.encode, texts),
        "vectors": partial(embedder.embed_tokens, rows),
        "probes": lambda: [scorer.score_stage1(vectors) for scorer in scorers],
    }
    ways = [Way(name, 1, len(texts), 0, "", run) for name, run in parts.items()]
    for name, seconds in timed_in_turns(ways, rounds, lambda: None).items():
        print(f"Stage 1, {name}: {statistics.median(seconds) * 1e3:.3f} ms per article")


def _print_memory(name: str, articles: list[dict[str, Any]]) -> None:
    """Print what embedding adds to this process before a student is in it: memory of its own, and mapped pages."""
    folder = locate_filter(name)[0]
    embedder = StaticEmbedder.load(Probe.load(FilterConfig.load(folder), folder).record.embedder, folder)
    rows = embedder.tokenizer.encode([Article.from_dict(article).text for article in articles])
    before = _resident()
    embedder.embed_tokens(rows)
    own, mapped = (after - start for after, start in zip(_resident(), before, strict=True))
    print(
        f"Stage 1 on {len(rows)} articles: {own:+.0f} MiB of its own, {mapped:+.0f} MiB of the base model's file mapped"
    )


def _resident() -> list[float]:
    """Return the resident MiB of this process: its own, and those of files, which processes share (Linux)."""
    lines = dict(line.split(":", 1) for line in STATUS.read_text(encoding="utf-8").splitlines())
    return [int(lines[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile")]


if __name__ == "__main__":
    main()
