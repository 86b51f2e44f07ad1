from __future__ import annotations

import json
import random
import re
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from malformed_replies import PROSE, WHOLE, cases, invented_reply, truncated, written

from distillery_tools.oracle import (
    MalformedReplyError,
    ProseReplyError,
    ReplyError,
    TruncatedReplyError,
    parse_json,
)

PER_KIND = 40
N_TRUNCATED = 600

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=5)


def outcome(text: str) -> Any:
    try:
        return parse_json(text)
    except ReplyError as error:
        return error.kind


@pytest.mark.parametrize("kind", WHOLE)
def test_every_whole_reply_is_read(kind: str) -> None:
    missed = [case for name, case in cases(PER_KIND) if name == kind and outcome(case.text) != case.expected]

    assert not missed


def test_there_are_a_thousand_of_them_and_json_alone_does_not_do() -> None:
    texts = {case.text for _, case in cases(PER_KIND)}

    assert len(texts) > 1000
    assert sum(not is_json(text) for text in texts) > 1000


def is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def test_what_breaks_off_is_never_guessed() -> None:
    found = [outcome(truncated(random.Random(seed)).text) for seed in range(N_TRUNCATED)]

    assert found == ["truncated"] * N_TRUNCATED


@pytest.mark.parametrize("layout", range(4))
def test_every_beginning_of_a_reply_is_truncated(layout: int) -> None:
    text = written(invented_reply(random.Random(layout)), random.Random(layout))

    assert {outcome(text[:end]) for end in range(1, len(text))} == {"truncated"}


@pytest.mark.parametrize(
    "text", ["```json", "```json\n", "<think>hm", '<think>{"a": 1}', "{", "[{", '{"a": tru', '{"a": 7', '{"a": 7, /']
)
def test_what_breaks_off_early_is_truncated_too(text: str) -> None:
    with pytest.raises(TruncatedReplyError):
        parse_json(text)


@pytest.mark.parametrize("text", PROSE)
def test_prose_is_recognised(text: str) -> None:
    with pytest.raises(ProseReplyError):
        parse_json(text)


@given(OBJECTS, st.booleans(), st.sampled_from([None, 2, "\t"]))
def test_what_json_takes_comes_back_the_same(found: dict[str, Any], ascii_only: bool, indent: Any) -> None:
    text = json.dumps(found, ensure_ascii=ascii_only, indent=indent)

    assert parse_json(text) == json.loads(text)


@given(OBJECTS.filter(bool), st.booleans(), st.sampled_from([None, 2, "\t"]))
def test_inside_a_fence_too(found: dict[str, Any], ascii_only: bool, indent: Any) -> None:
    text = json.dumps(found, ensure_ascii=ascii_only, indent=indent)

    assert parse_json(f"Here:\n```json\n{text}\n```\n") == json.loads(text)


@given(OBJECTS.filter(bool), st.data())
def test_a_backslash_that_starts_no_escape_is_one(found: dict[str, Any], data: st.DataObject) -> None:
    """The reference: take pairs together, double every other backslash that starts no legal escape."""
    text = json.dumps(found)
    places = [match.end() for match in re.finditer(r'(?<!\\)"(?=[^"\\,:{}\[\]])', text)]
    bad = st.sampled_from([r"\a", r"\|", r"\u12 ", r"\ ", r"\\", r"\\\x", r"\é", r"\uD83D\q"])
    for place in reversed(places):
        text = text[:place] + data.draw(bad) + text[place:]
    doubled = re.sub(r'\\(\\|["/bfnrt]|u[0-9a-fA-F]{4})|\\', lambda match: match[0] if match[1] else r"\\", text)

    try:
        expected = json.loads(doubled)
    except ValueError:  # the place was no string's beginning
        return
    assert parse_json(text) == expected


