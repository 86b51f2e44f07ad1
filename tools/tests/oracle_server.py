"""An LLM's two wire formats on loopback, OpenAI's and Gemini's: it counts its calls and can be told to fail.

Scores follow from the prompt, so that a right answer can be told from a wrong one. As a script it serves alone:
``python oracle_server.py --dimensions a,b``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from loopback import HttpReply, HttpRequest, LoopbackServer

GARDEN = ("green", "shared", "tested")


@dataclass(frozen=True)
class Call:
    """One prompt that arrived: its number among all, and among those of the same prompt, both from 1."""

    wire: str
    model: str
    prompt: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    number: int
    again: int


@dataclass(frozen=True)
class Answer:
    """What the model says, or an HTTP error; ``finish`` is in OpenAI's words."""

    text: str | None = None
    finish: str = "stop"
    error: HttpReply | None = None
    delay: float = 0.0
    cut: bool = False
    thinking: int = 0
    cached: int = 0
    with_usage: bool = True


Behaviour = Callable[[Call], Answer]


def scores_of(prompt: str, dimensions: Sequence[str] = GARDEN) -> dict[str, float]:
    """Return half points that depend on the prompt alone."""
    return {name: (zlib.crc32(f"{name}{prompt}".encode("utf-8", "replace")) % 21) / 2 for name in dimensions}


def good_text(prompt: str, dimensions: Sequence[str] = GARDEN) -> str:
    """Return a reply as the prompts ask for."""
    scores = scores_of(prompt, dimensions)
    return json.dumps({name: {"score": score, "evidence": "a short passage"} for name, score in scores.items()})


def well(call: Call) -> Answer:
    """Answer as one should."""
    return Answer(good_text(call.prompt))


def count_words(text: str) -> int:
    """Count tokens roughly."""
    return len(text.split())


class OracleServer(LoopbackServer):
    """Both wire formats at once; ``calls`` and ``by_prompt`` are what arrived, ``fault`` is what everyone gets."""

    def __init__(
        self,
        behaviour: Behaviour = well,
        count: Callable[[str], int] = count_words,
        port: int = 0,
        *,
        keep: bool = True,
    ) -> None:
        """Answer by a behaviour and count tokens by a function; ``keep`` the calls for looking at."""
        super().__init__(self._handle, port)
        self.behaviour = behaviour
        self.count = count
        self.keep = keep
        self.n_calls = 0
        self.fault: HttpReply | None = None
        self.calls: list[Call] = []
        self.by_prompt: Counter[str] = Counter()

    @property
    def openai_url(self) -> str:
        """The base URL for OpenAI's client."""
        return f"{self.url}/v1"

    async def _handle(self, request: HttpRequest) -> HttpReply:
        if self.fault:
            self.n_calls += 1
            return self.fault
        path = unquote(request.path.partition("?")[0])
        if path == "/v1/chat/completions":
            return self._openai(request)
        if path.endswith(":generateContent"):
            return self._gemini(request, path.rpartition("/")[2].removesuffix(":generateContent"))
        if path == "/calls":
            return HttpReply({"calls": self.n_calls})
        return self.other(request, path)

    def other(self, request: HttpRequest, path: str) -> HttpReply:
        """Answer what is no single call."""
        return HttpReply({"error": {"message": f"no {request.method} {path}", "code": 404}}, status=404)

    def arrived(self, wire: str, model: str, prompt: str, body: Any, headers: Mapping[str, str]) -> Call:
        """Count a prompt."""
        self.n_calls += 1
        again = 1
        if self.keep:
            self.by_prompt[prompt] += 1
            again = self.by_prompt[prompt]
        call = Call(wire, model, prompt, body, headers, self.n_calls, again)
        if self.keep:
            self.calls.append(call)
        return call

    def _openai(self, request: HttpRequest) -> HttpReply:
        body = request.json()
        prompt = body["messages"][-1]["content"]
        answer = self.behaviour(self.arrived("openai", body["model"], prompt, body, request.headers))
        if answer.error:
            return answer.error
        return HttpReply(self.openai_body(body["model"], prompt, answer), delay=answer.delay, cut=answer.cut)

    def _gemini(self, request: HttpRequest, model: str) -> HttpReply:
        body = request.json()
        prompt = body["contents"][0]["parts"][0]["text"]
        answer = self.behaviour(self.arrived("gemini", model, prompt, body, request.headers))
        if answer.error:
            return answer.error
        return HttpReply(self.gemini_body(model, prompt, answer), delay=answer.delay, cut=answer.cut)

    def openai_body(self, model: str, prompt: str, answer: Answer) -> dict[str, Any]:
        """Return a chat completion."""
        text = answer.text or ""
        body: dict[str, Any] = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": answer.finish}
            ],
        }
        if answer.with_usage:
            prompt_tokens, output = self.count(prompt), self.count(text) + answer.thinking
            body["usage"] = {
                "prompt_tokens": prompt_tokens,
                "completion_tokens": output,
                "total_tokens": prompt_tokens + output,
                "prompt_tokens_details": {"cached_tokens": answer.cached},
                "completion_tokens_details": {"reasoning_tokens": answer.thinking},
            }
        return body

    def gemini_body(self, model: str, prompt: str, answer: Answer) -> dict[str, Any]:
        """Return what generateContent answers."""
        text = answer.text or ""
        finish = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}[answer.finish]
        return {
            "candidates": [
                {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish, "index": 0}
            ],
            "usageMetadata": {
                "promptTokenCount": self.count(prompt),
                "candidatesTokenCount": self.count(text),
                "cachedContentTokenCount": answer.cached,
                "thoughtsTokenCount": answer.thinking,
                "totalTokenCount": self.count(prompt) + self.count(text) + answer.thinking,
            },
            "modelVersion": model,
        }


def serve_alone() -> None:
    """Print the URL and answer well until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--dimensions", default=",".join(GARDEN))
    options = parser.parse_args()
    dimensions = options.dimensions.split(",")
    with OracleServer(lambda call: Answer(good_text(call.prompt, dimensions)), port=options.port, keep=False) as server:
        print(server.url, flush=True)  # noqa: T201  the caller reads it
        sys.stdin.read()


if __name__ == "__main__":
    serve_alone()
