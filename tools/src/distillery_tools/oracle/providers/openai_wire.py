"""The bodies of OpenAI's chat completions, as OpenAI and other endpoints write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import CallError
from .contract import Completion, Finish, ProviderSettings, Request, Usage
from .failures import failure_of, no_completion
from .form import Form, Part, RequestForm
from .refusal import read_refusal

_FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "model_length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
}
# Within the reasons of OpenAI, and of the makers whose reasons a server passes on, such as ``content_filter: SAFETY``.
_BLOCKED = ("content_filter", "safety", "recitation", "blocklist", "prohibited", "spii", "sensitive", "refusal")
_THOUGHTS = ("reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks", "thought")
_SHOWN = 200


def request_form(settings: ProviderSettings, *, is_openai: bool) -> RequestForm:
    """Return the form to begin with; OpenAI itself renamed max_tokens, other endpoints did not all follow."""
    names = ["max_completion_tokens", "max_tokens"]
    return RequestForm(
        {
            Part.STRUCTURE: ["json_schema", "json_object"] if settings.structured else [],
            Part.TOKENS: names if is_openai else names[::-1],
            Part.TEMPERATURE: [] if settings.temperature is None else ["temperature"],
            Part.THINKING: [] if settings.thinking is None else ["reasoning_effort"],
        }
    )


def request_body(request: Request, settings: ProviderSettings, form: Form) -> dict[str, Any]:
    """Return the body of a request in a form."""
    body: dict[str, Any] = {"model": settings.model, "messages": [{"role": "user", "content": request.text}]}
    if form.tokens:
        body[form.tokens] = request.max_output_tokens
    if form.temperature:
        body[form.temperature] = settings.temperature
    if form.thinking:
        body[form.thinking] = settings.thinking
    if form.structure == "json_schema":
        schema = {"name": "scores", "schema": dict(request.schema), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif form.structure:
        body["response_format"] = {"type": form.structure}
    return body


def completion_of(body: Any, form: RequestForm, sent: Form, headers: Mapping[str, str] | None = None) -> Completion:
    """Read a reply with HTTP 200; raise the CallError in it, or NoCompletionError if it is not a completion."""
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = _message(choice)
    stated = choice.get("error") or (message or {}).get("error") or (not choice and _states_error(body) and body)
    if stated:
        raise _stated_failure(stated, form, sent, headers)
    if choice.get("finish_reason") == "error":
        raise _stated_failure(_text((message or {}).get("content")) or "no reason stated", form, sent, headers)
    if message is None:
        if not isinstance(choices, list) or choice:
            raise no_completion(json.dumps(body)[:_SHOWN])
        message = {}  # no choice at all: an empty reply, which is asked for again
    form.answered(sent)
    finish = _finish(choice, message)
    return Completion(
        text=_reply(message, finish),
        usage=usage_of(body.get("usage")),
        model=str(body.get("model") or ""),
        finish=finish,
        block_reason=_block_reason(choice, message) if finish == "blocked" else None,
        adapted=form.adapted,
    )


def usage_of(usage: Any) -> Usage | None:
    """Read the tokens of a reply; None, so that the estimate is booked, if they are not whole numbers above zero.

    What was thought is within the completion's tokens at OpenAI, and beside them at others; here it is beside them.
    """
    if not isinstance(usage, dict):
        return None
    prompt, output = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    if not prompt or output is None:
        return None
    thinking = _detail(usage, "completion_tokens_details", "reasoning_tokens")
    return Usage(
        prompt=prompt,
        cached=min(prompt, _detail(usage, "prompt_tokens_details", "cached_tokens")),
        output=output - thinking if thinking <= output else output,
        thinking=thinking,
    )


def _states_error(body: Any) -> bool:
    """Tell whether an object without choices states an error of any kind."""
    if not isinstance(body, dict):
        return isinstance(body, list) and any(_states_error(item) for item in body)
    return not isinstance(body.get("choices"), list) or bool(body.get("error"))


def _stated_failure(stated: Any, form: RequestForm, sent: Form, headers: Mapping[str, str] | None) -> CallError:
    refusal = read_refusal(200, stated, headers)
    if refusal.is_silent:
        return no_completion(json.dumps(stated, default=str)[:_SHOWN])
    return failure_of(refusal, form, sent)


def _message(choice: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return a choice's message, under the name that the server gives it; None if there is none.

    A message that is null is an empty one.
    """
    for name in ("message", "delta"):
        if isinstance(message := choice.get(name), dict):
            return message
    if isinstance(text := choice.get("text"), str):
        return {"content": text}
    return {} if "message" in choice and choice["message"] is None else None


