"""The codes and words by which endpoints state why they refuse a call."""

from __future__ import annotations

import re

from .form import Part

BALANCE_CODES = {
    "insufficient_quota",
    "insufficient_user_quota",
    "insufficient_balance",
    "insufficient_credits",
    "insufficient_funds",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_disabled",
    "exceeded_current_quota_error",
    "arrearage",
    "1113",  # Zhipu
    "1008",  # MiniMax
}
KEY_CODES = {
    "invalid_api_key",
    "api_key_invalid",
    "api_key_service_blocked",
    "api_key_expired",
    "service_disabled",
    "account_deactivated",
    "authentication_error",
    "unauthenticated",
    "permission_denied",
    "failed_precondition",  # Gemini: billing or region
}
MODEL_CODES = {
    "model_not_found",
    "model_not_available",
    "invalid_model",
    "unknown_model",
    "model_not_supported",
    "deploymentnotfound",
    "no_model_loaded",
}
ARTICLE_CODES = {
    "context_length_exceeded",
    "exceed_context_size_error",
    "string_above_max_length",
    "content_filter",
    "content_policy_violation",
    "responsibleaipolicyviolation",
    "data_inspection_failed",
    "invalid_prompt",
    "moderation_blocked",
}
OVERLOAD_CODES = {"overloaded_error", "resource_exhausted", "rate_limit_exceeded", "rate_limit_error"}

KNOWN_CODES = BALANCE_CODES | KEY_CODES | MODEL_CODES | ARTICLE_CODES | OVERLOAD_CODES

BALANCE_WORDS = re.compile(
    r"insufficient (?:account )?(?:balance|credits?|funds|quota)|(?:credit )?balance is too low|can only afford"
    r"|out of credits?|no credits|exceeded your current quota|hard limit has been reached|余额不足|欠费",
    re.IGNORECASE,
)
KEY_WORDS = re.compile(
    r"(?:incorrect|invalid|missing|expired) (?:\w+ )?api[ _-]?key|api[ _-]?key (?:is )?(?:not valid|invalid|expired)"
    r"|no auth credentials|user location is not supported",
    re.IGNORECASE,
)
MODEL_WORDS = re.compile(
    r"is not a valid model|model[^.]{0,80}(?:does not exist|not found|not exist|is not available|unavailable)"
    r"|no models? (?:is |are )?loaded|unknown model",
    re.IGNORECASE,
)
LENGTH_WORDS = re.compile(
    r"context (?:length|window|size)|(?:prompt|input|request|messages?) (?:is |are )?too (?:long|large)"
    r"|too many (?:input )?tokens|input token count|maximum (?:number of )?(?:input )?tokens|reduce the length"
    r"|max_(?:completion_)?tokens must be at least",
    re.IGNORECASE,
)
BLOCK_WORDS = re.compile(
    r"\bflagged\b|moderation|content (?:management )?(?:policy|filter)|content exists risk|inappropriate content"
    r"|safety (?:system|filter)|usage polic|prohibited content",
    re.IGNORECASE,
)
OUTPUT_WORDS = re.compile(
    r"max_(?:completion_|output_)?tokens|in the completion|(?:completion|output) tokens", re.IGNORECASE
)
REFUSAL_WORDS = re.compile(
    r"unsupported|n[o']t support|not permitted|not allowed|unrecogni[sz]ed|unknown|unexpected|extra_forbidden"
    r"|deprecated|not implemented|does not accept|failed to (?:parse|initiali[sz]e)",
    re.IGNORECASE,
)
# Of those the words that no fault of a server uses, for statuses that say nothing of a request.
PLAIN_REFUSAL_WORDS = re.compile(
    r"unsupported|n[o']t support|not permitted|not allowed|unrecogni[sz]ed|extra_forbidden|deprecated|not implemented"
    r"|does not accept",
    re.IGNORECASE,
)
REFUSAL_CODES = {"unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden"}
DAY_WORDS = re.compile(r"per[ _-]?day", re.IGNORECASE)

# By what names endpoints call the parts of a request.
PART_WORDS = {
    Part.TOKENS: re.compile(r"max_?(?:completion_?|output_?|new_?)?tokens", re.IGNORECASE),
    Part.TEMPERATURE: re.compile(r"\btemperature\b", re.IGNORECASE),
    Part.THINKING: re.compile(r"reasoning_?effort|\breasoning\b|thinking|thought", re.IGNORECASE),
    Part.STRUCTURE: re.compile(
        r"response_?(?:format|json_?schema|schema|mime_?type)|json_?schema|json_?object|json[ _]mode|structured"
        r"|grammar|guided|\bschema\b|additionalproperties|requested parameters",
        re.IGNORECASE,
    ),
}
