"""Score one article: ``python examples/score_one.py``."""

import distillery

ARTICLE = {
    "title": "Patent-free dengue vaccine now made in nineteen countries, review finds",
    "content": "A dengue vaccine that its makers never patented has reached 61 million people in nineteen countries, "
    "and the disease has fallen by two thirds where most of them live, according to a review published on "
    "Thursday. The reviewers pooled eleven studies by separate teams and found the protection to hold for "
    "at least six years. Public institutes share the recipe, so that a dose costs less than a loaf of "
    "bread, and four of the countries have written the vaccination into law.",
}

scorer = distillery.load_filter("uplifting")
score = scorer.score(ARTICLE)

print(score.tier, round(score.weighted_average, 1))
for dimension, value in score.scores.items():
    low, high = score.intervals[dimension]
    print(f"{dimension:24} {value:.1f}  (the oracle's own score: {low:.1f} to {high:.1f}, nine times in ten)")
