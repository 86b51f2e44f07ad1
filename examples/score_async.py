"""Score from an event loop, which goes on meanwhile: ``python examples/score_async.py``."""

import asyncio
import json
from pathlib import Path

import distillery


async def main() -> None:
    """Score articles as they arrive, several at a time."""
    scorer = distillery.load_filter("uplifting").warm_up()
    lines = (Path(__file__).parent / "articles.jsonl").read_text(encoding="utf-8").splitlines()
    articles = [json.loads(line) for line in lines]
    scores = await asyncio.gather(*(scorer.ascore([article]) for article in articles))
    for article, (score,) in zip(articles, scores, strict=True):
        print(score.tier or score.prefilter_reason or score.error, article["title"][:60])


asyncio.run(main())
