"""Whose fault a failed call is: the article's, the request's form, the endpoint's, or ours. Decided here alone.

Every provider reads an answer with `refusal.read_refusal` and asks `failure_of` what it means; what a client
raises goes through `transport_failure`. Statuses, codes and the names of parameters decide. Words do only where
endpoints state nothing else, and in a server's own fault only the refusal of a parameter counts.

Why: docs/decisions/whose-fault.md
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from http import HTTPStatus

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
from .refusal import Refusal
from .refusal_words import (
    ARTICLE_CODES,
    BALANCE_CODES,
    BALANCE_WORDS,
    BLOCK_WORDS,
    DAY_WORDS,
    KEY_CODES,
    KEY_WORDS,
    LENGTH_WORDS,
    MODEL_CODES,
    MODEL_WORDS,
    OUTPUT_WORDS,
    OVERLOAD_CODES,
    PART_WORDS,
    PLAIN_REFUSAL_WORDS,
    REFUSAL_CODES,
    REFUSAL_WORDS,
)

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
    return _empty_balance(refusal) if refusal.states(BALANCE_CODES) else None


def _server_failure(refusal: Refusal, form: RequestForm, sent: Form) -> CallError | None:
    """Return a server's fault; some pass a refused parameter on as one."""
    if refused := _plainly_refused_part(refusal, form, sent):
        return refused
    if refusal.status == HTTPStatus.NOT_IMPLEMENTED:
        return HardStopError(f"The endpoint does not take such calls ({refusal.shown}).  Correct --base-url.")
    if refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR and refusal.status not in _PASSING:
        return None
    is_refusal = refusal.status == HTTPStatus.INTERNAL_SERVER_ERROR and REFUSAL_WORDS.search(refusal.message)
    refused = _refused_part(refusal, form, sent) if is_refusal else None
    return refused or UnavailableError(refusal.shown, refusal.retry_after)


def _plainly_refused_part(refusal: Refusal, form: RequestForm, sent: Form) -> CallError | None:
    """Return the failure of a refused part of the request whose status says something else, or nothing."""
    if refusal.status not in _STATUSES_BESIDE_THE_FORM:
        return None
    is_refusal = refusal.states(REFUSAL_CODES, PLAIN_REFUSAL_WORDS)
    return _refused_part(refusal, form, sent) if is_refusal else None


def _stated_in_a_reply(refusal: Refusal, _form: RequestForm, _sent: Form) -> CallError | None:
    """Return the failure of an error inside a reply with HTTP 200 whose code is not a status."""
    if refusal.status != HTTPStatus.OK:
        return None
    if _is_empty_balance(refusal):
        return _empty_balance(refusal)
    if refusal.states(KEY_CODES | MODEL_CODES):
        return _common_fault(refusal, _form, _sent)
    if refusal.states(ARTICLE_CODES, BLOCK_WORDS):
        return RejectedError(f"the provider blocks the article or its reply: {refusal.message}")
    if refusal.states(OVERLOAD_CODES):
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
    is_length = is_large or refusal.states({"context_length_exceeded"}, LENGTH_WORDS)
    names_output = is_large or OUTPUT_WORDS.search(refusal.message) is not None
    if is_length and names_output and sent.tokens and form.weaken(Part.TOKENS, sent):
        return RequestFormError(f"the limit of tokens leaves no room for the article: {refusal.message}")
    if is_length or refusal.states(ARTICLE_CODES, BLOCK_WORDS):
        return RejectedError(", ".join([*sorted(refusal.codes & ARTICLE_CODES), refusal.shown]))
    return None


def _worded_balance(refusal: Refusal, _form: RequestForm, _sent: Form) -> CallError | None:
    return _empty_balance(refusal) if _is_empty_balance(refusal) else None


def _is_empty_balance(refusal: Refusal) -> bool:
    if refusal.status == HTTPStatus.PAYMENT_REQUIRED or refusal.states(BALANCE_CODES):
        return True
    # Gemini says so of its limit a minute, too, with the time to wait.
    is_passing = refusal.retry_after is not None or refusal.states({"resource_exhausted"})
    return not is_passing and BALANCE_WORDS.search(refusal.message) is not None


def _empty_balance(refusal: Refusal) -> HardStopError:
    return HardStopError(f"The balance is exhausted; add to it ({refusal.shown}).")


def _rate_limit(refusal: Refusal, _form: RequestForm, _sent: Form) -> CallError | None:
    return _limit(refusal) if refusal.status == HTTPStatus.TOO_MANY_REQUESTS else None


def _limit(refusal: Refusal) -> CallError:
    if any(DAY_WORDS.search(text) for text in (*refusal.quotas, refusal.message)):
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
        for part, words in PART_WORDS.items():
            if sent.how(part) and words.search(text):
                return part
    return None


def _common_fault(refusal: Refusal, _form: RequestForm, _sent: Form) -> CallError | None:
    """Return the failure of what is the same in every call: key, model, URL."""
    if refusal.status == HTTPStatus.UNAUTHORIZED or refusal.states(KEY_CODES, KEY_WORDS):
        return HardStopError(f"The provider refuses the key or its account; correct it ({refusal.shown}).")
    if refusal.status == HTTPStatus.FORBIDDEN:
        return HardStopError(f"The provider forbids the call; see what the key is allowed to do ({refusal.shown}).")
    if refusal.status in _PATH_STATUSES or refusal.states(MODEL_CODES, MODEL_WORDS) or "model" in refusal.params:
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
