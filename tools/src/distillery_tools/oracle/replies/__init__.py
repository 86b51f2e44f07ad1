"""Replies: from what an LLM answered to scores, or to an error that says what is wrong with it."""

from .json_reply import parse_json as parse_json
from .schema import reply_schema as reply_schema
from .scores import parse_reply as parse_reply
