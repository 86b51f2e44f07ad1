"""What a call to a provider can end in besides a completion, by kind.

CallError
├── RetryableError          the same call may go well later
│   ├── RateLimitedError    the provider asks for a pause
│   ├── UnavailableError    the provider answers with a fault of its own
│   ├── CallTimeoutError    no answer in time; it may be billed all the same
│   ├── ConnectionLostError the connection failed or was cut; it may be billed all the same
│   ├── StructureError      the endpoint does not take the way in which structured output was asked for
│   └── UnusableReplyError  the reply is no valid scores
├── RejectedError           this article alone cannot be labelled
└── HardStopError           no call can go well: the key, the balance, the model or a parameter is wrong
"""

from __future__ import annotations

from typing import ClassVar

from distillery import DistilleryError


class CallError(DistilleryError):
    """A call did not bring scores."""

    kind: ClassVar[str] = "failed"
    may_be_billed: ClassVar[bool] = False


class RetryableError(CallError):
    """The same call may go well later; ``retry_after`` is how many seconds the provider asks to wait, if it does."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Keep the pause that is asked for."""
        super().__init__(message)
        self.retry_after = retry_after


class RateLimitedError(RetryableError):
    """The provider asks for a pause; where it does not say how long, each is twice as long as the one before."""

    kind = "rate_limit"


class UnavailableError(RetryableError):
    """The provider answers with a fault of its own."""

    kind = "unavailable"


class CallTimeoutError(RetryableError):
    """No answer came in time."""

    kind = "timeout"
    may_be_billed = True


class ConnectionLostError(RetryableError):
    """The connection failed or was cut."""

    kind = "connection"
    may_be_billed = True


class StructureError(RetryableError):
    """The endpoint does not take the way in which structured output was asked for; the next call asks otherwise."""

    kind = "structured_output"


class UnusableReplyError(RetryableError):
    """The reply is no valid scores; ``reply_kind`` says how."""

    def __init__(self, message: str, reply_kind: str) -> None:
        """Take the reply's own kind as the failure's."""
        super().__init__(message)
        self.reply_kind = reply_kind


class RejectedError(CallError):
    """This article alone cannot be labelled: it is blocked, or too long."""

    kind = "rejected"


class HardStopError(CallError):
    """No call can go well until somebody changes something."""

    kind = "hard_stop"


def kind_of(error: CallError) -> str:
    """Return the short stable name of a failure."""
    return error.reply_kind if isinstance(error, UnusableReplyError) else error.kind
