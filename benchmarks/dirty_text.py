"""How far dirt that no reader sees moves scores: real articles, made dirty in each way of ``distillery.testing.DIRT``.

    python benchmarks/dirty_text.py --articles ../shared/data/unlabelled.jsonl

Prints for each kind of dirt how many cleaned texts differ, the largest move of a weighted average over all filters, and
how many reasons of the prefilters change. An article whose cleaned text is the same is not scored again: its score is
the same to the bit.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sample import EXAMPLES, read_articles

from distillery import Article, Score, load_filters
from distillery.testing import DIRT

Scores = dict[str, Score]


def main() -> None:
    """Measure and print."""
    options = _options()
    articles = [Article.from_dict(data) for data in read_articles(options.articles, options.n)]
    panel = load_filters(options.filters, backend="torch")
    clean = panel.score(articles)
    print(f"{len(articles)} articles, {len(panel)} filters")
    print(f"{'dirt':40} {'texts changed':>13} {'largest move':>13} {'reasons changed':>16}")
    for kind in options.kinds or DIRT:
        changed = [place for place, article in enumerate(articles) if _made_dirty(article, kind) != article]
        dirty = panel.score([_made_dirty(articles[place], kind) for place in changed])
        pairs = [pair for place, scores in zip(changed, dirty, strict=True) for pair in _pairs(clean[place], scores)]
        move = max(map(_move, pairs), default=0.0)
        reasons = sum(one.prefilter_reason != other.prefilter_reason for one, other in pairs)
        print(f"{kind:40} {len(changed):13} {move:13.3f} {reasons:16}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filters", nargs="+", help="names or folders of filters (default: all installed ones)")
    parser.add_argument("--articles", type=Path, default=EXAMPLES, help="JSON lines (default: our invented examples)")
    parser.add_argument("--n", type=int, default=200, help="how many articles (default 200)")
    parser.add_argument("--kinds", nargs="+", choices=DIRT, help="kinds of dirt (default: all)")
    return parser.parse_args()


def _made_dirty(article: Article, kind: str) -> Article:
    """Return the article, cleaned after its title and content were made dirty."""
    fields = {field: DIRT[kind](getattr(article, field)) for field in ("title", "content")}
    return Article.from_dict({"id": article.id, "url": article.url, **fields})


def _pairs(one: Scores, other: Scores) -> list[tuple[Score, Score]]:
    return [(one[name], other[name]) for name in one]


def _move(pair: tuple[Score, Score]) -> float:
    """Return the distance of two averages; none where a rule sets one of the articles aside."""
    one, other = (score.weighted_average for score in pair)
    return 0.0 if one is None or other is None else abs(one - other)


if __name__ == "__main__":
    main()