def test_a_lone_surrogate_stays_as_json_leaves_it() -> None:
    assert parse_json(r'{"a": "\ud83d", "b": "\|\udf33"}') == {"a": "\ud83d", "b": "\\|\udf33"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, "u": "https://x.org/p",}', {"a": 1, "u": "https://x.org/p"}),
        ('{"a": "x" /* https://y.org */, "u": "//z" // end\n}', {"a": "x", "u": "//z"}),
        ('{"a": +7, "b": .5, "c": 5., "d": -0, "e": 1e2}', {"a": 7, "b": 0.5, "c": 5.0, "d": 0, "e": 100.0}),
        ('{{"a": 1}}', {"a": 1}),
        ('{"draft": oops}\n{"a": 1}', {"a": 1}),
        ('The grading of "Trees in town":\n\n{"a": 1}\n', {"a": 1}),
        ('"json": {"a": {"b": 1}}', {"a": {"b": 1}}),
        ('Not {"a", "b"}, but {"c": 1}', {"c": 1}),
        ('{"a": 1}\n\n{"b": 2, "c', {"a": 1}),
    ],
)
def test_an_object_with_one_reading(text: str, expected: dict[str, Any]) -> None:
    assert parse_json(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"score": 7/10}, "b": {"score": 5}}',  # never the object inside
        '"a": {"score": 1}, "b": {"score": 2}}',  # its beginning is missing
        'g}, "b": {"score": 2}}',
        '{"a": {"score": 1}}, "b": {"score": 2}}',  # a brace too many
        '{"a": "the so-called "rule": none", "b": 1}',  # text, or a key?
        '{"a": "x" and "y", "b": "z": 1}',
        '{"a": 1, ..., "b": 2}',
        '{"a": 1 2}',
        '{"a": [1, 2}',
        '{"a": 7,5}',
        '{"a": ["he said "no", "b"]}',
        '{"a": 1' + "0" * 5000 + "}",
    ],
)
def test_what_has_no_single_reading_is_refused(text: str) -> None:
    with pytest.raises(MalformedReplyError):
        parse_json(text)


@pytest.mark.parametrize("around", ["{}", "```json\n{}\n```"])
@pytest.mark.parametrize("depth", [5_000, 500_000])
def test_depth_is_an_error_not_a_crash(around: str, depth: int) -> None:
    for opening, closing in (('{"a":', "}"), ('{"a":[', "]}")):
        text = around.replace("{}", opening * depth + "1" + closing * depth)

        with pytest.raises(MalformedReplyError, match="deep in one another"):
            parse_json(text)


def test_the_message_shows_the_place() -> None:
    with pytest.raises(MalformedReplyError, match=r"'/' where ',' is expected: .*7/10"):
        parse_json('{"a": {"score": 7/10}}')
    with pytest.raises(TruncatedReplyError, match=r"breaks off: \.\.\..*so far"):
        parse_json('{"a": "so far')


HOSTILE = {
    "braces": ("", "{", ""),
    "starts": ("", '{"', ""),
    "no colon": ("", '{"a" ', ""),
    "broken objects": ("", '{"a":1 x\n', ""),
    "whole objects": ("", '{"a":1}', ""),
    "quotes": ('{"a":"', '"', ""),
    "quotes and commas": ('{"a":"', '","', ""),
    "quotes and spaces": ('{"a":"', '" ', ""),
    "open comments": ('{"a":"', '"/*', ""),
    "comments": ('{"a":"', '"/* */', "*/"),
    "braces and comments": ("", "{/*", ""),
    "backslashes": ('{"a":"', "\\", ""),
    "half escapes": ('{"a":"', "\\u", ""),
    "spaces": ('{"a":"x"', " ", "x"),
    "digits": ('{"a":', "9", "}"),
    "lists": ('{"a":[', "[],", ""),
    "keys": ("", ' "a" : {', ""),
    "thoughts": ("", "</think> ", ""),
}


def n_steps(text: str) -> int:
    """Return how many lines and calls reading a reply takes; what one regular expression does is bounded besides."""
    steps = 0

    def count(*_: Any) -> Any:
        nonlocal steps
        steps += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        outcome(text)
    finally:
        sys.settrace(before)
    return steps


@pytest.mark.parametrize("kind", HOSTILE)
def test_steps_grow_with_the_length(kind: str) -> None:
    before, repeated, after = HOSTILE[kind]
    short, long = (n_steps(before + repeated * times + after) for times in (500, 2000))

    assert long < 5 * short


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_long_hostile_reply_is_answered(kind: str) -> None:
    before, repeated, after = HOSTILE[kind]

    assert outcome(before + repeated * (200_000 // len(repeated)) + after) in (
        {"a": 1},
        "truncated",
        "malformed",
        "prose",
    )
