"""The oracle: an LLM that grades articles by a filter's prompt."""

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
