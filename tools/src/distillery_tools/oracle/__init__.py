"""The oracle: an LLM that scores articles by a filter's prompt, and everything that asks it.

`prompt` makes what is asked, `providers` ask it, `replies` read what comes back, `store` keeps all that was paid for,
`run` is one run of ``distillery label``, and `compare` sets label files beside each other. The commands of the tools
call these packages; the names below are for authors of filters and of providers.
"""

from .errors import (
    MalformedReplyError,
    PromptError,
    ProseReplyError,
    ReplyError,
    ScoresError,
    TruncatedReplyError,
)
from .prompt.compression import compress
from .prompt.junk import junk_reason
from .prompt.prompt import Prompt, RenderedPrompt
from .replies import parse_json, parse_reply, reply_schema

__all__ = [
    "MalformedReplyError",
    "Prompt",
    "PromptError",
    "ProseReplyError",
    "RenderedPrompt",
    "ReplyError",
    "ScoresError",
    "TruncatedReplyError",
    "compress",
    "junk_reason",
    "parse_json",
    "parse_reply",
    "reply_schema",
]
