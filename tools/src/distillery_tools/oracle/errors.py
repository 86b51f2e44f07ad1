"""What the oracle's side raises, as one tree below distillery's own.

DistilleryError
├── ConfigError
│   └── PromptError                 a filter's prompt cannot be sent: found before anything is spent
├── ReplyError                      a reply holds no scores; asking again may help
│   ├── TruncatedReplyError         the JSON breaks off: what is missing is never guessed
│   ├── ProseReplyError             there is no JSON in it, such as a refusal
│   ├── MalformedReplyError         the JSON has a fault that has no single reading
│   └── ScoresError                 the JSON is sound, but not the scores of this filter's dimensions
└── CallError                       a call brought no scores
    ├── RejectedError               the article's fault: it is blocked or too long
    ├── HardStopError               no call can succeed: the key, the balance, the model or the URL is wrong
    │   └── SetupError              our own fault: a proxy, a certificate, a client that cannot be made
    └── RetryableError              the same call may succeed later
        ├── UnusableReplyError      the article's fault: the reply holds no scores
        ├── RequestFormError        the request's fault: the endpoint refuses a part of it; the next call leaves it out
        └── EndpointError           the endpoint's fault
            ├── RateLimitedError    it asks for a pause
            ├── UnavailableError    it answers with a fault of its own
            ├── NoCompletionError   it answers with something else, such as a web page
            ├── UnreachableError    nothing was sent: the connection was refused, or the name is unknown
            ├── CallTimeoutError    no answer in time; it may be billed all the same
            └── ConnectionLostError the connection broke after the request was sent; it may be billed all the same

Only a fault of the article costs it an attempt. Nothing but an answer, or a request that may have been answered,
costs money.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from distillery import ConfigError, DistilleryError


class PromptError(ConfigError):
    """A filter's prompt lacks what it needs."""


class ReplyError(DistilleryError):
    """A reply holds no scores; ``kind`` names the sort of fault for records and counts."""

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


class CallError(DistilleryError):
    """A call brought no scores; ``kind`` is the short stable name of the failure."""

    kind: str = "failed"
    costs_attempt: ClassVar[bool] = False
    may_be_billed: ClassVar[bool] = False


class RejectedError(CallError):
    """This article alone cannot be labelled: it is blocked, or too long."""

    kind = "rejected"
    costs_attempt = True


class HardStopError(CallError):
    """No call can succeed until somebody changes something."""

    kind = "hard_stop"


class SetupError(HardStopError):
    """The fault is on this machine: a proxy setting, a missing certificate, a client that cannot be made."""

    kind = "setup"


class RetryableError(CallError):
    """The same call may succeed later; ``retry_after`` is how many seconds the endpoint asks to wait, if it does."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Keep the pause that is asked for."""
        super().__init__(message)
        self.retry_after = retry_after


class UnusableReplyError(RetryableError):
    """The reply holds no valid scores; ``kind`` is the reply's own."""

    costs_attempt = True

    def __init__(self, message: str, kind: str) -> None:
        """Take the reply's kind as the failure's."""
        super().__init__(message)
        self.kind = kind


class RequestFormError(RetryableError):
    """The endpoint refuses a part of the request; the next call leaves it out or names it otherwise."""

    kind = "request_form"


class EndpointError(RetryableError):
    """The endpoint failed; no article loses an attempt by it."""

    kind = "endpoint"


class RateLimitedError(EndpointError):
    """The endpoint asks for a pause; where it does not say how long, each is twice as long as the one before."""

    kind = "rate_limit"


class UnavailableError(EndpointError):
    """The endpoint answers with a fault of its own."""

    kind = "unavailable"


class NoCompletionError(EndpointError):
    """The endpoint answers with something else than a completion, as a wrong URL or a proxy does."""

    kind = "no_completion"


class UnreachableError(EndpointError):
    """Nothing was sent, since there was no connection."""

    kind = "unreachable"


class CallTimeoutError(EndpointError):
    """No answer came in time."""

    kind = "timeout"
    may_be_billed = True


class ConnectionLostError(EndpointError):
    """The connection broke after the request was sent, wholly or in part."""

    kind = "connection"
    may_be_billed = True
