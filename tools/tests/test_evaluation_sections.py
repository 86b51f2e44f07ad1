"""The parts of a report, on numbers small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from distillery import FilterConfig, Provenance, Score
from distillery.toolkit import Postfilter, TierConfig
from distillery_tools.data.labelled import LabelledData
from distillery_tools.evaluation.details import BANDS, details, reliability
from distillery_tools.evaluation.languages import NOT_ENGLISH, OTHER, language_figures, language_gap, language_groups
from distillery_tools.evaluation.origins import origin_figures
from distillery_tools.evaluation.prefiltering import prefilter_figures
from distillery_tools.evaluation.sampling import sampling_figures
from distillery_tools.evaluation.separation import separation
from distillery_tools.evaluation.tiers import tier_figures
from distillery_tools.measuring.binomial import upper_bound
from distillery_tools.measuring.confidence import confidence_figures, probability_bands
from distillery_tools.measuring.final_scores import FinalScores
from distillery_tools.measuring.intervals import interval_figures

TIERS = [
    TierConfig(name="high", at_least=7.0, description="all"),
    TierConfig(name="medium", at_least=3.0, description="much"),
    TierConfig(name="low", at_least=0.0, description="little"),
]
PROVENANCE = Provenance("garden", "1.2.0", "1.0.0", "compact", "0" * 64, None, "torch-float32")


def judged(averages: list[float]) -> FinalScores:
    """Return averages with their tiers."""
    names = [next(tier.name for tier in TIERS if average >= tier.at_least) for average in averages]
    return FinalScores(np.array(averages)[:, None], np.array(averages), names)


def test_judged_scores_are_those_of_a_user(config: FilterConfig) -> None:
    """Clamped, averaged, capped by the gatekeeper, put in a tier."""
    found = FinalScores.of(np.array([[12.0, 10.0, 10.0], [8.0, 8.0, 1.0]]), Postfilter(config))

    assert found.scores.tolist() == [[10.0, 10.0, 10.0], [8.0, 8.0, 1.0]]
    assert found.averages.tolist() == [10.0, 3.0]
    assert found.tiers == ["high", "low"]
    assert list(found.columns(["green", "shared", "tested"])) == ["green", "shared", "tested", "weighted_average"]


def test_confusion_counts_pairs_of_tiers() -> None:
    """A row is the oracle's tier, a column the student's."""
    figures = tier_figures(judged([8.0, 2.0, 4.0, 1.0, 5.0]), judged([8.0, 8.0, 4.0, 1.0, 0.0]), TIERS)

    assert figures["confusion"] == {
        "high": {"high": 1, "medium": 0, "low": 1},
        "medium": {"high": 0, "medium": 1, "low": 0},
        "low": {"high": 0, "medium": 1, "low": 1},
    }
    assert figures["accuracy"] == pytest.approx(3 / 5)


def test_every_threshold_above_the_floor_has_its_figures() -> None:
    """Those of the filter's own tiers."""
    thresholds = tier_figures(judged([8.0, 2.0, 4.0, 1.0, 5.0]), judged([8.0, 8.0, 4.0, 1.0, 0.0]), TIERS)["thresholds"]

    assert list(thresholds) == ["high", "medium"]
    medium = thresholds["medium"]
    assert (medium["at_least"], medium["n_expected"], medium["n_predicted"]) == (3.0, 3, 3)
    assert [medium[name]["value"] for name in ("recall", "precision", "f1")] == pytest.approx([2 / 3] * 3)
    assert thresholds["high"]["recall"]["value"] == pytest.approx(1 / 2)
    assert thresholds["high"]["precision"]["value"] == pytest.approx(1.0)


def test_common_languages_stand_alone() -> None:
    """The others together; what is of no known language is nowhere."""
    languages = ["en"] * 40 + ["nl"] * 30 + ["de"] * 29 + ["fr"] + [""] * 5

    groups = {name: int(mask.sum()) for name, mask in language_groups(languages).items()}

    assert groups == {"en": 40, "nl": 30, OTHER: 30, NOT_ENGLISH: 60}