def _reasons(choice: Mapping[str, Any]) -> list[str]:
    """Return why a reply ended: as the server says, and as the maker said whom it asked."""
    return [str(choice[name]) for name in ("finish_reason", "native_finish_reason") if choice.get(name)]


def _blocking(choice: Mapping[str, Any]) -> list[str]:
    return [reason for reason in _reasons(choice) if any(word in reason.lower() for word in _BLOCKED)]


def _finish(choice: Mapping[str, Any], message: Mapping[str, Any]) -> Finish:
    if _text(message.get("refusal")) or _blocking(choice):
        return "blocked"
    return _FINISHES.get(str(choice.get("finish_reason") or "stop").lower(), "other")


def _block_reason(choice: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    """Return why a reply was blocked: the categories that filtered it, or the model's refusal."""
    results = choice.get("content_filter_results")
    filtered = [name for name, found in (results.items() if isinstance(results, dict) else ()) if _is_filtered(found)]
    reasons = _blocking(choice) or _reasons(choice)
    return ": ".join(dict.fromkeys(filter(None, [*reasons, *filtered, _text(message.get("refusal"))])))


def _is_filtered(found: Any) -> bool:
    return isinstance(found, dict) and bool(found.get("filtered"))


def _reply(message: Mapping[str, Any], finish: Finish) -> str:
    """Return a message's text; where that holds no object, what was paid for elsewhere in the message.

    Scores stand in the arguments of a tool call, or among the thoughts of models whose server puts all there. Thoughts
    that were cut short are none: they may hold a draft.
    """
    text = _text(message.get("content")) or _text(message.get("refusal"))
    if "{" in text:
        return text
    places = [_arguments(message), _text(message.get("parsed"))]
    if finish != "length":
        places += [_text(message.get(name), thoughts=True) for name in (*_THOUGHTS, "content")]
    return next((found for found in places if "{" in found), text)


def _arguments(message: Mapping[str, Any]) -> str:
    """Return the arguments of all calls of tools, one after another."""
    calls = message.get("tool_calls")
    found = [call.get("function") for call in (calls if isinstance(calls, list) else ()) if isinstance(call, dict)]
    functions = [each for each in (*found, message.get("function_call")) if isinstance(each, dict)]
    return "\n".join(_text(function.get("arguments")) for function in functions)


def _text(content: Any, *, thoughts: bool = False) -> str:
    """Return the text of a string, of a list of typed parts, or of an object; ``thoughts`` are left out or kept."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(_part_text(part, thoughts=thoughts) for part in content)
    return json.dumps(content) if isinstance(content, dict) else ""


def _part_text(part: Any, *, thoughts: bool) -> str:
    if not isinstance(part, dict):
        return part if isinstance(part, str) else ""
    kind = str(part.get("type") or "text")
    if not thoughts and ("think" in kind or (kind.startswith("reasoning") and "text" not in part)):
        return ""
    names = ("text", "content", "json", *(("thinking", "summary") if thoughts else ()))
    value = next((part[name] for name in names if name in part), None)
    return _text(value.get("value") if isinstance(value, dict) and "value" in value else value, thoughts=thoughts)


def _detail(usage: Mapping[str, Any], group: str, name: str) -> int:
    details = usage.get(group)
    value = details.get(name) if isinstance(details, dict) else None
    return _count(value) or 0


def _count(value: Any) -> int | None:
    """Return a number of tokens, None for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
