"""Everything that goes wrong with providers, by chance but in a fixed order of chances."""

from __future__ import annotations

import random
from collections.abc import Sequence

from loopback import HttpReply
from oracle_server import Answer, Behaviour, Call, good_text


def rate_limited(seconds: str = "0.05") -> HttpReply:
    """Return a 429 that asks for a pause, readable for both clients."""
    return fault(429, "RESOURCE_EXHAUSTED", {"retry-after": seconds})


def fault(status: int, code: str, headers: dict[str, str] | None = None, message: str = "as ordered") -> HttpReply:
    """Return an HTTP error in a form that both clients read."""
    body = {"error": {"code": status if code.isupper() else code, "status": code, "message": message, "type": code}}
    return HttpReply(body, status, headers or {})


def misbehaving(dimensions: Sequence[str], seed: int = 0, share: float = 0.4, silence: float = 30.0) -> Behaviour:
    """Return a behaviour that fails in so large a share of calls, in each way alike."""
    chance = random.Random(seed)

    def behave(call: Call) -> Answer:
        good = good_text(call.prompt, dimensions)
        if chance.random() >= share:
            return Answer(good)
        return chance.choice(
            [
                Answer(error=rate_limited()),
                Answer(error=fault(500, "INTERNAL")),
                Answer(error=fault(503, "UNAVAILABLE", {"retry-after": "0"})),
                Answer(good, delay=silence),
                Answer(good, cut=True),
                Answer(good.replace('":', '" =>')),
                Answer(good[: len(good) // 2], finish="length"),
                Answer(good[: len(good) // 2]),
                Answer('{"verdict": "fine"}'),
                Answer(good.replace(f'"{dimensions[0]}"', '"something_else"')),
                Answer("I am sorry, but I cannot help with that."),
                Answer(""),
            ]
        )

    return behave
