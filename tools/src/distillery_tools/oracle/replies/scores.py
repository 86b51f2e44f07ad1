"""The schema of a reply, and the scores of a filter's dimensions in one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from distillery.toolkit import HIGHEST, LOWEST

from ...data.labels import is_score
from ..errors import MalformedReplyError, ScoresError, TruncatedReplyError
from .objects import objects_in
from .reader import RepeatedKeys

WANTED = "a number from 0 to 10, or an object with such a 'score'"
_SEPARATORS = re.compile(r"[\s-]+")


def parse_reply(text: str, dimensions: Sequence[str]) -> dict[str, float]:
    """Return the score of each dimension, in their order; raise ReplyError that says what is wrong.

    A score is a number or ``{"score": number, ...}``; a number in quotes is not a score. Names are compared without
    regard to case, spaces and hyphens. Other keys, such as ``content_type``, may be beside them, and one object may
    hold them all. A dimension must be given once. Of several objects the one with all dimensions counts; two of them
    must agree, and none may follow that breaks off, since it could have been the last word.
    """
    found = objects_in(text)
    answers = [answer for each in found.objects for answer in _complete(each, dimensions)]
    if found.fault and (not answers or isinstance(found.fault, TruncatedReplyError)):
        raise found.fault
    first, *others = [_scores(answer, dimensions) for answer in answers or found.objects[:1]]
    if any(other != first for other in others):
        raise MalformedReplyError(f"the reply answers {1 + len(others)} times, and not always the same")
    return first


def _complete(found: dict[str, Any], dimensions: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the object if it has all dimensions, else each one inside it that has.

    Raises MalformedReplyError if an object inside scores a dimension that is scored outside, and otherwise.
    """
    known = {normalised(name) for name in dimensions}
    inside = {key: value for key, value in found.items() if isinstance(value, dict) and normalised(key) not in known}
    scored = {key: points for key, value in inside.items() if (points := _scored(value, known))}
    outside = _scored(found, known)
    repeated = [key for key in _repeated(found) if key in scored]
    for points in scored.values():
        repeated += [name for name in points.keys() & outside.keys() if _differ(points[name], outside[name])]
    if repeated:
        raise MalformedReplyError(f"the reply gives {', '.join(sorted(set(repeated)))} more than once")
    if known <= _names(found):
        yield found
        return
    whole = [value for value in inside.values() if known <= _names(value)]
    yield from [value for value in whole if known <= _scored(value, known).keys()] or whole[:1]


def _names(value: Mapping[str, Any]) -> set[str]:
    """Return the keys of an object as dimensions are written."""
    return {normalised(key) for key in value}


def _scored(value: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """Return the judgements and bare scores that an object gives dimensions."""
    given = {normalised(key): judgement for key, judgement in value.items() if normalised(key) in known}
    return {name: judgement for name, judgement in given.items() if is_score(_points(judgement))}


def _differ(one: Any, other: Any) -> bool:
    """Tell whether two scores of one dimension differ; a bare number beside a judgement may mean something else."""
    return _has_score(one) == _has_score(other) and _points(one) != _points(other)


def normalised(key: str) -> str:
    """Return a key as dimensions are written: lower case, underscores between words."""
    return _SEPARATORS.sub("_", key.strip()).casefold()


def _scores(answer: Mapping[str, Any], dimensions: Sequence[str]) -> dict[str, float]:
    _refuse_repeated(answer, dimensions)
    spellings = {name: [key for key in answer if normalised(key) == normalised(name)] for name in dimensions}
    faults = [
        *(fault for name, keys in spellings.items() if (fault := _fault(name, keys, answer))),
        *_strangers(answer, spellings),
    ]
    if faults:
        raise ScoresError(faults)
    return {name: float(_points(answer[keys[0]])) for name, keys in spellings.items()}


def _refuse_repeated(answer: Mapping[str, Any], dimensions: Sequence[str]) -> None:
    """Raise MalformedReplyError if a dimension, or its score, is given more than once: no value is the last word."""
    known = {normalised(name) for name in dimensions}
    repeated = [key for key in _repeated(answer) if normalised(key) in known]
    for key, value in answer.items():
        if normalised(key) in known and _gives_score_twice(value):
            repeated.append(f"{key}.score")
    if repeated:
        raise MalformedReplyError(f"the reply gives {', '.join(sorted(repeated))} more than once")


def _gives_score_twice(value: Any) -> bool:
    names = [name for name in (value if isinstance(value, dict) else ()) if normalised(name) == "score"]
    return len(names) > 1 or any(name in _repeated(value) for name in names)


def _repeated(value: Any) -> set[str]:
    return value.repeated if isinstance(value, RepeatedKeys) else set()


def _fault(name: str, keys: list[str], answer: Mapping[str, Any]) -> str | None:
    """Return what is wrong with one dimension's score, or None."""
    if not keys:
        return f"{name}: is missing; expected {WANTED}"
    if len(keys) > 1:
        return f"{name}: given {len(keys)} times, as {', '.join(keys)}; expected it once"
    points = _points(answer[keys[0]])
    return None if is_score(points) else f"{name}: is {repr(points)[:60]}; expected {WANTED}"


def _strangers(answer: Mapping[str, Any], spellings: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield each key that looks like a dimension's but is none: a score object, or among bare numbers a number."""
    known = {key for keys in spellings.values() for key in keys}
    bare = all(is_score(answer[key]) for key in known)
    for key, value in answer.items():
        if key not in known and (_has_score(value) or (bare and is_score(value))):
            yield f"{key}: is not a dimension; expected {', '.join(spellings)}"


def _points(value: Any) -> Any:
    """Return the number that a judgement gives, or what it gives instead."""
    if not _has_score(value):
        return value
    return next(points for key, points in value.items() if normalised(key) == "score")


def _has_score(value: Any) -> bool:
    return isinstance(value, dict) and any(normalised(key) == "score" for key in value)


def reply_schema(dimensions: Sequence[str]) -> dict[str, Any]:
    """Return the schema of ``{dimension: {"score": 0-10, "evidence": "..."}}``, every part required."""
    return _closed({name: _judgement() for name in dimensions})


def _judgement() -> dict[str, Any]:
    return _closed({"score": {"type": "number", "minimum": LOWEST, "maximum": HIGHEST}, "evidence": {"type": "string"}})


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
