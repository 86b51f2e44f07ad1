"""What the oracle's side raises, as one tree below distillery's own.

DistilleryError
├── ConfigError
│   └── PromptError             a filter's prompt cannot be sent: found before anything is spent
└── ReplyError                  a reply of the oracle gives no scores; asking again may
    ├── TruncatedReplyError     the JSON breaks off: what is missing is never guessed
    ├── ProseReplyError         there is no JSON in it, such as a refusal
    ├── MalformedReplyError     the JSON has a fault that has no single reading
    └── ScoresError             the JSON is sound, but not the scores of this filter's dimensions
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from distillery import ConfigError, DistilleryError


class PromptError(ConfigError):
    """A filter's prompt lacks what it needs."""


class ReplyError(DistilleryError):
    """A reply gives no scores; ``kind`` names the sort of fault for records and counts."""

    kind: ClassVar[str] = "reply"


class TruncatedReplyError(ReplyError):
    """The JSON breaks off before its end."""

    kind = "truncated"


class ProseReplyError(ReplyError):
    """The reply holds no JSON."""

    kind = "prose"


class MalformedReplyError(ReplyError):
    """The JSON has a fault that has no single reading."""

    kind = "malformed"


class ScoresError(ReplyError):
    """The scores are not those that were asked for; ``faults`` lists everything that is wrong."""

    kind = "scores"

    def __init__(self, faults: Sequence[str]) -> None:
        """Take the faults, of which there is at least one."""
        self.faults = tuple(faults)
        super().__init__("\n  ".join([f"the reply's scores have {len(self.faults)} fault(s):", *self.faults]))
