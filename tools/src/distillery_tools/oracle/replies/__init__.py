"""Replies: from what a model wrote to scores, or to an error that says what is wrong with it.

`scores` reads the scores of a filter's dimensions out of the objects that `objects` finds; `reader`, `strings` and
`gaps` read JSON as models write it. `oracle.run` calls `parse_reply` for every answer, and anyone may call it.
"""

from .objects import parse_json
from .scores import parse_reply, reply_schema

__all__ = ["parse_json", "parse_reply", "reply_schema"]
