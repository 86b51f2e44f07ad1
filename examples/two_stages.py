"""Score in two stages, and see which articles skipped the student: ``python examples/two_stages.py``."""

import json
from pathlib import Path

import distillery

lines = (Path(__file__).parent / "articles.jsonl").read_text(encoding="utf-8").splitlines()
articles = [json.loads(line) for line in lines]

scorer = distillery.load_filter("uplifting", mode="hybrid")
scores = scorer.score(articles)

skipped = sum(score.stage_used == "stage1" for score in scores)
print(f"{skipped} of {len(scores)} articles were scored by the probe alone")
for article, score in zip(articles, scores, strict=True):
    if score.weighted_average is not None:
        print(f"{score.stage_used}  {score.weighted_average:.1f}  {article['title'][:60]}")
