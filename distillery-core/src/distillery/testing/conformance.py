"""FilterConformance: the rules of a filter package, as tests that a package inherits."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import Distribution
from importlib.metadata import distribution as installed_distribution
from pathlib import Path
from typing import ClassVar

import pytest

from ..config import FilterConfig
from ..golden import golden_faults, read_golden
from ..loading import HYBRID, load_config, load_filter, locate_filter
from ..plugins.filters import InstalledFilter, find_filter
from ..plugins.packages import editable_source
from ..scoring.score import Score
from ..scoring.scorer import FilterBaseScorer
from ..students.backends.contract import AUTO
from ..textbook import Textbook, run_checks
from .articles import AWKWARD, PLAIN
from .cases import FilterCases, average_case_faults, prefilter_case_faults
from .consistency import (
    NEIGHBOURS,
    awkward_faults,
    batch_faults,
    order_faults,
    repetition_faults,
    scores_of_plain,
)
from .distribution import file_faults, mark_faults, metadata_faults, name_faults, requirement_faults
from .golden_set import golden_set_faults
from .import_cost import import_faults
from .offline import network_faults
from .own_figures import figure_faults
from .prompts import prompt_faults
from .score_rules import (
    Scores,
    arithmetic_faults,
    flag_faults,
    interval_faults,
    probability_faults,
    provenance_faults,
    range_faults,
)
from .stage1_rules import has_stage_1, stage1_faults
from .textbook_rules import dimension_faults, result_faults
from .textbook_rules import file_faults as textbook_file_faults


class FilterConformance:
    """Tests of one installed filter; a subclass whose name begins with ``Test`` gives its name.

    ``backend`` is the one that users get, unless a subclass names another. ``cases`` is a YAML file of worked
    examples of the filter's rules and averages; its form is described in ``distillery.testing.cases``. ``textbook`` is
    a YAML file of invented articles and of what the student must make of them; see ``distillery.textbook.cases``.
    """

    filter_name: ClassVar[str]
    backend: ClassVar[str] = AUTO
    cases: ClassVar[Path | None] = None
    textbook: ClassVar[Path | None] = None

    @pytest.fixture(scope="class")
    @classmethod
    def installed(cls) -> InstalledFilter:
        """Return the filter as its metadata describes it."""
        return find_filter(cls.filter_name)

    @pytest.fixture(scope="class")
    @classmethod
    def distribution(cls, installed: InstalledFilter) -> Distribution:
        """Return the distribution that holds it."""
        return installed_distribution(installed.distribution)

    @pytest.fixture(scope="class")
    @classmethod
    def config(cls) -> FilterConfig:
        """Return its config.yaml."""
        return load_config(cls.filter_name)

    @pytest.fixture(scope="class")
    @classmethod
    def scorer(cls) -> FilterBaseScorer:
        """Return the filter, ready to score."""
        return cls._loaded()

    @pytest.fixture(scope="class")
    @classmethod
    def plain(cls, scorer: FilterBaseScorer) -> list[Score]:
        """Return the scores of ordinary articles in one batch."""
        return scores_of_plain(scorer)

    @pytest.fixture(scope="class")
    @classmethod
    def offline(cls) -> tuple[list[str], list[Score]]:
        """Load the filter again and score the same articles without a network; return the faults and the scores."""
        scores: list[Score] = []
        return network_faults(lambda: scores.extend(scores_of_plain(cls._loaded()))), scores

    @pytest.fixture(scope="class")
    @classmethod
    def neighbours(cls, scorer: FilterBaseScorer) -> dict[bool, list[Score]]:
        """Return the scores of what awkward articles are scored beside, without and with the prefilter."""
        return {prefilter: scorer.score_batch(NEIGHBOURS, prefilter=prefilter) for prefilter in (False, True)}

    @pytest.fixture(scope="class")
    @classmethod
    def scores(cls, scorer: FilterBaseScorer) -> Scores:
        """Return the scores of ordinary and golden articles, by their ids."""
        articles = [*PLAIN, *(record["article"] for record in read_golden(scorer.filter_dir))]
        scored = scorer.score_batch(articles, prefilter=False)
        return {str(article.get("id")): score for article, score in zip(articles, scored, strict=True)}

    def test_goes_by_one_name(self, installed: InstalledFilter, config: FilterConfig) -> None:
        """Entry point, import package, distribution and config.yaml agree."""
        expect_none(installed, name_faults(installed, config))

    def test_requires_a_range_of_cores(
        self, installed: InstalledFilter, distribution: Distribution, config: FilterConfig
    ) -> None:
        """Every requirement has both bounds, and the core's are those of config.yaml."""
        expect_none(installed, requirement_faults(distribution, config))

    def test_has_readme_and_licence(self, installed: InstalledFilter, distribution: Distribution) -> None:
        """The distribution's metadata has both."""
        expect_none(installed, metadata_faults(distribution))

    def test_is_marked_as_its_config_says(
        self, installed: InstalledFilter, distribution: Distribution, config: FilterConfig
    ) -> None:
        """`distillery list` says experimental of a filter whose config.yaml does, and of no other."""
        expect_none(installed, mark_faults(distribution, config))

    def test_holds_no_forbidden_file(self, installed: InstalledFilter, distribution: Distribution) -> None:
        """No pickle, no articles, no tests, nothing huge."""
        if editable_source(distribution):
            pytest.skip(f"{installed.title} is installed editable: only a wheel has files of its own")
        expect_none(installed, file_faults(distribution))

    def test_imports_nothing_heavy(self, installed: InstalledFilter) -> None:
        """Its package imports neither torch nor numpy, and few other modules."""
        expect_none(installed, import_faults(installed.entry_point.module))

    def test_has_the_oracles_prompt(self, installed: InstalledFilter, config: FilterConfig) -> None:
        """The prompt has every slot and names every dimension."""
        folder, _ = locate_filter(self.filter_name)
        expect_none(installed, prompt_faults(config, folder))

    def test_rules_decide_as_its_cases_say(self, installed: InstalledFilter, config: FilterConfig) -> None:
        """The prefilter gives each worked example its reason."""
        if self.cases is not None:
            folder, _ = locate_filter(self.filter_name)
            expect_none(installed, prefilter_case_faults(config, folder, FilterCases.load(self.cases).prefilter))

    def test_averages_are_as_its_cases_say(self, installed: InstalledFilter, config: FilterConfig) -> None:
        """Average, tier and gatekeeper follow from the scores of each worked example."""
        if self.cases is not None:
            expect_none(installed, average_case_faults(config, FilterCases.load(self.cases).averages))

    def test_batch_equals_one_by_one(
        self, installed: InstalledFilter, scorer: FilterBaseScorer, plain: list[Score]
    ) -> None:
        """The other articles of a batch change no score."""
        expect_none(installed, batch_faults(scorer, plain))

    def test_order_changes_no_score(
        self, installed: InstalledFilter, scorer: FilterBaseScorer, plain: list[Score]
    ) -> None:
        """Articles may come in any order."""
        expect_none(installed, order_faults(scorer, plain))

    def test_scores_are_the_same_again(
        self,
        installed: InstalledFilter,
        scorer: FilterBaseScorer,
        plain: list[Score],
        offline: tuple[list[str], list[Score]],
    ) -> None:
        """The same batch has the same scores to the bit, at once and after loading the filter again."""
        expect_none(installed, repetition_faults(plain, scores_of_plain(scorer)))
        asked, again = offline
        if not asked:  # else test_works_offline says so
            expect_none(installed, repetition_faults(plain, again))

    @pytest.mark.parametrize("prefilter", [False, True], ids=["model", "prefilter"])
    @pytest.mark.parametrize("kind", AWKWARD)
    def test_awkward_article_harms_no_other(
        self,
        installed: InstalledFilter,
        scorer: FilterBaseScorer,
        neighbours: dict[bool, list[Score]],
        kind: str,
        *,
        prefilter: bool,
    ) -> None:
        """It has an error or a finite score, and the scores of its neighbours do not change."""
        expect_none(installed, awkward_faults(scorer, kind, neighbours[prefilter], prefilter=prefilter))

    def test_scores_lie_on_the_scale(self, installed: InstalledFilter, config: FilterConfig, scores: Scores) -> None:
        """Ordinary articles have a number from 0 to 10 on every dimension."""
        expect_none(installed, range_faults(config, scores))

    def test_average_and_tier_follow(self, installed: InstalledFilter, config: FilterConfig, scores: Scores) -> None:
        """Average, gatekeepers and tier are what config.yaml makes of the scores."""
        expect_none(installed, arithmetic_faults(config, scores))

    def test_intervals_hold_their_scores(self, installed: InstalledFilter, scores: Scores) -> None:
        """Intervals, where a filter gives them, lie on the scale too."""
        expect_none(installed, interval_faults(scores))

    def test_probabilities_agree_with_their_tier(
        self, installed: InstalledFilter, config: FilterConfig, scores: Scores
    ) -> None:
        """Probabilities, where a filter gives them, are of its tiers and rise towards the lowest."""
        expect_none(installed, probability_faults(config, scores))

    def test_flags_are_known(self, installed: InstalledFilter, scores: Scores) -> None:
        """What is out of scope is said in the words that the core documents."""
        expect_none(installed, flag_faults(scores))

    def test_scores_say_what_made_them(self, installed: InstalledFilter, config: FilterConfig, scores: Scores) -> None:
        """The provenance is complete, and its sha256 is the one in the config."""
        for score in scores.values():
            expect_none(installed, provenance_faults(config, score.provenance))

    def test_stage_1_keeps_its_limits(
        self, installed: InstalledFilter, config: FilterConfig, scorer: FilterBaseScorer
    ) -> None:
        """Stage 1 decides only below its threshold, and the student's scores are the same as without it."""
        if has_stage_1(config):
            expect_none(installed, stage1_faults(self._loaded_hybrid(), scorer))

    def test_golden_articles_suffice(self, installed: InstalledFilter, scorer: FilterBaseScorer) -> None:
        """There are ten or more, and not all are English."""
        expect_none(installed, golden_set_faults(scorer.config, read_golden(scorer.filter_dir)))

    def test_golden_scores_match_the_release(self, installed: InstalledFilter, scorer: FilterBaseScorer) -> None:
        """This installation scores what the release scored."""
        expect_none(installed, golden_faults(scorer))

    def test_scores_textbook_cases_as_asked(self, installed: InstalledFilter, scorer: FilterBaseScorer) -> None:
        """The student does what its textbook asks, but for what the file lists as known failures."""
        if self.textbook is not None:
            textbook = Textbook.load(self.textbook)
            expect_none(installed, textbook_file_faults(scorer.config, textbook))
            checks = run_checks(scorer, textbook)
            expect_none(installed, [*dimension_faults(scorer.config, checks), *result_faults(textbook, checks)])

    def test_figures_are_of_its_own_weights(self, installed: InstalledFilter, scorer: FilterBaseScorer) -> None:
        """What the package says was measured, was measured on the weights in it."""
        expect_none(installed, figure_faults(scorer))

    def test_works_offline(self, installed: InstalledFilter, offline: tuple[list[str], list[Score]]) -> None:
        """Loading and scoring ask for no connection."""
        expect_none(installed, offline[0])

    @classmethod
    def _loaded(cls) -> FilterBaseScorer:
        return load_filter(cls.filter_name, backend=cls.backend)

    @classmethod
    def _loaded_hybrid(cls) -> FilterBaseScorer:
        return load_filter(cls.filter_name, backend=cls.backend, mode=HYBRID)


def expect_none(item: InstalledFilter, faults: Iterable[str]) -> None:
    """Fail the test with each fault on a line of its own, under the filter's name and version."""
    lines = list(faults)
    if lines:
        pytest.fail("\n  ".join([f"{item.name} {item.version} has {len(lines)} fault(s):", *lines]), pytrace=False)
