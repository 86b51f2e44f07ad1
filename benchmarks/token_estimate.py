"""The estimate of tokens beside a real tokenizer, on whole prompts with articles in them, by language.

    pip install bpe-openai
    python benchmarks/token_estimate.py --articles ../shared/data/unlabelled.jsonl

Prints the estimate over what the tokenizer counts, for all prompts of a language together, and the worst single one.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

from sample import EXAMPLES

from distillery import ArticleError, FilterConfig
from distillery.toolkit import locate_filter
from distillery_tools.oracle import Prompt
from distillery_tools.oracle.prompt.tokens import estimate_tokens

FILTER = Path(__file__).parents[1] / "filters" / "uplifting"
FEWEST = 5


def main() -> None:
    """Compare and print."""
    from bpe_openai import get_encoding

    options = _options()
    encoding = get_encoding(options.encoding)
    folder, _ = locate_filter(options.filter)
    prompt = Prompt.load(FilterConfig.load(folder), folder)
    pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for line in options.articles.read_text(encoding="utf-8").splitlines():
        article = json.loads(line)
        try:
            text = prompt.render(article).text
        except ArticleError:
            continue
        pairs[article.get("language") or "?"].append((estimate_tokens(text), len(encoding.encode(text))))
    _print("all", [pair for found in pairs.values() for pair in found])
    for language, found in sorted(pairs.items(), key=lambda item: -len(item[1])):
        if len(found) >= FEWEST:
            _print(language, found)


def _print(name: str, pairs: list[tuple[int, int]]) -> None:
    estimated, counted = (sum(column) for column in zip(*pairs, strict=True))
    worst = max(abs(estimate / count - 1) for estimate, count in pairs)
    print(f"{name:4} {len(pairs):5} prompts: estimate / count {estimated / counted:.3f}, worst {worst:.1%}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, default=EXAMPLES, help="JSON lines of articles")
    parser.add_argument("--filter", type=Path, default=FILTER, help="folder of the filter whose prompt is filled")
    parser.add_argument("--encoding", default="o200k_base", help="which of OpenAI's vocabularies")
    return parser.parse_args()


if __name__ == "__main__":
    main()
