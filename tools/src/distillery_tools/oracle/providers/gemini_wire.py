"""Requests and replies of Gemini's generateContent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .contract import Completion, Finish, ProviderSettings, Request, Usage

if TYPE_CHECKING:
    from google.genai.types import GenerateContentConfig, GenerateContentResponse

_BLOCKED = {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE"}


def request_config(request: Request, settings: ProviderSettings) -> GenerateContentConfig:
    """Return the config of a request; thinking is a number of tokens, or a level from Gemini 3.5 on."""
    from google.genai.types import GenerateContentConfig

    config: dict[str, Any] = {
        "max_output_tokens": request.max_output_tokens,
        "automatic_function_calling": {"disable": True},
    }
    if settings.temperature is not None:
        config["temperature"] = settings.temperature
    if settings.thinking is not None:
        is_budget = settings.thinking.lstrip("-").isdecimal()
        config["thinking_config"] = (
            {"thinking_budget": int(settings.thinking)} if is_budget else {"thinking_level": settings.thinking.upper()}
        )
    if settings.structured:
        config |= {"response_mime_type": "application/json", "response_json_schema": dict(request.schema)}
    return GenerateContentConfig(**config)


def completion_of(response: GenerateContentResponse, model: str) -> Completion:
    """Read a reply; one without a candidate was blocked before it was written."""
    usage = _usage(response)
    answered_by = response.model_version or model
    if not response.candidates:
        feedback = response.prompt_feedback
        reason = feedback.block_reason.name if feedback and feedback.block_reason else "no candidate"
        return Completion(f"blocked: {reason}", usage, answered_by, "blocked")
    candidate = response.candidates[0]
    parts = (candidate.content.parts if candidate.content else None) or []
    text = "".join(part.text for part in parts if part.text and not part.thought)
    return Completion(text, usage, answered_by, _finish(candidate.finish_reason))


def _finish(reason: Any) -> Finish:
    name = reason.name if reason else "STOP"
    if name in _BLOCKED:
        return "blocked"
    return {"STOP": "stop", "MAX_TOKENS": "length"}.get(name, "other")  # type: ignore[return-value]


def _usage(response: GenerateContentResponse) -> Usage | None:
    stated = response.usage_metadata
    if stated is None:
        return None
    prompt = stated.prompt_token_count or 0
    return Usage(
        prompt=prompt,
        cached=min(prompt, stated.cached_content_token_count or 0),
        output=stated.candidates_token_count or 0,
        thinking=stated.thoughts_token_count or 0,
    )
