"""The JSON objects in a reply, and what is wrong with the rest of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from ..errors import MalformedReplyError, ProseReplyError, ReplyError, TruncatedReplyError
from .gaps import is_part, object_may_start
from .reader import MAX_DEPTH, ObjectReader, TooDeep, object_of
from .strings import Broken, Ended

BYTE_ORDER_MARK = "\ufeff"
FENCE = "```"

_SHOWN = 40

# What a model thought before it answered, in the tags that reasoning models write around it.
_THINKING_START = re.compile(r"\s*<(think|thinking|thought|reasoning)>", re.IGNORECASE)
# Some servers keep the opening tag to themselves: then JSON must follow the closing one.
_THINKING_END_ALONE = re.compile(r"</(?:think|thinking|thought|reasoning)>(?=\s*+[{\[`])", re.IGNORECASE)


@dataclass
class Found:
    """The whole objects in order, and what is wrong with the first that is not whole."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    fault: ReplyError | None = None


def parse_json(text: str) -> dict[str, Any]:
    """Return the object in a reply, repaired where that has one reading; of several the first that is not empty.

    What `json.loads` takes for an object comes back as it gives it. Raises TruncatedReplyError where the JSON breaks
    off, ProseReplyError where there is none, MalformedReplyError where a fault has no single reading.
    """
    objects = objects_in(text).objects
    return next((found for found in objects if found), objects[0])


def objects_in(text: str) -> Found:
    """Find the whole objects of a reply; raise ReplyError if it has none.

    Fences, prose and lists around an object do not matter, nor does it if all of it is one string of JSON. What
    `json.loads` takes for an object is that one.
    """
    text = text.lstrip(BYTE_ORDER_MARK)
    try:
        strict = json.loads(text, object_pairs_hook=object_of)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        strict = None
    if isinstance(strict, dict):
        return Found([strict])
    if isinstance(strict, str):
        return objects_in(strict)
    found = _search(without_thinking(text))
    if not found.objects:
        raise found.fault or _nothing(text)
    return found


def _search(text: str) -> Found:
    """Read each object from its brace; after one with a fault, only a brace that starts a line begins another."""
    found, at = Found(), 0
    while (at := text.find("{", at)) >= 0:
        if not object_may_start(text, at + 1) or (found.fault and not _starts_line(text, at)):
            at += 1
        else:
            at = _read(text, at, found)
    return found


def _read(text: str, start: int, found: Found) -> int:
    """Read one object into ``found``, or what is wrong with it; return where to go on."""
    reader = ObjectReader(text, start)
    try:
        value = reader.read()
    except Ended:
        found.fault = found.fault or TruncatedReplyError(f"the JSON breaks off: ...{text[-_SHOWN:]!r}")
        return len(text)
    except TooDeep:
        raise _too_deep() from None
    except Broken as broken:
        if reader.has_key:  # without one it was a brace in prose
            found.fault = found.fault or MalformedReplyError(f"{broken.reason}: {_shown(text, broken.position)}")
        return max(broken.position, start + 1)
    if is_part(text, start, reader.at):
        found.fault = found.fault or MalformedReplyError(f"the object is a part of one: {_shown(text, reader.at)}")
    else:
        found.objects.append(value)
    return reader.at


def _nothing(text: str) -> ReplyError:
    """Return the error of a reply without a brace; after an open fence one was to follow."""
    if text.count(FENCE) % 2:
        return TruncatedReplyError(f"the reply breaks off before the JSON: ...{text[-_SHOWN:]!r}")
    return ProseReplyError(f"the reply holds no JSON object: {_shown(text, 0)}")


def _starts_line(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] == "\n"


def _too_deep() -> MalformedReplyError:
    return MalformedReplyError(f"objects and lists lie more than {MAX_DEPTH} deep in one another")


def _shown(text: str, at: int) -> str:
    """Return the text around a place, for a message."""
    return repr(text[max(at - _SHOWN // 2, 0) : at + _SHOWN])


def without_thinking(text: str) -> str:
    """Return what follows the thinking; raise TruncatedReplyError if it never ends."""
    if start := _THINKING_START.match(text):
        end = re.compile(f"</{start[1]}>", re.IGNORECASE).search(text, start.end())
        if end is None:
            raise TruncatedReplyError("the reply breaks off while the model is thinking; allow it more output")
        return text[end.end() :]
    ends = [match.end() for match in _THINKING_END_ALONE.finditer(text)]
    return text[ends[-1] :] if ends else text
