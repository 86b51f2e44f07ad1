"""Textbook cases: the file's form, the texts that follow from a case, what is checked, and which results are faults."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from distillery.config import FilterConfig
from distillery.config.scale import AVERAGE
from distillery.errors import ConfigError, ScoringError
from distillery.scoring.scorer import FilterBaseScorer
from distillery.testing.textbook_rules import dimension_faults, file_faults, result_faults
from distillery.textbook import Check, Textbook, failures, find_textbook, run_checks, shares
from distillery.textbook.cases import DIRECTION, FUNCTIONALITY, INVARIANCE, Case
from distillery.textbook.variants import FRAME, ITSELF, NAMES, TEASER, variants_of

CLINIC: dict[str, Any] = {
    "id": "clinic",
    "title": "A clinic for Ostrand",
    "content": "The clinic in Ostrand opened. A study found that costs fell by half after a year.",
    "anchors": [6, 7, 5],
}
PROMISE: dict[str, Any] = {"id": "promise", "title": "A promise", "content": "A village promise.", "anchors": [1, 1, 1]}


def textbook_of(*cases: dict[str, Any], **more: Any) -> Textbook:
    """Return a textbook of these cases that asks for no share."""
    least = {"functionality": 0, "invariance": 0, "direction": 0}
    return Textbook.model_validate({"least_shares": least, "cases": deepcopy(list(cases)), **more})


def case_of(**more: Any) -> Case:
    return Case.model_validate(CLINIC | more)


def check_of(margin: float, **more: Any) -> Check:
    """Return a check that is passed or missed by so much."""
    base = Check(FUNCTIONALITY, "clinic scores at least 4 on reach", "reach", "en", 20, 4 + margin, margin)
    return replace(base, **more)


def test_every_case_is_also_framed() -> None:
    variants = variants_of(case_of())
    assert set(variants) == {ITSELF, FRAME}
    before, found, after = variants[FRAME].content.partition(CLINIC["content"])
    assert found
    assert before.startswith("By our correspondent")
    assert "cookies" in after


def test_names_change_in_title_and_content() -> None:
    changed = variants_of(case_of(names={"Ostrand": "Velim"}))[NAMES]
    assert (changed.title, "Ostrand" in changed.content) == ("A clinic for Velim", False)


def test_a_teaser_is_the_first_words() -> None:
    assert variants_of(case_of(teaser=3))[TEASER].content == "The clinic in ..."


def test_a_translation_has_its_own_language() -> None:
    each = {"language": "nl", "title": "Een kliniek", "content": "De kliniek ging open."}
    translated = variants_of(case_of(translations=[each]))["translation to nl"]
    assert (translated.language, translated.title, translated.n_words) == ("nl", "Een kliniek", 4)


def test_a_change_replaces_and_appends() -> None:
    change = {"what": "doubt", "replace": {"fell by half": "fell"}, "append": "Nobody checked.", "moves": {}}
    content = variants_of(case_of(changes=[change]))["doubt"].content
    assert content.endswith("costs fell after a year. Nobody checked.")


def test_an_edit_of_what_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"case 'clinic' has no text 'hospital' to replace"):
        variants_of(case_of(names={"hospital": "school"}))


def test_it_comes_back(tmp_path: Path) -> None:
    textbook = textbook_of(CLINIC | {"at_least": {"reach": 4}}, tolerances={"teaser": 2})
    (tmp_path / "textbook.yaml").write_text(yaml.safe_dump(textbook.model_dump()))
    assert Textbook.load(tmp_path / "textbook.yaml") == textbook
    assert (textbook.tolerances.teaser, textbook.tolerances.names) == (2, 0.5)


@pytest.mark.parametrize(
    ("cases", "fault"),
    [
        ([CLINIC, CLINIC], "two cases have the id 'clinic'"),
        ([CLINIC | {"above": {"nobody": 1}}], "compared with 'nobody', which is no case"),
        ([CLINIC | {"changes": [{"what": "same", "moves": {}}] * 2}], "two changes named 'same'"),
        ([CLINIC | {"language": "tlh"}], "cases.0.language"),
        ([CLINIC | {"spelt": 1}], "cases.0.spelt: there is no such key here"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, cases: list[dict[str, Any]], fault: str) -> None:
    content = {"least_shares": {"functionality": 0, "invariance": 0, "direction": 0}, "cases": cases}
    (tmp_path / "textbook.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=fault):
        Textbook.load(tmp_path / "textbook.yaml")


def test_it_is_in_the_tests_of_the_package(tmp_path: Path) -> None:
    folder = tmp_path / "filters" / "tiny" / "src" / "tiny"
    folder.mkdir(parents=True)
    assert find_textbook(folder) is None
    package = tmp_path / "filters" / "tiny"
    (package / "pyproject.toml").touch()
    assert find_textbook(folder) is None
    (package / "tests").mkdir()
    (package / "tests" / "textbook.yaml").touch()
    assert find_textbook(folder) == package / "tests" / "textbook.yaml"


@pytest.fixture(scope="module")
def own(bert_scorer: FilterBaseScorer) -> dict[str, float]:
    """The average of the clinic, of its change and of the promise."""
    scores = bert_scorer.score_batch([CLINIC, CLINIC | {"content": "The clinic."}, PROMISE], prefilter=False)
    names = ("clinic", "changed", "promise")
    return {name: float(score.weighted_average or 0) for name, score in zip(names, scores, strict=True)}


def margins_of(scorer: FilterBaseScorer, kind: str, **more: Any) -> list[float]:
    """Return the margins of the clinic's checks of a kind."""
    checks = run_checks(scorer, textbook_of(CLINIC | more, PROMISE))
    return [check.margin for check in checks if check.kind == kind and check.name.startswith("clinic")]


