"""One table of what endpoints answer instead of a completion: each with how a run must end, whoever sends it.

The bodies have the forms of real endpoints; their words are ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loopback import HttpReply

PAGE = "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


@dataclass(frozen=True)
class EndpointFault:
    """An answer of an endpoint, and what the report must say of it; ``stops_at_once`` after the calls in flight."""

    name: str
    status: int
    body: Any
    says: str
    stops_at_once: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False

    @property
    def reply(self) -> HttpReply:
        """The answer on the wire."""
        body = self.body.encode() if isinstance(self.body, str) else self.body
        return HttpReply(body, self.status, self.headers, cut=self.cut)


def stopping(name: str, status: int, body: Any, says: str) -> EndpointFault:
    """Return a fault of every call, which stops a run at once."""
    return EndpointFault(name, status, body, says, stops_at_once=True)


def openai_error(message: str, **fields: Any) -> dict[str, Any]:
    """Return an error as OpenAI states it."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None} | fields}


def google_error(code: int, status: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    """Return an error as google.rpc.Status has it."""
    return {"error": {"code": code, "status": status, "message": message, "details": list(details)}}


BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
NO_BILLING = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "BILLING_DISABLED"}
A_DAY = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
}

# The key.
KEY_FAULTS = (
    stopping("key-openai", 401, openai_error("Wrong key", code="invalid_api_key"), "refuses the key"),
    stopping("key-openrouter", 401, {"error": {"message": "No auth credentials found", "code": 401}}, "key"),
    stopping("key-detail", 401, {"detail": "Unauthorized"}, "Unauthorized"),
    stopping("key-text", 401, "Unauthorized", "Unauthorized"),
    stopping("key-page", 401, PAGE.format(title="401 Authorization Required"), "Authorization Required"),
    stopping("key-in-400", 400, openai_error("Incorrect API key provided: abc"), "refuses the key"),
    stopping("key-gemini", 400, google_error(400, "INVALID_ARGUMENT", "API key not valid", BAD_KEY), "key"),
    stopping("forbidden-page", 403, PAGE.format(title="Attention Required"), "Attention Required"),
    stopping("region", 400, google_error(400, "FAILED_PRECONDITION", "User location is not supported"), "loc"),
    stopping("key-in-camel-case", 200, {"code": "InvalidApiKey", "message": "Who is it?"}, "refuses the key"),
    stopping("key-in-a-200", 200, {"error": {"message": "Who are you?", "code": 401}}, "Who are you?"),
)