def test_groups_without_articles_are_left_out() -> None:
    """English alone, or nothing known at all."""
    assert list(language_groups(["en", "en"])) == ["en"]
    assert language_groups(["", ""]) == {}


def test_each_language_has_figures_of_its_own() -> None:
    """An error in one is none of the other's."""
    expected = np.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0])
    predicted = expected + np.array([0, 0, 0, 2, 2, 2])

    figures = language_figures(predicted, expected, ["en"] * 3 + ["nl"] * 3)

    assert [(name, group["n"], group["mae"]["value"]) for name, group in figures.items()] == [
        ("en", 3, 0.0),
        (OTHER, 3, 2.0),
        (NOT_ENGLISH, 3, 2.0),
    ]


def test_the_language_gap_is_between_rank_correlations() -> None:
    """Above 0 where English articles are ranked better; unknown where there are no others."""
    expected = np.array([1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0, 9.0])
    predicted = np.array([1.0, 2.0, 3.0, 4.0, 2.0, 1.0, 4.0, 3.0, 0.0])
    gap = language_gap(predicted, expected, ["en"] * 4 + ["nl", "de", "nl", "de"] + [""])
    assert gap["value"] == pytest.approx(1.0 - 0.6)
    assert language_gap(predicted, expected, ["en"] * 9)["value"] is None


def test_figures_by_why_an_article_was_chosen() -> None:
    """Random, rare topics, everything else; articles of which that is not known are left out."""
    expected = np.array([0.0, 5.0, 0.0, 6.0, 0.0, 7.0, 9.0])
    predicted = np.array([0.0, 5.0, 2.0, 1.0, 0.0, 6.0, 0.0])
    samplings = ["random_en", "random_nonen", "topic_nr", "topic_fe", "al6_uplifting", "up_mid", ""]
    figures = sampling_figures(predicted, expected, samplings, 4.0)
    assert {name: (group["n"], group["n_positives"], group["mae"]["value"]) for name, group in figures.items()} == {
        "random": (2, 1, 0.0),
        "topic": (2, 1, 3.5),
        "likely": (2, 1, 0.5),
    }
    assert [group["r_precision"]["value"] for group in figures.values()] == [1.0, 0.0, 1.0]


def test_a_filter_that_knows_only_sources_is_found_out() -> None:
    """It ranks positives above other origins' articles, and by chance among those of their own."""
    expected = np.array([6.0, 0.0, 6.0, 0.0, 0.0, 0.0, 0.0])
    origins = ["fields", "fields", "woods", "woods", "press", "press", ""]
    by_source = np.array([5.0, 5.0, 5.0, 5.0, 1.0, 1.0, 1.0])
    figures = origin_figures(by_source, expected, origins, 4.0)
    assert figures == {
        "everywhere": {"n_pairs": 10, "share": 0.8},
        "within one origin": {"n_pairs": 2, "share": 0.5},
    }
    assert origin_figures(expected, expected, origins, 4.0) == {
        "everywhere": {"n_pairs": 10, "share": 1.0},
        "within one origin": {"n_pairs": 2, "share": 1.0},
    }
    assert origin_figures(by_source, expected, [""] * 7, 4.0) is None


def test_bands_split_the_error_by_the_label() -> None:
    """Every article is in one band, the end of the scale in the last."""
    expected = np.array([0.0, 1.9, 2.0, 5.0, 8.0, 10.0])
    bands = details(expected + np.array([1, 3, 0.5, 0, -2, -4]), expected)["bands"]

    assert list(bands) == list(BANDS)
    assert [band["n"] for band in bands.values()] == [2, 1, 1, 0, 2]
    assert [band["mae"]["value"] for band in bands.values()] == pytest.approx([2.0, 0.5, 0.0, None, 3.0])


