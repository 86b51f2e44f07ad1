"""How much batching, order and a panel change a score, and how close each backend ranks to float32.

    python benchmarks/invariance.py --articles ../shared/data/unlabelled.jsonl

Scores the same articles one by one, all together, shuffled, and in a panel, with each backend, and prints the largest
difference of any raw score from its score alone; then distances and rank correlations against torch in float32.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sample import EXAMPLES, read_articles

from distillery import DistilleryError, FilterPanel, Score, load_filters
from distillery_tools.bench.agreement import agreement

Results = list[dict[str, Score]]
KINDS = (("torch", "float32"), ("torch", "bfloat16"), ("openvino", "bfloat16"), ("openvino", "float32"))


def main() -> None:
    """Measure and print."""
    options = _options()
    articles = read_articles(options.articles, options.n)
    reference = load_filters(options.filters, backend="torch").score_batch(articles, prefilter=False)
    print(f"{len(articles)} articles; largest difference of a raw score from the article's score alone")
    for backend, precision in KINDS:
        if backend == "openvino" and importlib.util.find_spec("openvino") is None:
            continue
        try:
            panel = load_filters(options.filters, backend=backend, precision=precision)
        except DistilleryError as error:
            print(f"{backend} {precision}: {error}")
            continue
        _compare(panel, articles, reference)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filters", nargs="+", help="names or folders of filters (default: all installed ones)")
    parser.add_argument("--articles", type=Path, default=EXAMPLES, help="JSON lines (default: our invented examples)")
    parser.add_argument("--n", type=int, default=200, help="how many articles (default 200)")
    return parser.parse_args()


def _compare(panel: FilterPanel, articles: list[dict[str, Any]], reference: Results) -> None:
    scorer = panel.scorers[0]
    order = random.Random(1).sample(range(len(articles)), len(articles))  # noqa: S311  not for secrets
    alone = [scorer.score_article(article, prefilter=False) for article in articles]
    together = scorer.score_batch(articles, prefilter=False)
    shuffled = scorer.score_batch([articles[place] for place in order], prefilter=False)
    in_panel = panel.score_batch(articles, prefilter=False)
    print(f"\n{scorer.provenance.backend}, {scorer.config.name}")
    print(f"  together {_distance(alone, together):.2g}")
    print(f"  shuffled {_distance([alone[place] for place in order], shuffled):.2g}")
    print(
        f"  panel of {len(panel)}, from scoring together {_distance(together, _of(in_panel, scorer.config.name)):.2g}"
    )
    for one in panel:
        facts = agreement(one, _of(in_panel, one.config.name), _of(reference, one.config.name))
        print(
            f"  {one.config.name:26} from float32: largest {facts['largest_difference']:.4f}, "
            f"mean {facts['mean_difference']:.4f}; Spearman of the average {facts['spearman_of_average']:.5f}, "
            f"lowest of a dimension {facts['lowest_spearman']:.5f}"
        )


def _of(results: Results, name: str) -> list[Score]:
    return [result[name] for result in results]


def _distance(first: list[Score], second: list[Score]) -> float:
    return float(np.abs(_raw(first) - _raw(second)).max())


def _raw(scores: list[Score]) -> NDArray[np.float64]:
    return np.array([list((score.raw_scores or {}).values()) for score in scores])


if __name__ == "__main__":
    main()