# The balance.
BALANCE_FAULTS = (
    stopping("balance-402", 402, {"error": {"message": "Insufficient Balance"}}, "balance is exhausted"),
    stopping("balance-402-text", 402, "Payment Required", "balance is exhausted"),
    stopping("balance-quota", 429, openai_error("Plan used up", code="insufficient_quota"), "exhausted"),
    stopping("balance-type", 429, openai_error("Used up", type="insufficient_quota"), "exhausted"),
    stopping("balance-words", 400, openai_error("Your credit balance is too low for this"), "exhausted"),
    stopping("balance-403", 403, {"error": {"message": "x", "code": "insufficient_user_quota"}}, "exhausted"),
    stopping("balance-gemini", 403, google_error(403, "PERMISSION_DENIED", "Billing", NO_BILLING), "Billing"),
    stopping("balance-in-a-200", 200, {"error": {"message": "Insufficient credits", "code": 402}}, "exhaus"),
    stopping(
        "balance-minimax",
        200,
        {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
        "exhausted",
    ),
    stopping(
        "balance-can-afford",
        402,
        {"error": {"message": "You requested up to 4096 tokens, but can only afford 222", "code": 402}},
        "can only afford 222",
    ),
    stopping(
        "balance-in-a-message",
        200,
        {"choices": [{"finish_reason": "error", "message": {"content": "", "error": {"message": "No", "code": 402}}}]},
        "exhausted",
    ),
    stopping(
        "balance-beside-no-choices",
        200,
        {"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
        "exhausted",
    ),
    stopping("day", 429, google_error(429, "RESOURCE_EXHAUSTED", "Quota", A_DAY), "quota of the day"),
    stopping("day-words", 429, {"error": {"message": "limit: free-models-per-day", "code": 429}}, "the day"),
)

# The model and the URL.
PLACE_FAULTS = (
    stopping("model-openai", 404, openai_error("No such model", code="model_not_found"), "--model"),
    stopping("model-vllm", 404, {"object": "error", "message": "The model `m` does not exist."}, "--model"),
    stopping("model-openrouter", 400, {"error": {"message": "m is not a valid model ID", "code": 400}}, "--mod"),
    stopping("model-deepseek", 400, openai_error("Model Not Exist"), "--model"),
    stopping("model-param", 400, openai_error("No", param="model"), "--model"),
    stopping("model-lmstudio", 404, {"error": {"message": "No models loaded."}}, "No models loaded"),
    stopping("deployment-azure", 404, {"error": {"code": "DeploymentNotFound", "message": "No"}}, "--model"),
    stopping("path-detail", 404, {"detail": "Not Found"}, "--base-url"),
    stopping("path-text", 404, "404 page not found", "404 page not found"),
    stopping("path-page", 404, PAGE.format(title="Nothing here"), "Nothing here"),
    stopping("path-empty", 404, "", "--base-url"),
    stopping("method", 405, {"detail": "Method Not Allowed"}, "--base-url"),
    EndpointFault("page-for-an-answer", 200, PAGE.format(title="Sign in"), "Sign in"),
    EndpointFault("text-for-an-answer", 200, "Ollama is running", "Ollama is running"),
    EndpointFault("json-for-an-answer", 200, {"status": "ok"}, "ok"),
    EndpointFault("list-for-an-answer", 200, [], "completion"),
    EndpointFault("number-for-an-answer", 200, "7", "completion"),
    EndpointFault("nothing-for-an-answer", 200, "", "reason"),
)

# The server.
SERVER_FAULTS = (
    EndpointFault("500-openai", 500, openai_error("Something broke"), "Something broke"),
    EndpointFault("500-text", 500, "Internal Server Error", "Internal Server Error"),
    EndpointFault("502-page", 502, PAGE.format(title="502 Bad Gateway"), "502 Bad Gateway"),
    EndpointFault("503-loading", 503, {"error": {"code": 503, "message": "Loading model"}}, "Loading model"),
    EndpointFault(
        "529-overloaded", 529, {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}, "Busy"
    ),
    EndpointFault("500-list", 500, [google_error(500, "INTERNAL", "Deep inside")], "Deep inside"),
    EndpointFault("error-in-a-200", 200, {"error": {"message": "Asleep", "code": 502}}, "Asleep"),
    EndpointFault("error-text-in-a-200", 200, {"error": "model runner has stopped"}, "model runner has stopped"),
    EndpointFault("error-object-in-a-200", 200, {"object": "error", "message": "Lost", "code": 50001}, "Lost"),
    EndpointFault(
        "error-within-an-error",
        502,
        {"error": {"message": "Provider returned error", "code": 502, "metadata": {"raw": '{"detail": "Upstream"}'}}},
        "Upstream",
    ),
)

# What is refused without a reason that is known, in every form of the request.
UNEXPLAINED_FAULTS = (
    EndpointFault("400-openai", 400, openai_error("No"), "No"),
    EndpointFault("400-text", 400, "Bad Request", "Bad Request"),
    EndpointFault("400-page", 400, PAGE.format(title="The plain HTTP request"), "The plain HTTP request"),
    EndpointFault("400-list", 400, [google_error(400, "INVALID_ARGUMENT", "Invalid")], "Invalid"),
    EndpointFault(
        "422-detail", 422, {"detail": [{"loc": ["body", "user"], "msg": "Field required"}]}, "Field required"
    ),
    EndpointFault("422-mistral", 422, {"message": {"detail": [{"loc": ["body", "n"], "msg": "Must be"}]}}, "Must be"),
)

ENDPOINT_FAULTS = (*KEY_FAULTS, *BALANCE_FAULTS, *PLACE_FAULTS, *SERVER_FAULTS, *UNEXPLAINED_FAULTS)


@dataclass(frozen=True)
class FormFault:
    """A refusal of a part of the request: of bodies in which one of these keys is found, wherever it is."""

    name: str
    keys: tuple[str, ...]
    error: Any
    status: int = 400
    options: tuple[str, ...] = ()

    def refuses(self, body: Any) -> bool:
        """Tell whether a request holds what is refused."""
        return any(f'"{key}":' in json.dumps(body) for key in self.keys)


MAX_TOKENS = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)
TEMPERATURE = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) is supported."
FORBIDDEN = {"type": "extra_forbidden", "loc": ["body", "reasoning_effort"], "msg": "Extra inputs are not permitted"}