def test_reliability_compares_means_by_the_prediction() -> None:
    """One entry for each point of the scale that is predicted at all; 10 belongs to the last."""
    entries = reliability(np.array([0.2, 0.4, 3.0, 9.5, 10.0]), np.array([0.0, 2.0, 4.0, 8.0, 9.0]))

    assert [entry["n"] for entry in entries] == [2, 1, 2]
    assert [entry["predicted"] for entry in entries] == pytest.approx([0.3, 3.0, 9.75])
    assert [entry["expected"] for entry in entries] == pytest.approx([1.0, 4.0, 8.5])


def test_intervals_are_held_against_the_labels() -> None:
    """Share inside and mean width, by name."""
    stated = [(1.0, 3.0), (2.0, 5.0), (0.0, 1.0), (4.0, 6.0)]
    results = [
        Score(PROVENANCE, passed_prefilter=True, scores={"green": sum(bounds) / 2}, intervals={"green": bounds})
        for bounds in stated
    ]
    languages = {"nl": np.array([False, False, True, True])}

    figures = interval_figures(results, {"green": np.array([2.0, 5.0, 3.0, 5.0])}, languages)

    assert figures is not None
    assert figures["green"]["coverage"]["value"] == 0.75
    assert figures["green"]["width"]["value"] == 2.0
    assert figures["green"]["languages"]["nl"] == {"n": 2, "value": 0.5, "low": 0.0, "high": 1.0}
    groups = figures["green"]["groups"]
    assert {name: (group["n"], group["value"]) for name, group in groups.items()} == {
        "lowest half": (2, 0.5),
        "next quarter": (1, 1.0),
        "next 15 %": (1, 1.0),
    }


def test_a_filter_without_intervals_has_no_figures_of_them() -> None:
    """Not a coverage of nothing."""
    assert interval_figures([Score(PROVENANCE, passed_prefilter=True)], {"green": np.array([2.0])}, {}) is None
    assert interval_figures([], {"green": np.array([])}, {}) is None


def sure(probability: float, average: float = 0.0) -> Score:
    """Return a score in the lowest tier with a probability of the upper one."""
    return Score(
        PROVENANCE,
        passed_prefilter=True,
        weighted_average=average,
        tier="low",
        tier_probabilities={"high": probability, "low": 1.0},
        positive_probability=probability,
        confidence=1 - probability,
    )


def oracle(averages: list[float]) -> FinalScores:
    """Return the oracle's averages with tiers from 5 on."""
    values = np.array(averages)
    return FinalScores(values[:, None], values, ["high" if value >= 5 else "low" for value in averages])


def test_true_probabilities_have_the_reliability_error_of_chance() -> None:
    """And the surest articles are the best ones."""
    generator = np.random.default_rng(0)
    probabilities = generator.uniform(0, 0.5, 4000)
    expected = oracle(np.where(generator.random(4000) < probabilities, 9.0, 0.0).tolist())

    figures = confidence_figures([sure(value) for value in probabilities.tolist()], expected, 5.0)

    assert figures is not None
    assert figures["reliability_error"] < figures["by_chance"] + 0.01
    assert [point["n"] for point in figures["bins"]] == [400] * 10
    errors = [point["tier_error"] for point in figures["curve"]]
    assert errors == sorted(errors, reverse=True)
    assert figures["curve"][0]["mae"] == pytest.approx(9 * errors[0])
    assert figures["lowered_at_80"]["tier_error"]["value"] == pytest.approx(1 - errors[3] / errors[0])
    assert figures["probabilities"]["positive"]["found"] == figures["probabilities"]["high"]["found"]


def test_bands_show_the_whole_range_of_a_probability() -> None:
    """Each tenth of it that articles have, however few they are; 1 belongs to the last."""
    probabilities = np.array([0.0] * 96 + [0.05, 0.35, 0.35, 1.0])
    outcomes = np.array([False] * 97 + [True, False, True])

    assert probability_bands(probabilities, outcomes) == [
        {"from": 0.0, "probability": pytest.approx(0.05 / 97), "share": 0.0, "n": 97},
        {"from": 0.3, "probability": pytest.approx(0.35), "share": 0.5, "n": 2},
        {"from": 0.9, "probability": 1.0, "share": 1.0, "n": 1},
    ]


