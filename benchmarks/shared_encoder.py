"""What four filters cost when they share an encoder: one reading for all, against each reading for itself.

    python benchmarks/shared_encoder.py --articles ../shared/data/unlabelled.jsonl

Prints the median milliseconds an article of scoring with one filter, with all of them one after the other, and
with all of them over one reading, taking turns in one process; and the ratio of each to one filter. Only ratios
mean anything on a shared machine.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sample import EXAMPLES, read_articles

from distillery import Article, FilterBaseScorer, Score, load_filter

FILTERS = ("uplifting", "sustainability-technology", "investment-risk", "cultural-discovery")

Scored = list[list[Score]]


def main() -> None:
    """Measure and print."""
    options = _options()
    articles = [Article.from_dict(article) for article in read_articles(options.articles, options.n)]
    scorers = [load_filter(name, backend=options.backend) for name in options.filters]
    ways: dict[str, Callable[[], Scored]] = {
        "one filter": lambda: _each(scorers[:1], articles),
        f"{len(scorers)} filters, each reading": lambda: _each(scorers, articles),
        f"{len(scorers)} filters, one reading": lambda: _together(scorers, articles),
    }
    found = {name: way() for name, way in ways.items()}  # warms every way up
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    _print(seconds, found, len(articles), scorers[0].student.backend.name)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filters", nargs="+", default=FILTERS, help="names of filters that share an encoder")
    parser.add_argument("--articles", type=Path, default=EXAMPLES, help="JSON lines (default: our invented examples)")
    parser.add_argument("--n", type=int, default=160, help="how many articles (default 160)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way (default 3)")
    parser.add_argument("--backend", default="auto", help="what runs the encoder (default auto)")
    return parser.parse_args()


def _each(scorers: list[FilterBaseScorer], articles: list[Article]) -> Scored:
    return [scorer.score_batch(articles, skip_prefilter=True) for scorer in scorers]


def _together(scorers: list[FilterBaseScorer], articles: list[Article]) -> Scored:
    first, *others = (scorer.student for scorer in scorers)
    if any(student.reading_key != first.reading_key for student in others):
        raise SystemExit("these filters do not share an encoder")
    outputs = first.read([article.text for article in articles])
    return [scorer.score_outputs(outputs) for scorer in scorers]


def _print(seconds: dict[str, list[float]], found: dict[str, Scored], n: int, backend: str) -> None:
    one, *_, together = seconds
    print(f"{n} articles, {backend}")
    print(f"{'':28} {'ms/article':>10} {'ratio':>6}")
    for name, times in seconds.items():
        ratio = statistics.median(own / base for base, own in zip(seconds[one], times, strict=True))
        print(f"{name:28} {statistics.median(times) / n * 1e3:10.1f} {ratio:6.2f}")
    each = next(scored for name, scored in found.items() if name not in (one, together))
    print(f"largest difference between the two ways: {_distance(each, found[together]):.2g} on the 0-10 scale")


def _distance(first: Scored, second: Scored) -> float:
    pairs = zip(_averages(first), _averages(second), strict=True)
    return float(max(np.abs(one - other).max() for one, other in pairs))


def _averages(scored: Scored) -> list[NDArray[np.float64]]:
    return [np.array([score.weighted_average or 0.0 for score in scores]) for scores in scored]


if __name__ == "__main__":
    main()
