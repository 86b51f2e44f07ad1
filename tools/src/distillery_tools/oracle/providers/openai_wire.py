"""The bodies of OpenAI's chat completions."""

from __future__ import annotations

from typing import Any

from .contract import Completion, Finish, ProviderSettings, Request, Usage

# From the strongest demand on a reply's form to none.
STRUCTURES = ("json_schema", "json_object", "text")

_FINISHES: dict[str, Finish] = {"stop": "stop", "length": "length", "content_filter": "blocked"}


def request_body(request: Request, settings: ProviderSettings, structure: str, *, is_openai: bool) -> dict[str, Any]:
    """Return the body of a request; OpenAI itself renamed max_tokens, other endpoints did not all follow."""
    body: dict[str, Any] = {
        "model": settings.model,
        "messages": [{"role": "user", "content": request.text}],
        ("max_completion_tokens" if is_openai else "max_tokens"): request.max_output_tokens,
    }
    if settings.temperature is not None:
        body["temperature"] = settings.temperature
    if settings.thinking is not None:
        body["reasoning_effort"] = settings.thinking
    if structure == "json_schema":
        schema = {"name": "scores", "schema": dict(request.schema), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif structure == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


def completion_of(body: Any) -> Completion:
    """Read a reply; raise ValueError if it is no chat completion."""
    try:
        choice = body["choices"][0]
        message = choice["message"]
        text = _text(message.get("content")) or _text(message.get("refusal"))
        finish = "blocked" if message.get("refusal") else _FINISHES.get(choice.get("finish_reason") or "stop", "other")
        return Completion(text, usage_of(body.get("usage")), str(body.get("model") or ""), finish)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"no chat completion, {type(error).__name__} {error}") from error


def usage_of(usage: Any) -> Usage | None:
    """Read the tokens of a reply; what was thought stands within the completion's tokens there, but not here."""
    if not usage:
        return None
    prompt = _count(usage.get("prompt_tokens"))
    thinking = _count((usage.get("completion_tokens_details") or {}).get("reasoning_tokens"))
    return Usage(
        prompt=prompt,
        cached=min(prompt, _count((usage.get("prompt_tokens_details") or {}).get("cached_tokens"))),
        output=max(0, _count(usage.get("completion_tokens")) - thinking),
        thinking=thinking,
    )


def _text(content: Any) -> str:
    """Return a message's text, which some endpoints send in parts."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if part.get("type") == "text")
    return content if isinstance(content, str) else ""


def _count(value: Any) -> int:
    """Return a number of tokens, 0 for what is none."""
    return value if isinstance(value, int) and value >= 0 else 0
