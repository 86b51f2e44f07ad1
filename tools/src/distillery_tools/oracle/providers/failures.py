"""Whose fault a failed call is: the article's, the request's form, the endpoint's, or ours. Decided here alone.

Every provider reads what an endpoint answered with `read_refusal` and asks `failure_of` what it means; what a client
raises goes through `transport_failure`. Statuses, codes and the names of parameters decide. Words do only where
endpoints state nothing else, and in a server's own fault only the refusal of a parameter counts.

Why: docs/decisions/whose-fault.md
"""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ..errors import (
    CallError,
    CallTimeoutError,
    ConnectionLostError,
    HardStopError,
    NoCompletionError,
    RateLimitedError,
    RejectedError,
    RequestFormError,
    SetupError,
    UnavailableError,
    UnreachableError,
)
from .form import Form, Part, RequestForm
from .retry_after import delay_in_words, retry_after, stated_delay

SHOWN = 500
NO_REASON = "no reason stated"
_DEEPEST = 8

_BALANCE_CODES = {
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
_KEY_CODES = {
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
_MODEL_CODES = {
    "model_not_found",
    "model_not_available",
    "invalid_model",
    "unknown_model",
    "model_not_supported",
    "deploymentnotfound",
    "no_model_loaded",
}
_ARTICLE_CODES = {
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
_OVERLOAD_CODES = {"overloaded_error", "resource_exhausted", "rate_limit_exceeded", "rate_limit_error"}

_KNOWN_CODES = _BALANCE_CODES | _KEY_CODES | _MODEL_CODES | _ARTICLE_CODES | _OVERLOAD_CODES

_BALANCE_WORDS = re.compile(
    r"insufficient (?:account )?(?:balance|credits?|funds|quota)|(?:credit )?balance is too low|can only afford"
    r"|out of credits?|no credits|exceeded your current quota|hard limit has been reached|余额不足|欠费",
    re.IGNORECASE,
)
_KEY_WORDS = re.compile(
    r"(?:incorrect|invalid|missing|expired) (?:\w+ )?api[ _-]?key|api[ _-]?key (?:is )?(?:not valid|invalid|expired)"
    r"|no auth credentials|user location is not supported",
    re.IGNORECASE,
)
_MODEL_WORDS = re.compile(
    r"is not a valid model|model[^.]{0,80}(?:does not exist|not found|not exist|is not available|unavailable)"
    r"|no models? (?:is |are )?loaded|unknown model",
    re.IGNORECASE,
)
_LENGTH_WORDS = re.compile(
    r"context (?:length|window|size)|(?:prompt|input|request|messages?) (?:is |are )?too (?:long|large)"
    r"|too many (?:input )?tokens|input token count|maximum (?:number of )?(?:input )?tokens|reduce the length"
    r"|max_(?:completion_)?tokens must be at least",
    re.IGNORECASE,
)
_BLOCK_WORDS = re.compile(
    r"\bflagged\b|moderation|content (?:management )?(?:policy|filter)|content exists risk|inappropriate content"
    r"|safety (?:system|filter)|usage polic|prohibited content",
    re.IGNORECASE,
)
_OUTPUT_WORDS = re.compile(
    r"max_(?:completion_|output_)?tokens|in the completion|(?:completion|output) tokens", re.IGNORECASE
)
_REFUSAL_WORDS = re.compile(
    r"unsupported|n[o']t support|not permitted|not allowed|unrecogni[sz]ed|unknown|unexpected|extra_forbidden"
    r"|deprecated|not implemented|does not accept|failed to (?:parse|initiali[sz]e)",
    re.IGNORECASE,
)
# Of those the words that no fault of a server uses, for statuses that say nothing of a request.
_PLAIN_REFUSAL_WORDS = re.compile(
    r"unsupported|n[o']t support|not permitted|not allowed|unrecogni[sz]ed|extra_forbidden|deprecated|not implemented"
    r"|does not accept",
    re.IGNORECASE,
)
_REFUSAL_CODES = {"unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden"}
_DAY_WORDS = re.compile(r"per[ _-]?day", re.IGNORECASE)

# By what names endpoints call the parts of a request.
_PART_WORDS = {
    Part.TOKENS: re.compile(r"max_?(?:completion_?|output_?|new_?)?tokens", re.IGNORECASE),
    Part.TEMPERATURE: re.compile(r"\btemperature\b", re.IGNORECASE),
    Part.THINKING: re.compile(r"reasoning_?effort|\breasoning\b|thinking|thought", re.IGNORECASE),
    Part.STRUCTURE: re.compile(
        r"response_?(?:format|json_?schema|schema|mime_?type)|json_?schema|json_?object|json[ _]mode|structured"
        r"|grammar|guided|\bschema\b|additionalproperties|requested parameters",
        re.IGNORECASE,
    ),
}

# Keys of error bodies: what states a code, and what repeats the request and must not be read as the endpoint's words.
_CODE_KEYS = {"code", "type", "status", "reason", "error_code", "errorcode", "err_code", "status_code"}
_MESSAGE_KEYS = ("message", "error", "detail", "msg", "error_msg", "status_msg", "error_message", "errors", "raw")
_REPEATED_KEYS = {"input", "ctx", "url", "messages", "body", "headers", "user_id", "param", "loc", "help", "links"}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HTML = re.compile(r"^\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
_HTML_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")

_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY}
_FORM_STATUSES = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
# With these, proxies pass a refused part of the request on; of others its words alone decide.
_STATUSES_BESIDE_THE_FORM = {
    HTTPStatus.OK,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.NOT_IMPLEMENTED,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
_STATUSES_OF_THEIR_OWN = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
_PATH_STATUSES = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE}


@dataclass(frozen=True)
class Refusal:
    """What an endpoint answered in a completion's place: its status, its words, and the codes and names in it."""

    status: int
    message: str
    codes: frozenset[str] = frozenset()
    params: tuple[str, ...] = ()
    retry_after: float | None = None
    is_page: bool = False
    quotas: tuple[str, ...] = field(default=())

    @property
    def is_silent(self) -> bool:
        """Whether a reply with HTTP 200 states neither a reason nor a code that is known, as any other JSON would."""
        return self.status == HTTPStatus.OK and self.message == NO_REASON and not self.codes & _KNOWN_CODES

    @property
    def shown(self) -> str:
        """Status and words on one line."""
        return f"HTTP {self.status}: {self.message}"

    def states(self, codes: set[str], words: re.Pattern[str] | None = None) -> bool:
        """Tell whether one of the codes is stated, or the words are used."""
        return bool(self.codes & codes) or (words is not None and words.search(self.message) is not None)


def read_refusal(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Refusal:
    """Read an error in whatever form it comes: an object, a list, text, a page, or JSON within text.

    An error inside of a reply with HTTP 200 has the status that its own code states, else 200.
    """
    content = _parsed(body) if isinstance(body, (str, bytes)) else body
    is_page = isinstance(content, str) and _HTML.match(content) is not None
    found = _Facts()
    found.read(content)
    message = _page_text(content) if is_page else "; ".join(dict.fromkeys(found.messages))
    codes = frozenset(found.codes)
    asked = retry_after(headers) if headers is not None else None
    for delay in (*found.delays, delay_in_words(message)):
        asked = delay if asked is None else asked
    return Refusal(
        status if status != HTTPStatus.OK else _status_within(codes),
        " ".join(message.split())[:SHOWN] or NO_REASON,
        codes,
        tuple(found.params),
        asked,
        is_page,
        tuple(found.quotas),
    )


def failure_of(refusal: Refusal, form: RequestForm, sent: Form) -> CallError:
    """Return what a refusal means for the run; where a part of the request is refused, weaken the form."""
    for decide in _DECISIONS:
        if failure := decide(refusal, form, sent):
            return failure
    return _unexplained(refusal, form, sent)


def transport_failure(error: BaseException) -> CallError:
    """Return what it means that a client could not send a request or receive its answer."""
    import httpx2

    causes = list(_causes(error))
    reason = next((text for cause in causes if (text := " ".join(str(cause).split()))), type(error).__name__)
    meanings: dict[tuple[type[BaseException], ...], CallError] = {
        (ssl.SSLCertVerificationError,): SetupError(
            f"The certificate of the endpoint cannot be verified ({reason}).  Set SSL_CERT_FILE to the file of your"
            " certificate authorities, or correct --base-url."
        ),
        (httpx2.ProxyError,): SetupError(
            f"The proxy refuses the connection ({reason}).  Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY."
        ),
        (httpx2.UnsupportedProtocol, httpx2.InvalidURL): HardStopError(
            f"The endpoint's URL cannot be used ({reason}).  Correct --base-url."
        ),
        (httpx2.LocalProtocolError,): SetupError(
            f"The request cannot be written ({reason}).  Check the key and --base-url."
        ),
        (httpx2.TooManyRedirects,): HardStopError(
            f"The endpoint redirects in a circle ({reason}).  Correct --base-url."
        ),
        (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, ConnectionRefusedError, socket.gaierror): (
            UnreachableError(f"the endpoint cannot be reached: {reason}{_proxy_hint()}")
        ),
        (httpx2.TimeoutException, TimeoutError): CallTimeoutError("no answer in time"),
    }
    for kinds, failure in meanings.items():
        if any(isinstance(cause, kinds) for cause in causes):
            return failure
    return ConnectionLostError(f"the connection broke: {type(causes[0]).__name__} {reason}")


def no_completion(reason: str) -> NoCompletionError:
    """Return the failure of a reply with HTTP 200 that is not a completion and states no error."""
    return NoCompletionError(f"the endpoint answers with something else than a completion: {reason}")


def _wrong_place(refusal: Refusal, _form: RequestForm, _sent: Form) -> CallError | None:
    """Return the failure of a web page with a status that is not an error."""
    if refusal.is_page and refusal.status < HTTPStatus.BAD_REQUEST:
        return NoCompletionError(f"the endpoint answers with a web page ({refusal.message}); check --base-url")
    return None


def _coded_balance(refusal: Refusal, _form: RequestForm, _sent: Form) -> CallError | None:
    """Return the failure of an empty balance that is stated as a code, whatever the status."""
    return _empty_balance(refusal) if refusal.states(_BALANCE_CODES) else None


def _server_failure(refusal: Refusal, form: RequestForm, sent: Form) -> CallError | None:
    """Return a server's fault; some pass a refused parameter on as one."""
    if refused := _plainly_refused_part(refusal, form, sent):
        return refused
    if refusal.status == HTTPStatus.NOT_IMPLEMENTED:
        return HardStopError(f"The endpoint does not take such calls ({refusal.shown}).  Correct --base-url.")
    if refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR and refusal.status not in _PASSING:
        return None
    is_refusal = refusal.status == HTTPStatus.INTERNAL_SERVER_ERROR and _REFUSAL_WORDS.search(refusal.message)
    refused = _refused_part(refusal, form, sent) if is_refusal else None
    return refused or UnavailableError(refusal.shown, refusal.retry_after)


def _plainly_refused_part(refusal: Refusal, form: RequestForm, sent: Form) -> CallError | None:
    """Return the failure of a refused part of the request whose status says something else, or nothing."""
    if refusal.status not in _STATUSES_BESIDE_THE_FORM:
        return None
    is_refusal = refusal.states(_REFUSAL_CODES, _PLAIN_REFUSAL_WORDS)
    return _refused_part(refusal, form, sent) if is_refusal else None


def _stated_in_a_reply(refusal: Refusal, _form: RequestForm, _sent: Form) -> CallError | None:
    """Return the failure of an error inside a reply with HTTP 200 whose code is not a status."""
    if refusal.status != HTTPStatus.OK:
        return None
    if _is_empty_balance(refusal):
        return _empty_balance(refusal)
    if refusal.states(_KEY_CODES | _MODEL_CODES):
        return _common_fault(refusal, _form, _sent)
    if refusal.states(_ARTICLE_CODES, _BLOCK_WORDS):
        return RejectedError(f"the provider blocks the article or its reply: {refusal.message}")
    if refusal.states(_OVERLOAD_CODES):
        return _limit(refusal)
    return UnavailableError(f"an error in the reply: {refusal.message}", refusal.retry_after)


def _page_with_status(refusal: Refusal, form: RequestForm, sent: Form) -> CallError | None:
    """Return the failure of a web page that came as an error: it says nothing of an article or a request."""
    if not refusal.is_page or refusal.status in _STATUSES_OF_THEIR_OWN:
        return None
    return _common_fault(refusal, form, sent) or NoCompletionError(
        f"the endpoint answers with a web page ({refusal.shown}); check --base-url"
    )


def _article_failure(refusal: Refusal, form: RequestForm, sent: Form) -> CallError | None:
    """Return the failure of an article that is too long or blocked; too long may be the reply that was asked for."""
    if refusal.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.TOO_MANY_REQUESTS}:
        return None
    is_large = refusal.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    is_length = is_large or refusal.states({"context_length_exceeded"}, _LENGTH_WORDS)
    names_output = is_large or _OUTPUT_WORDS.search(refusal.message) is not None
    if is_length and names_output and sent.tokens and form.weaken(Part.TOKENS, sent):
        return RequestFormError(f"the limit of tokens leaves no room for the article: {refusal.message}")
    if is_length or refusal.states(_ARTICLE_CODES, _BLOCK_WORDS):
        return RejectedError(", ".join([*sorted(refusal.codes & _ARTICLE_CODES), refusal.shown]))
    return None


def _worded_balance(refusal: Refusal, _form: RequestForm, _sent: Form) -> CallError | None:
    return _empty_balance(refusal) if _is_empty_balance(refusal) else None


def _is_empty_balance(refusal: Refusal) -> bool:
    if refusal.status == HTTPStatus.PAYMENT_REQUIRED or refusal.states(_BALANCE_CODES):
        return True
    # Gemini says so of its limit a minute, too, with the time to wait.
    is_passing = refusal.retry_after is not None or refusal.states({"resource_exhausted"})
    return not is_passing and _BALANCE_WORDS.search(refusal.message) is not None


def _empty_balance(refusal: Refusal) -> HardStopError:
    return HardStopError(f"The balance is exhausted; add to it ({refusal.shown}).")


def _rate_limit(refusal: Refusal, _form: RequestForm, _sent: Form) -> CallError | None:
    return _limit(refusal) if refusal.status == HTTPStatus.TOO_MANY_REQUESTS else None


def _limit(refusal: Refusal) -> CallError:
    if any(_DAY_WORDS.search(text) for text in (*refusal.quotas, refusal.message)):
        return HardStopError(f"The quota of the day is exhausted: {refusal.message}")
    return RateLimitedError(refusal.message, refusal.retry_after)


def _refused_form(refusal: Refusal, form: RequestForm, sent: Form) -> CallError | None:
    return _refused_part(refusal, form, sent) if refusal.status in _FORM_STATUSES else None


def _refused_part(refusal: Refusal, form: RequestForm, sent: Form) -> CallError | None:
    """Return the failure of a refusal that names a part of the request, or None."""
    part = _named_part(refusal, sent)
    if part and form.weaken(part, sent):
        return RequestFormError(f"the endpoint refuses {part.value}: {refusal.message}")
    return None


def _named_part(refusal: Refusal, sent: Form) -> Part | None:
    """Return the part of the request that is named: as a parameter, else in words."""
    for text in (*refusal.params, refusal.message):
        for part, words in _PART_WORDS.items():
            if sent.how(part) and words.search(text):
                return part
    return None


def _common_fault(refusal: Refusal, _form: RequestForm, _sent: Form) -> CallError | None:
    """Return the failure of what is the same in every call: key, model, URL."""
    if refusal.status == HTTPStatus.UNAUTHORIZED or refusal.states(_KEY_CODES, _KEY_WORDS):
        return HardStopError(f"The provider refuses the key or its account; correct it ({refusal.shown}).")
    if refusal.status == HTTPStatus.FORBIDDEN:
        return HardStopError(f"The provider forbids the call; see what the key is allowed to do ({refusal.shown}).")
    if refusal.status in _PATH_STATUSES or refusal.states(_MODEL_CODES, _MODEL_WORDS) or "model" in refusal.params:
        return HardStopError(
            f"The provider knows no such model or path; correct --model or --base-url ({refusal.shown})."
        )
    if refusal.status < HTTPStatus.BAD_REQUEST:
        return HardStopError(f"The endpoint is elsewhere; correct --base-url ({refusal.shown}).")
    return None


def _unexplained(refusal: Refusal, form: RequestForm, sent: Form) -> CallError:
    """Return the failure of a refusal without a reason that is known.

    It may be about the form, which only another try can show; about the article, if other calls in the same form
    were answered; else about the endpoint.
    """
    if form.probe(sent):
        return RequestFormError(f"the endpoint refuses the request; the next one asks for less ({refusal.shown})")
    if form.is_proven:
        return RejectedError(refusal.shown)
    return NoCompletionError(f"the endpoint refuses every form of the request ({refusal.shown})")


# In this order; the first that knows a reason decides.
_DECISIONS: tuple[Callable[[Refusal, RequestForm, Form], CallError | None], ...] = (
    _wrong_place,
    _coded_balance,
    _server_failure,
    _stated_in_a_reply,
    _page_with_status,
    _article_failure,
    _worded_balance,
    _rate_limit,
    _refused_form,
    _common_fault,
)


class _Facts:
    """What an error's body states, gathered from all of its depth."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.codes: set[str] = set()
        self.params: list[str] = []
        self.delays: list[float] = []
        self.quotas: list[str] = []

    def read(self, node: Any, depth: int = 0) -> None:
        """Gather from an object, a list, or text, which may hold JSON itself."""
        if depth > _DEEPEST:
            return
        if isinstance(node, dict):
            self._read_object(node, depth)
        elif isinstance(node, list):
            for item in node[:20]:
                self.read(item, depth + 1)
        elif isinstance(node, str) and node.strip():
            self._read_text(node, depth)

    def _read_object(self, node: dict[str, Any], depth: int) -> None:
        for key, value in node.items():
            name = key.lower()
            if name in _CODE_KEYS and isinstance(value, (str, int)) and not isinstance(value, bool):
                self.codes |= {str(value).strip().lower(), _CAMEL.sub("_", str(value).strip()).lower()}
            elif name == "param" and isinstance(value, str):
                self.params.append(value)
            elif name == "loc" and isinstance(value, list) and value:
                self.params.append(str(value[-1]))
            elif name in {"retrydelay", "retry_after", "retry_after_seconds"}:
                self.delays += [delay for delay in [stated_delay(value)] if delay is not None]
            elif name in {"quotaid", "quotametric"}:
                self.quotas.append(str(value))
        for name in dict.fromkeys((*_MESSAGE_KEYS, *node)):
            value = node.get(name)
            is_text = isinstance(value, str) and name in _MESSAGE_KEYS
            if name.lower() not in _REPEATED_KEYS and (is_text or isinstance(value, (dict, list))):
                self.read(value, depth + 1)

    def _read_text(self, text: str, depth: int) -> None:
        content = _parsed(text)
        if isinstance(content, (dict, list)):
            self.read(content, depth + 1)
            return
        self.messages.append(text.strip())
        at = text.find("{")
        if at > 0:  # a proxy's words with the original error behind them
            within = _object_at(text, at)
            if within:
                nested = _Facts()
                nested.read(within, depth + 1)
                self.codes |= nested.codes
                self.params += nested.params
                self.delays += nested.delays
                self.quotas += nested.quotas


def _parsed(body: str | bytes) -> Any:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    if not text.lstrip().startswith(("{", "[", '"')):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _object_at(text: str, at: int) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text, at)[0]
    except (ValueError, RecursionError):
        return None


def _status_within(codes: frozenset[str]) -> int:
    """Return the status that an error inside of a reply states, or 200."""
    statuses = [int(code) for code in codes if code.isdecimal() and 400 <= int(code) < 600]  # noqa: PLR2004
    return min(statuses, default=int(HTTPStatus.OK))


def _page_text(page: str) -> str:
    title = _HTML_TITLE.search(page)
    return " ".join(_TAGS.sub(" ", title[1] if title else page[:2000]).split())[:100] or "a page without a title"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the innermost cause first."""
    chain: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in chain:
        chain.append(found)
        found = found.__cause__ or found.__context__
    yield from reversed(chain)


def _proxy_hint() -> str:
    names = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
    used = [name for name in names if os.environ.get(name) or os.environ.get(name.lower())]
    return f" (through the proxy of {', '.join(used)})" if used else ""
