"""The oracle: an LLM that grades articles by a filter's prompt."""

from .compression import compress
from .errors import (
    MalformedReplyError,
    PromptError,
    ProseReplyError,
    ReplyError,
    ScoresError,
    TruncatedReplyError,
)
from .junk import junk_reason
from .prompt import Prompt, RenderedPrompt
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
