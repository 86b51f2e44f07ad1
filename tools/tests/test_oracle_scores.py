from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from malformed_replies import DIMENSIONS as INVENTED
from malformed_replies import PROSE, WHOLE, cases, truncated

from distillery_tools.oracle import (
    MalformedReplyError,
    ProseReplyError,
    ReplyError,
    ScoresError,
    TruncatedReplyError,
    parse_reply,
    reply_schema,
)

DIMENSIONS = ("human_gain", "evidence_level")
POINTS = st.floats(0, 10) | st.integers(0, 10)


def reply(**judgements: Any) -> str:
    return json.dumps(judgements)


@given(POINTS, POINTS, st.booleans())
def test_scores_are_numbers_or_judgements(first: float, second: float, bare: bool) -> None:
    judged = first if bare else {"score": first, "reasoning": "so"}

    scores = parse_reply(reply(evidence_level=second, human_gain=judged, content_type="general"), DIMENSIONS)

    assert scores == {"human_gain": first, "evidence_level": second}
    assert list(scores) == list(DIMENSIONS)
    assert all(type(value) is float for value in scores.values())


@pytest.mark.parametrize("kind", WHOLE)
def test_the_scores_of_broken_replies_are_those_that_were_written(kind: str) -> None:
    replies = [case for name, case in cases(10) if name == kind]

    assert len(replies) == 10
    for case in replies:
        assert case.expected is not None
        wanted = {dimension: case.expected[dimension]["score"] for dimension in INVENTED}
        assert parse_reply(case.text, INVENTED) == wanted


def test_what_gives_no_object_gives_no_scores() -> None:
    for seed in range(100):
        with pytest.raises(TruncatedReplyError):
            parse_reply(truncated(random.Random(seed)).text, INVENTED)
    for text in PROSE:
        with pytest.raises(ProseReplyError):
            parse_reply(text, INVENTED)


@pytest.mark.parametrize(
    "value",
    [None, True, False, "7", "7.5", "high", [], [5], {}, {"evidence": "x"}, {"score": None}, {"score": "5"},
     {"score": True}, {"score": [5]}, -0.1, 10.01, 11, -1, 1e400, 10**400, float("nan"), float("-inf"),
     {"score": float("nan")}, {"score": 12, "evidence": "x"}],
)  # fmt: skip
def test_what_is_no_score_is_refused(value: Any) -> None:
    with pytest.raises(ScoresError) as raised:
        parse_reply(reply(human_gain=value, evidence_level=3), DIMENSIONS)

    (fault,) = raised.value.faults
    assert fault.startswith("human_gain: is ")
    assert "expected a number from 0 to 10" in fault


def test_every_fault_is_told_at_once() -> None:
    text = reply(human_gain="7", evidnce_level={"score": 4}, overall={"score": 5}, content_type="general")

    with pytest.raises(ScoresError) as raised:
        parse_reply(text, DIMENSIONS)

    message = str(raised.value)
    assert "4 fault(s)" in message
    for part in (
        "human_gain: is '7'",
        "evidence_level: is missing",
        "evidnce_level: is not a dimension; expected human_gain, evidence_level",
        "overall: is not a dimension",
    ):
        assert part in message


@pytest.mark.parametrize("name", ["Evidence_Level", "evidence level", "Evidence-Level", " EVIDENCE  LEVEL "])
def test_names_are_compared_without_regard_to_spelling(name: str) -> None:
    assert parse_reply(reply(human_gain=1, **{name: {"Score": 2}}), DIMENSIONS)["evidence_level"] == 2


def test_two_spellings_of_one_name_are_refused() -> None:
    with pytest.raises(ScoresError, match="evidence_level: given 2 times, as evidence_level, Evidence level"):
        parse_reply(reply(human_gain=1, evidence_level=2, **{"Evidence level": 3}), DIMENSIONS)


@pytest.mark.parametrize(
    "beside", [{"content_type": "general"}, {"key_signals": ["discount"]}, {"reasoning": {"steps": 3}}, {"flag": True}]
)
def test_what_is_no_score_may_stand_beside(beside: dict[str, Any]) -> None:
    assert parse_reply(reply(human_gain=1, evidence_level=2, **beside), DIMENSIONS)


def test_a_number_beside_judgements_may_stand_but_among_bare_numbers_it_may_be_a_dimension() -> None:
    judged = {"human_gain": {"score": 1}, "evidence_level": {"score": 2}}

    assert parse_reply(reply(**judged, confidence=0.9), DIMENSIONS)
    with pytest.raises(ScoresError, match="confidence: is not a dimension"):
        parse_reply(reply(human_gain=1, evidence_level=2, confidence=0.9), DIMENSIONS)


def test_the_object_that_has_the_dimensions_counts() -> None:
    answer = reply(human_gain=1, evidence_level=2)
    wanted = {"human_gain": 1.0, "evidence_level": 2.0}

    assert parse_reply(f'{{"plan": "grade"}}\n{answer}', DIMENSIONS) == wanted
    assert parse_reply(f"{answer}\nAgain:\n{answer}", DIMENSIONS) == wanted
    assert parse_reply(f'{{"scores": {answer}}}', DIMENSIONS) == wanted
    assert parse_reply(f"[{answer}]", DIMENSIONS) == wanted


