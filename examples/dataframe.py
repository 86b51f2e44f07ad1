"""Score a DataFrame whose columns have names of their own, and join the scores: ``python examples/dataframe.py``."""

from pathlib import Path

import pandas as pd

import distillery

articles = pd.read_json(Path(__file__).parent / "articles.jsonl", lines=True)
news = articles.rename(columns={"title": "headline", "content": "body"})

scorer = distillery.load_filter("uplifting")
scores = scorer.score(news, columns={"title": "headline", "content": "body"})
scored = news.join(distillery.to_frame(scores))

best = scored.sort_values("uplifting_weighted_average", ascending=False)
print(best[["headline", "uplifting_weighted_average", "uplifting_tier"]].head().to_string(max_colwidth=60))