OPENAI_FORMS = (
    FormFault("tokens", ("max_tokens",), openai_error(MAX_TOKENS, param="max_tokens", code="unsupported_parameter")),
    FormFault("tokens-without-param", ("max_tokens",), openai_error(MAX_TOKENS)),
    FormFault("tokens-litellm", ("max_tokens",), {"error": {"message": f"litellm.BadRequestError: {MAX_TOKENS}"}}),
    FormFault("tokens-as-a-500", ("max_tokens",), {"error": {"message": f"litellm.APIError: {MAX_TOKENS}"}}, 500),
    FormFault(
        "tokens-openrouter",
        ("max_tokens",),
        {"error": {"message": "Provider returned error", "metadata": {"raw": json.dumps(openai_error(MAX_TOKENS))}}},
    ),
    FormFault(
        "tokens-too-many", ("max_tokens", "max_completion_tokens"), openai_error("max_tokens is too large: 4096")
    ),
    FormFault(
        "tokens-fill-the-context",
        ("max_tokens", "max_completion_tokens"),
        openai_error(
            "The context length is 4096 tokens; you requested 4500 (404 in the messages, 4096 in the completion)."
        ),
    ),
    FormFault("temperature", ("temperature",), openai_error(TEMPERATURE, param="temperature")),
    FormFault("temperature-in-words", ("temperature",), {"error": {"message": "`temperature` is deprecated."}}),
    FormFault("schema-lmstudio", ("json_schema",), {"error": "'response_format.type' must be 'text'"}),
    FormFault("schema-deepseek", ("json_schema",), openai_error("This response_format type is unavailable now")),
    FormFault(
        "schema-openrouter",
        ("response_format",),
        {"error": {"message": "No endpoints found that can handle the requested parameters.", "code": 404}},
        404,
    ),
    FormFault("schema-unnamed", ("response_format",), "Bad Request"),
    FormFault("schema-grammar", ("json_schema",), {"error": {"message": "failed to parse grammar", "code": 500}}, 500),
    FormFault("json-mode", ("response_format",), openai_error("JSON mode is not supported", param="response_format")),
    FormFault("thinking-mistral", ("reasoning_effort",), {"detail": [FORBIDDEN]}, 422, ("--thinking", "low")),
    FormFault(
        "thinking-as-text",
        ("reasoning_effort",),
        {"object": "error", "message": json.dumps({"detail": [FORBIDDEN]})},
        422,
        ("--thinking", "low"),
    ),
    FormFault("in-a-200", ("max_tokens",), {"error": {"message": MAX_TOKENS, "code": 400}}, 200),
    FormFault("in-a-200-without-a-code", ("max_tokens",), {"error": {"message": MAX_TOKENS}}, 200),
    FormFault(
        "in-a-200-coded", ("temperature",), {"error": {"message": "temperature", "code": "unsupported_value"}}, 200
    ),
    FormFault("as-a-403", ("response_format",), openai_error("response_format is not supported here"), 403),
    FormFault("as-a-501", ("json_schema",), openai_error("json_schema is not implemented"), 501),
    FormFault("as-a-502", ("max_tokens",), {"error": {"message": f"upstream: {MAX_TOKENS}", "code": 502}}, 502),
    FormFault("everything", ("max_tokens", "temperature", "response_format"), openai_error("No")),
)

GEMINI_FORMS = (
    FormFault(
        "budget",
        ("thinkingConfig",),
        google_error(400, "INVALID_ARGUMENT", "Thinking budget is not supported for this model."),
        400,
        ("--thinking", "0"),
    ),
    FormFault(
        "level",
        ("thinkingConfig",),
        google_error(400, "INVALID_ARGUMENT", "Thinking level is not supported for this model."),
        400,
        ("--thinking", "low"),
    ),
    FormFault("temperature", ("temperature",), google_error(400, "INVALID_ARGUMENT", "temperature must be 1")),
    FormFault(
        "schema", ("responseJsonSchema",), google_error(400, "INVALID_ARGUMENT", "Unknown name responseJsonSchema")
    ),
    FormFault("json-mode", ("responseMimeType",), google_error(400, "INVALID_ARGUMENT", "JSON mode is not enabled")),
    FormFault("unnamed", ("responseMimeType",), google_error(400, "INVALID_ARGUMENT", "Invalid argument.")),
    FormFault("tokens", ("maxOutputTokens",), google_error(400, "INVALID_ARGUMENT", "max_output_tokens out of range")),
    FormFault("as-a-list", ("temperature",), [google_error(400, "INVALID_ARGUMENT", "temperature is not supported")]),
)