def test_bounds(bert_scorer: FilterBaseScorer, own: dict[str, float]) -> None:
    bounds = {AVERAGE: own["clinic"] - 0.5}
    assert margins_of(bert_scorer, FUNCTIONALITY, at_least=bounds) == pytest.approx([0.5], abs=1e-3)
    assert margins_of(bert_scorer, FUNCTIONALITY, at_most=bounds) == pytest.approx([-0.5], abs=1e-3)


def test_twins(bert_scorer: FilterBaseScorer, own: dict[str, float]) -> None:
    distance = own["clinic"] - own["promise"]
    assert margins_of(bert_scorer, FUNCTIONALITY, above={"promise": 1}) == pytest.approx([distance - 1], abs=1e-3)


def test_directions(bert_scorer: FilterBaseScorer, own: dict[str, float]) -> None:
    moved = own["changed"] - own["clinic"]
    assert abs(moved) > 0.05
    for least in (0.25, -0.25):
        change = {"what": "less", "replace": {CLINIC["content"]: "The clinic."}, "moves": {AVERAGE: least}}
        expected = moved - least if least > 0 else least - moved
        assert margins_of(bert_scorer, DIRECTION, changes=[change]) == pytest.approx([expected], abs=1e-3)


def test_tolerances(bert_scorer: FilterBaseScorer) -> None:
    same = {"language": "en", "title": CLINIC["title"], "content": CLINIC["content"]}
    frame, translation = margins_of(bert_scorer, INVARIANCE, translations=[same])
    assert translation == pytest.approx(1.0)
    assert frame < 0.5


def test_a_text_without_scores_is_named(bert_scorer: FilterBaseScorer) -> None:
    with pytest.raises(ScoringError, match="'clinic, itself' has no scores"):
        run_checks(bert_scorer, textbook_of(CLINIC | {"content": " "}))


def test_shares_are_by_kind_language_and_length() -> None:
    checks = [check_of(1), check_of(-1, name="missed", n_words=61), check_of(0, kind=DIRECTION, language="nl")]
    found = shares(checks)
    assert found["kinds"] == {"functionality": {"n": 2, "passed": 1}, "direction": {"n": 1, "passed": 1}}
    assert found["languages"] == {"en": {"n": 2, "passed": 1}, "nl": {"n": 1, "passed": 1}}
    assert list(found["lengths"].values()) == [{"n": 2, "passed": 2}, {"n": 1, "passed": 0}]
    assert found["failures"] == failures(checks) == {"missed": 3}


@pytest.mark.parametrize(
    ("margin", "known", "fault"),
    [
        (1, False, None),
        (-0.05, False, None),  # backends differ by this much
        (-1, False, "but the figure is 3"),
        (-1, True, None),
        (0.05, True, None),
        (1, True, "5 is as asked now"),
    ],
)
def test_known_failures_are_strict(margin: float, known: bool, fault: str | None) -> None:
    check = check_of(margin)
    textbook = textbook_of(CLINIC, known_failures={check.name: 3.0} if known else {})
    faults = [each for each in result_faults(textbook, [check]) if "no case checks" not in each]
    assert [fault in each for each in faults if fault] == ([] if fault is None else [True])
    assert len(faults) == (fault is not None)


def test_an_unknown_failure_is_a_fault() -> None:
    faults = result_faults(textbook_of(CLINIC, known_failures={"renamed": 1}), [check_of(1)])
    assert any("'renamed', which is no check" in fault for fault in faults)


def test_too_small_a_share_is_a_fault() -> None:
    textbook = textbook_of(
        CLINIC,
        least_shares={"functionality": 0.6, "invariance": 0, "direction": 0},
        known_failures={"missed": 3.0},
    )
    checks = [check_of(1), check_of(-1, name="missed"), check_of(1, kind=INVARIANCE), check_of(1, kind=DIRECTION)]
    assert result_faults(textbook, checks) == ["1 of 2 checks of functionality pass; at least 60% must."]


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"anchors": [1]}, "needs a score of each of the 3 dimensions"),
        ({"at_least": {"beauty": 1}}, "names 'beauty'"),
        ({"changes": [{"what": "x", "moves": {"beauty": 1}}]}, "names 'beauty'"),
        ({"at_least": {"reach": 7}}, "asks at least 7 on reach, but the anchors give 6"),
        ({"at_most": {AVERAGE: 5}}, "asks at most 5 on weighted_average, but the anchors give 6.1"),
    ],
)
def test_each_fault_is_found(config: FilterConfig, more: dict[str, Any], fault: str) -> None:
    assert [each for each in file_faults(config, textbook_of(CLINIC | more)) if fault in each]


def test_few_cases_and_one_language_are_faults(config: FilterConfig) -> None:
    faults = file_faults(config, textbook_of(CLINIC))
    assert faults == [
        "there are 1 cases.  Write at least 8.",
        "fewer than 25% of the texts are not English.  Add some.",
    ]


def test_eight_cases_of_two_languages_are_sound(config: FilterConfig) -> None:
    cases = [CLINIC | {"id": str(n), "language": "nl" if n % 2 else "en"} for n in range(8)]
    assert file_faults(config, textbook_of(*cases)) == []


def test_every_dimension_is_checked(config: FilterConfig) -> None:
    faults = dimension_faults(config, [check_of(1), check_of(1, measure="proof")])
    assert faults == ["no case checks the dimension 'lasting'."]
