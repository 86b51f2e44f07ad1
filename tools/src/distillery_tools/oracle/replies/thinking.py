"""What a model thought before it answered, in the tags that reasoning models write around it."""

from __future__ import annotations

import re

from ..errors import TruncatedReplyError

_START = re.compile(r"\s*<(think|thinking|thought|reasoning)>", re.IGNORECASE)
# Some servers keep the opening tag to themselves: then JSON must follow the closing one.
_END_ALONE = re.compile(r"</(?:think|thinking|thought|reasoning)>(?=\s*+[{\[`])", re.IGNORECASE)


def without_thinking(text: str) -> str:
    """Return what follows the thinking; raise TruncatedReplyError if it never ends."""
    if start := _START.match(text):
        end = re.compile(f"</{start[1]}>", re.IGNORECASE).search(text, start.end())
        if end is None:
            raise TruncatedReplyError("the reply breaks off while the model is thinking; allow it more output")
        return text[end.end() :]
    ends = [match.end() for match in _END_ALONE.finditer(text)]
    return text[ends[-1] :] if ends else text
