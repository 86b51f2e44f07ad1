"""Requests and replies of Gemini's generateContent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .contract import Completion, Finish, ProviderSettings, Request, Usage
from .failures import failure_of, no_completion
from .form import Form, Part, RequestForm
from .refusal import read_refusal

if TYPE_CHECKING:
    from google.genai.types import GenerateContentConfig

_BLOCKED = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED", "SPII", "LANGUAGE")
_FINISHES: dict[str, Finish] = {"STOP": "stop", "MAX_TOKENS": "length"}
_PARTS = {"candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId"}
_SHOWN = 200


def request_form(settings: ProviderSettings) -> RequestForm:
    """Return the form to begin with."""
    thinking = settings.thinking
    kind = "thinking_level" if thinking and not thinking.lstrip("-").isdecimal() else "thinking_budget"
    return RequestForm(
        {
            Part.STRUCTURE: ["schema", "json"] if settings.structured else [],
            Part.TOKENS: ["max_output_tokens"],
            Part.TEMPERATURE: [] if settings.temperature is None else ["temperature"],
            Part.THINKING: [] if thinking is None else [kind],
        }
    )


def request_config(request: Request, settings: ProviderSettings, form: Form) -> GenerateContentConfig:
    """Return the config of a request; thinking is a number of tokens, or a level from Gemini 3 on."""
    from google.genai.types import GenerateContentConfig

    config: dict[str, Any] = {"automatic_function_calling": {"disable": True}}
    if form.tokens:
        config[form.tokens] = request.max_output_tokens
    if form.temperature:
        config["temperature"] = settings.temperature
    if form.thinking:
        thinking = str(settings.thinking)
        config["thinking_config"] = {
            form.thinking: int(thinking) if form.thinking == "thinking_budget" else thinking.upper()
        }
    if form.structure:
        config["response_mime_type"] = "application/json"
    if form.structure == "schema":
        config["response_json_schema"] = dict(request.schema)
    return GenerateContentConfig(**config)


def completion_of(body: Any, model: str, form: RequestForm, sent: Form) -> Completion:
    """Read a reply with HTTP 200; raise the CallError that it states, or NoCompletionError if it is not a completion.

    A reply without a candidate and without a reason to block is an empty one, which is asked for again.
    """
    if not isinstance(body, dict) or not (_PARTS & set(body)) or body.get("error"):
        refusal = read_refusal(200, body)
        if refusal.is_silent:
            raise no_completion(json.dumps(body)[:_SHOWN])
        raise failure_of(refusal, form, sent)
    form.answered(sent)
    stated_feedback = body.get("promptFeedback")
    feedback = stated_feedback if isinstance(stated_feedback, dict) else {}
    reason = feedback.get("blockReason")
    usage, answered_by = usage_of(body.get("usageMetadata")), str(body.get("modelVersion") or model)
    if reason:
        return Completion("", usage, answered_by, "blocked", _named(reason, feedback), form.adapted)
    candidates = body.get("candidates")
    candidate = candidates[0] if isinstance(candidates, list) and candidates else None
    if not isinstance(candidate, dict):
        return Completion("", usage, answered_by, "other", adapted=form.adapted)
    stated = str(candidate.get("finishReason") or "STOP")
    is_blocked = any(word in stated for word in _BLOCKED)
    finish: Finish = "blocked" if is_blocked else _FINISHES.get(stated, "other")
    block_reason = _named(stated, candidate) if is_blocked else None
    return Completion(_reply(candidate, finish), usage, answered_by, finish, block_reason, form.adapted)


def usage_of(stated: Any) -> Usage | None:
    """Read the tokens of a reply; None, so that the estimate is booked, if they are not whole numbers above zero."""
    if not isinstance(stated, dict):
        return None
    names = ("promptTokenCount", "cachedContentTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    counts: list[Any] = [stated.get(name) or 0 for name in names]
    usage = Usage(*counts)
    return replace(usage, cached=min(usage.prompt, usage.cached)) if usage.is_plausible else None


def _named(reason: Any, stated: Mapping[str, Any]) -> str:
    """Return a reason with the categories that were rated so, and what the provider says of it."""
    ratings = stated.get("safetyRatings")
    blocked = [
        str(rating.get("category"))
        for rating in (ratings if isinstance(ratings, list) else ())
        if isinstance(rating, dict) and rating.get("blocked")
    ]
    return ": ".join([str(reason), *blocked, *filter(None, [stated.get("finishMessage")])])


def _reply(candidate: Mapping[str, Any], finish: Finish) -> str:
    """Return a candidate's text; where it holds no object, the arguments of a call or what was thought to its end."""
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, dict) else None
    found = [part for part in (parts if isinstance(parts, list) else ()) if isinstance(part, dict)]
    text = "".join(_text(part) for part in found if not part.get("thought"))
    if "{" in text:
        return text
    calls = [
        json.dumps(part["functionCall"].get("args")) for part in found if isinstance(part.get("functionCall"), dict)
    ]
    thoughts = [] if finish == "length" else ["".join(_text(part) for part in found if part.get("thought"))]
    return next((each for each in (*calls, *thoughts) if "{" in each), text)


def _text(part: Mapping[str, Any]) -> str:
    text = part.get("text")
    return text if isinstance(text, str) else ""