def test_answers_that_differ_are_refused() -> None:
    with pytest.raises(MalformedReplyError, match="answers 2 times"):
        parse_reply(f"{reply(human_gain=1, evidence_level=2)} no, {reply(human_gain=1, evidence_level=3)}", DIMENSIONS)


def test_an_answer_that_breaks_off_is_truncated_whatever_stands_before() -> None:
    with pytest.raises(TruncatedReplyError):
        parse_reply('{"plan": "grade"}\n{"human_gain": 1, "evid', DIMENSIONS)


def test_a_first_answer_is_none_if_the_last_breaks_off() -> None:
    with pytest.raises(TruncatedReplyError):
        parse_reply(f'{reply(human_gain=1, evidence_level=2)}\nFinal:\n{{"human_gain": {{"score": 7, "evi', DIMENSIONS)


def test_a_list_of_judgements_is_no_answer() -> None:
    text = '[{"dimension": "human_gain", "score": 4}, {"dimension": "evidence_level", "score": 5}]'

    with pytest.raises(ScoresError, match="human_gain: is missing"):
        parse_reply(text, DIMENSIONS)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TruncatedReplyError, "truncated"),
        (ProseReplyError, "prose"),
        (MalformedReplyError, "malformed"),
        (ScoresError, "scores"),
    ],
)
def test_the_kinds_are_stable(error: type[ReplyError], kind: str) -> None:
    assert error.kind == kind


def test_the_schema_asks_for_every_dimension_and_nothing_else() -> None:
    judgement = {
        "type": "object",
        "properties": {"score": {"type": "number", "minimum": 0.0, "maximum": 10.0}, "evidence": {"type": "string"}},
        "required": ["score", "evidence"],
        "additionalProperties": False,
    }

    assert reply_schema(DIMENSIONS) == {
        "type": "object",
        "properties": {"human_gain": judgement, "evidence_level": judgement},
        "required": ["human_gain", "evidence_level"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"human_gain": 2, "evidence_level": 3, "change_durability": 4, "human_gain": 9}',
        '{"human_gain": {"score": 2, "score": 9}, "evidence_level": 3, "change_durability": 4}',
        '```json\n{"human_gain": 2, "evidence_level": 3, "change_durability": 4, "human_gain": 9,}\n```',
        '{"scores": {"human_gain": 2, "evidence_level": 3, "change_durability": 4, "human_gain": 2}}',
        '{"human_gain": {"score": 2, "Score": 9}, "evidence_level": 3, "change_durability": 4}',
        '{"human_gain": 9, "scores": {"human_gain": 2, "evidence_level": 3, "change_durability": 4}}',
        '{"human_gain": 2, "evidence_level": 3, "change_durability": 4, "final": {"Human Gain": 9}}',
    ],
    ids=["sound", "score", "mended", "nested", "spelling", "outside", "inside"],
)
def test_dimension_that_is_given_twice_is_malformed(text: str) -> None:
    """No value is the last word, in sound JSON as in JSON that was mended."""
    with pytest.raises(MalformedReplyError, match=r"human_gain.* more than once"):
        parse_reply(text, ("human_gain", "evidence_level", "change_durability"))


@pytest.mark.parametrize(
    "text",
    [
        '{"scores": {"human_gain": 2, "evidence_level": 3}, "final": {"human_gain": 9, "evidence_level": 3}}',
        '{"scores": {"human_gain": 2, "evidence_level": 3}, "scores": {"human_gain": 9, "evidence_level": 3}}',
    ],
    ids=["two-names", "one-name"],
)
def test_all_scores_given_twice_in_one_object_are_malformed(text: str) -> None:
    """Neither is the last word."""
    with pytest.raises(MalformedReplyError):
        parse_reply(text, DIMENSIONS)


def test_words_or_confidences_about_dimensions_may_stand_beside() -> None:
    """They are no scores."""
    judged = {"human_gain": {"score": 1}, "evidence_level": {"score": 2}}
    wanted = {"human_gain": 1.0, "evidence_level": 2.0}
    reasons = {"human_gain": "much", "evidence_level": "some"}
    assert parse_reply(reply(**judged, confidence={"human_gain": 0.9, "evidence_level": 0.8}), DIMENSIONS) == wanted
    assert parse_reply(reply(human_gain=1, evidence_level=2, reasons=reasons), DIMENSIONS) == wanted
    assert parse_reply(reply(scores=judged, reasons=reasons), DIMENSIONS) == wanted


def test_other_keys_may_be_given_twice() -> None:
    """They are no scores."""
    text = '{"human_gain": 2, "note": "a", "note": "b"}'
    assert parse_reply(text, ("human_gain",)) == {"human_gain": 2.0}
