"""A rule that config.yaml cannot express: a subclass with a step of its own.

``python examples/custom_prefilter.py``. A filter package returns such a class from its hook `distillery_filter`
instead of its folder.
"""

from pathlib import Path

import distillery_filter_uplifting
from distillery import Article, FilterBaseScorer, Score


class ScorerWithoutLists(FilterBaseScorer):
    """Sets aside articles that are mostly lists, before the filter's own rules."""

    folder = Path(distillery_filter_uplifting.__file__).parent

    def prefilter_article(self, article: Article) -> Score | None:
        """Return a score with the reason if the article is set aside, None if it goes on."""
        lines = [line for line in article.content.splitlines() if line.strip()]
        bullets = [line for line in lines if line.lstrip().startswith(("-", "*", "•"))]
        if len(bullets) > len(lines) / 2:
            return Score.make_blocked(self.provenance, "mostly_a_list")
        return super().prefilter_article(article)


scorer = ScorerWithoutLists.from_folder(ScorerWithoutLists.folder)
content = "\n".join(f"- Thing number {number} is worth a visit." for number in range(1, 31))
score = scorer.score({"title": "Thirty things to see", "content": content})
print("set aside:", score.prefilter_reason)