def test_false_probabilities_have_a_larger_reliability_error() -> None:
    """By the distance of what is said from what is found."""
    figures = confidence_figures([sure(0.3)] * 100, oracle([9.0] * 60 + [0.0] * 40), 5.0)

    assert figures is not None
    assert figures["probabilities"]["positive"]["reliability_error"] > 0.3
    assert (figures["expected"], figures["found"]) == (pytest.approx(70), 40)


def test_a_filter_without_probabilities_has_no_figures_of_them() -> None:
    """Not a confidence of nothing."""
    assert confidence_figures([Score(PROVENANCE, passed_prefilter=True)], oracle([2.0]), 5.0) is None


def test_separation_drops_the_doubtful() -> None:
    """A label of 7 is clear, one of 3 is not; by language, too."""
    expected = np.array([9.0, 7.0, 8.0, 5.0, 3.0, 2.5, 0.0, 1.0])
    predicted = np.array([8.0, 6.0, 2.0, 9.0, 9.0, 7.0, 1.0, 1.0])
    languages = ["en", "nl", "en", "en", "en", "nl", "en", "nl"]

    found = separation(predicted, expected, languages, threshold=6.0)

    assert (found["threshold"], found["n_dropped"]) == (6.0, 2)
    counts = {name: (group["n_positive"], group["n_negative"]) for name, group in found["groups"].items()}
    assert counts == {"all": (3, 3), "en": (2, 1), NOT_ENGLISH: (1, 2)}
    everything = found["groups"]["all"]
    assert [everything[name]["value"] for name in ("precision", "recall", "f1")] == pytest.approx([2 / 3] * 3)
    assert found["groups"]["en"]["recall"]["value"] == pytest.approx(1 / 2)


@pytest.mark.parametrize(("n_hits", "n_trials"), [(0, 1), (0, 124), (1, 124), (7, 20)])
def test_the_upper_bound_is_where_so_few_hits_become_unlikely(n_hits: int, n_trials: int) -> None:
    """At the bound, that many hits or fewer come with a chance of 5 %."""
    bound = upper_bound(n_hits, n_trials)
    assert bound is not None
    assert binom.cdf(n_hits, n_trials, bound) == pytest.approx(0.05)


def test_the_upper_bound_at_its_ends() -> None:
    """All hits allow no bound below 1, no trials none at all."""
    assert upper_bound(4, 4) == 1.0
    assert upper_bound(0, 0) == 1.0


def test_the_prefilter_is_held_against_the_labels(config: FilterConfig, labelled: LabelledData) -> None:
    """On the split and on all; every tenth article says "buy now", and stands in the test split."""
    figures = prefilter_figures(config, labelled, "test")

    assert {name: part["n_articles"] for name, part in figures.items()} == {"test": 12, "all": 60}
    assert figures["test"]["passed"] == pytest.approx(1 / 2)
    assert figures["all"]["passed"] == pytest.approx(9 / 10)
    for part in figures.values():
        assert part["reasons"] == {"advert": 6}
        assert part["blocked_positives"] == sum(part["reasons_of_positives"].values())
        assert part["blocked_share"] == pytest.approx(part["blocked_positives"] / part["n_positives"])
        assert part["blocked_share"] < part["blocked_share_at_most"] < 1


def test_numbers_do_not_make_kinds_of_reasons(config: FilterConfig, labelled: LabelledData) -> None:
    """A text is too short, whatever its length."""
    strict = config.model_copy(update={"prefilter": config.prefilter.model_copy(update={"min_content_chars": 10_000})})
    figures = prefilter_figures(strict, labelled, "test")["all"]
    assert figures["passed"] == 0.0
    assert figures["reasons"] == {"content_too_short_nchars": 60}
    assert figures["blocked_share"] == figures["blocked_share_at_most"] == 1.0
