"""Score many articles with several filters, each article encoded once: ``python examples/panel.py``."""

import json
from pathlib import Path

import distillery

lines = (Path(__file__).parent / "articles.jsonl").read_text(encoding="utf-8").splitlines()
articles = [json.loads(line) for line in lines]

# Needs a second filter beside uplifting: pip install ./filters/investment-risk
panel = distillery.load_filters(["uplifting", "investment-risk"])
for article, result in zip(articles, panel.score_iter(articles), strict=True):
    print(article["title"][:60])
    for name, score in result.items():
        if score.failed:
            print(f"  {name}: error: {score.error}")
        elif score.blocked:
            print(f"  {name}: set aside: {score.prefilter_reason}")
        else:
            print(f"  {name}: {score.tier} {score.weighted_average:.1f}")
