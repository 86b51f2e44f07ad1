"""Articles per second: the naive path against ours, the same articles, one process, taking turns.

    python benchmarks/throughput.py --articles ../shared/data/unlabelled.jsonl

Prints for each path the median milliseconds an article, the ratio to the naive path of the same
round, and how far its raw scores are from the naive ones on the 0-10 scale. Only ratios mean
anything on a shared machine.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from naive import NaivePath
from numpy.typing import NDArray
from sample import EXAMPLES, read_articles

from distillery import Article, FilterBaseScorer, load_filter
from distillery.batching import TOKEN_BUDGET, batches_by_length

Predict = Callable[[list[str]], NDArray[np.float32]]


def main() -> None:
    """Measure and print."""
    options = _options()
    texts = [Article.from_dict(article).text for article in read_articles(options.articles, options.n)]
    scorer = load_filter(options.filter, backend="torch")
    _print_lengths(scorer, texts)
    paths = _paths(options.filter, scorer)
    reference = {name: path(texts[:16]) for name, path in paths.items()}  # warms every path up
    del reference
    seconds: dict[str, list[float]] = {name: [] for name in paths}
    scores: dict[str, NDArray[np.float32]] = {}
    for _ in range(options.rounds):
        for name, path in paths.items():
            started = time.perf_counter()
            scores[name] = path(texts)
            seconds[name].append(time.perf_counter() - started)
    _print_results(seconds, scores, len(texts))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", default="uplifting", help="name or folder of the filter")
    parser.add_argument("--articles", type=Path, default=EXAMPLES, help="JSON lines (default: our invented examples)")
    parser.add_argument("--n", type=int, default=160, help="how many articles (default 160)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each path (default 3)")
    return parser.parse_args()


def _paths(name: str, scorer: FilterBaseScorer) -> dict[str, Predict]:
    """Return the ways to predict, the naive one first."""
    length = scorer.MAX_TOKEN_LENGTH
    paths: dict[str, Predict] = {
        "naive, padded to 512": NaivePath(scorer).predict,
        f"naive, padded to {length}": NaivePath(scorer, length).predict,
        f"ours, {scorer.student.backend.name}": scorer.student.predict,
    }
    if importlib.util.find_spec("openvino"):
        student = load_filter(name, backend="openvino").student
        paths[f"ours, {student.backend.name}"] = student.predict
    return paths


def _print_lengths(scorer: FilterBaseScorer, texts: list[str]) -> None:
    lengths = [len(row) for row in scorer.student.tokenizer.encode(texts)]
    batches = batches_by_length(lengths)
    computed = sum(len(batch) * max(lengths[index] for index in batch) for batch in batches)
    print(
        f"{len(texts)} articles, {statistics.mean(lengths):.0f} tokens each on average, at most {max(lengths)}; "
        f"{len(batches)} batches of at most {TOKEN_BUDGET} tokens, {1 - sum(lengths) / computed:.1%} padding"
    )


def _print_results(seconds: dict[str, list[float]], scores: dict[str, NDArray[np.float32]], n: int) -> None:
    naive, *_ = seconds
    print(f"{'path':28} {'ms/article':>10} {'articles/s':>10} {'ratio':>6} {'max diff':>9} {'mean diff':>9}")
    for name, times in seconds.items():
        ratio = statistics.median(base / own for base, own in zip(seconds[naive], times, strict=True))
        distance = np.abs(scores[name] - scores[naive])
        median = statistics.median(times)
        print(
            f"{name:28} {median / n * 1e3:10.1f} {n / median:10.1f} {ratio:6.2f} "
            f"{distance.max():9.2g} {distance.mean():9.2g}"
        )


if __name__ == "__main__":
    main()
