"""How few positives there are, what that means for recall, and which labels would mend it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from invented import Data

from distillery import FilterConfig
from distillery_tools.data.labelled import LabelledData
from distillery_tools.evaluation.positives import Positives, positives_text

FEW = Positives(
    positive_from=4.0,
    n_articles=5438,
    by_split={"train": 38, "val": 3, "test": 10},
    by_sampling={
        "random_news": (1, 500),
        "random_feed": (3, 662),
        "topic_be": (9, 51),
        "be_top": (7, 80),
        "tiny": (4, 9),
    },
    n_english=47,
    unseen_tiers=["high"],
)


def test_positives_are_counted_by_split_and_sampling(data: Data, config: FilterConfig) -> None:
    for number, (article, label) in enumerate(zip(data.articles, data.labels, strict=True)):
        article["sampling"] = "random_news" if number % 2 else "topic"
        label["scores"] = dict.fromkeys(label["scores"], 8.0 if number % 5 == 0 else 1.0)
    data.write()

    counted = Positives.count(LabelledData.load(data.articles_file, data.labels_file, config), config)

    splits = [label["split"] for label in data.labels[::5]]
    assert counted.by_split == {split: splits.count(split) for split in ("train", "val", "test")}
    assert (counted.n_positives, counted.n_articles) == (4, 20)
    assert counted.by_sampling == {"topic": (2, 10), "random_news": (2, 10)}
    assert counted.n_english == len([article for article in data.articles[::5] if article.get("language") == "en"])
    assert counted.unseen_tiers == []


def test_few_positives_say_what_recall_is_worth_and_what_mends_it() -> None:
    text = positives_text(FEW)

    for expected in (
        "51 of 5,438 labelled articles are positives, at 4 or above by the oracle: 38 to learn from (train), ",
        "3 to choose by (val) and 10 to measure on (test). 47 of them are in English.",
        "None reaches `high`, so nothing is learned of that.",
        "On 10, one more or fewer moves recall by 10 points: where 5 are found, the true share may be 19% to 81%",
        "149 more would mend that (150 to learn from, 25 to choose by, 25 to measure on).",
        "Of the articles chosen as `topic_be`, 9 of 51 are positives, so about 840 more labels of that kind",
        "Drawn at random (4 of 1,162), it would take 43,000.",
    ):
        assert expected in text


def test_enough_positives_need_no_remedy() -> None:
    enough = replace(FEW, by_split={"train": 150, "val": 25, "test": 25})

    assert enough.n_missing == 0
    assert "mend" not in positives_text(enough)
    assert "On 25, one more or fewer moves recall by 4 points" in positives_text(enough)


@pytest.mark.parametrize("by_sampling", [{}, {"random": (0, 900)}, {"topic": (0, 60)}])
def test_a_remedy_claims_no_rate_that_nobody_saw(by_sampling: dict[str, tuple[int, int]]) -> None:
    text = positives_text(replace(FEW, by_sampling=by_sampling))

    assert text.endswith("149 more would mend that (150 to learn from, 25 to choose by, 25 to measure on).")


def test_none_to_measure_on() -> None:
    assert "nobody knows how many it finds" in positives_text(replace(FEW, by_split={"train": 9, "val": 1, "test": 0}))
