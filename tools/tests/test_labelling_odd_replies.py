"""Answers that are no completion, or an odd one: each is booked once, and none takes the run down."""

from __future__ import annotations

from typing import Any

import pytest
from batch_server import BatchServer
from labelling_fixture import LabellingFixture, article
from loopback import HttpReply, HttpRequest
from oracle_server import Answer, OracleServer

OK, FAILED = 0, 1
PROVIDERS = ("openai", "gemini")
PAGE = HttpReply(b"<html>the door of a proxy</html>")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_page_for_an_answer_is_a_settled_failure(labelling: LabellingFixture, provider: str) -> None:
    """What was set aside of the budget is given back, so that the next call finds it."""
    with OracleServer(lambda _: Answer(error=PAGE)) as server:
        done = labelling.label(server, "--budget", 1, "--max-attempts", 1, provider=provider)
        assert server.n_calls <= 5 * 8
    assert done.exit_code == FAILED
    assert set(labelling.report["calls"]["failures"]) == {"no_completion"}
    assert labelling.report["cost"]["all_runs"] == 0
    assert labelling.read("dead_letters") == []


def test_page_after_page_stops_the_run(labelling: LabellingFixture) -> None:
    """A wrong URL is no fault of the articles."""
    labelling.write([article(number) for number in range(220)])
    with OracleServer(lambda _: Answer(error=PAGE)) as server:
        done = labelling.label(server, "--max-attempts", 1, "--concurrency", 4)
        assert server.n_calls <= 5 * 8
    assert "calls failed, with pauses between them" in done.output
    assert "check --base-url" in done.output


@pytest.mark.parametrize("provider", PROVIDERS)
def test_blocked_reply_is_paid(labelling: LabellingFixture, provider: str) -> None:
    """The provider bills its prompt, so that it counts against the budget."""
    labelling.write([article(1)])
    with OracleServer(lambda _: Answer("", finish="content_filter"), count=lambda text: 50 * bool(text)) as server:
        labelling.label(server, "--price-in", 1000, "--price-out", 0, provider=provider)
    (dead,) = labelling.read("dead_letters")
    assert dead["kind"] == "rejected"
    assert labelling.report["cost"]["now"] == labelling.report["cost"]["all_runs"] == pytest.approx(0.05)


SCORES = '{"green": 1, "shared": 2, "tested": 3}'
DICT = {"green": 1, "shared": 2, "tested": 3}
MONEY = ("--price-in", 1000, "--price-out", 1000)


class OddServer(BatchServer):
    """Writes over each chat completion, and over each candidate and usage of Gemini."""

    def __init__(self, over: dict[str, Any]) -> None:
        """Keep what is written over ``message``, ``choice`` and ``usage``."""
        super().__init__()
        self.over = over

    def openai_body(self, model: str, prompt: str, answer: Answer) -> dict[str, Any]:
        """Return a chat completion with what was given."""
        body = super().openai_body(model, prompt, answer)
        body["choices"][0]["message"] |= self.over.get("message", {})
        body["choices"][0] |= self.over.get("choice", {})
        body["usage"] = self.over.get("usage", body["usage"])
        return body | self.over.get("body", {})

    def gemini_body(self, model: str, prompt: str, answer: Answer) -> dict[str, Any]:
        """Return what generateContent answers, with what was given."""
        body = super().gemini_body(model, prompt, answer)
        body["candidates"][0] |= self.over.get("choice", {})
        body["usageMetadata"] = self.over.get("usage", body["usageMetadata"])
        return body | self.over.get("body", {})


OPENAI_USAGES = {
    "none": None,
    "empty": {},
    "text": "many",
    "zeros": {"prompt_tokens": 0, "completion_tokens": 0},
    "nulls": {"prompt_tokens": None, "completion_tokens": None},
    "negative": {"prompt_tokens": 12, "completion_tokens": -4},
    "halves": {"prompt_tokens": 2.5, "completion_tokens": 1.5},
    "decimals": {"prompt_tokens": 2400.0, "completion_tokens": 120.0},
    "strings": {"prompt_tokens": "12", "completion_tokens": "4"},
    "names": {"input_tokens": 12, "output_tokens": 4},
    "no-reply": {"prompt_tokens": 12, "completion_tokens": 0},
    "truth": {"prompt_tokens": True, "completion_tokens": True},
}
GEMINI_USAGES = {
    "none": None,
    "zeros": {"promptTokenCount": 0, "candidatesTokenCount": 0},
    "negative": {"promptTokenCount": -12, "candidatesTokenCount": 4},
    "decimals": {"promptTokenCount": 12.0, "candidatesTokenCount": 4.0},
    "strings": {"promptTokenCount": "12", "candidatesTokenCount": "4"},
    "names": {"prompt_tokens": 12, "completion_tokens": 4},
    "no-reply": {"promptTokenCount": 12},
}


@pytest.mark.parametrize("batch", [(), ("--batch", "--poll-seconds", 0.01)], ids=["single", "batch"])
@pytest.mark.parametrize(
    ("provider", "usage"),
    [
        *(pytest.param("openai", usage, id=f"openai-{name}") for name, usage in OPENAI_USAGES.items()),
        *(pytest.param("gemini", usage, id=f"gemini-{name}") for name, usage in GEMINI_USAGES.items()),
    ],
)
def test_usage_that_cannot_be_right_is_booked_at_the_estimate(
    labelling: LabellingFixture, provider: str, usage: Any, batch: tuple[object, ...]
) -> None:
    """So that the budget holds; the answer is there and is kept."""
    labelling.write([article(1), article(2)])
    with OddServer({"usage": usage}) as server:
        done = labelling.label(server, *MONEY, "--budget", 100, *batch, provider=provider)
    assert done.exit_code == OK, done.output
    labels = labelling.read("labels")
    assert [label["tokens"] for label in labels] == [None, None]
    assert all(label["cost"] > 0.05 for label in labels)


def test_more_cached_tokens_than_were_sent_cost_no_label(labelling: LabellingFixture) -> None:
    """They are taken for all that were sent."""
    usage = {"prompt_tokens": 50, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 10**6}}
    with OddServer({"usage": usage}) as server:
        assert labelling.label(server).exit_code == OK
    assert labelling.read("labels")[0]["tokens"] == {"prompt": 50, "cached": 50, "output": 5, "thinking": 0}


TOOL_CALL = {"type": "function", "function": {"name": "scores", "arguments": SCORES}}
OPENAI_REPLIES = {
    "parts": {"message": {"content": [{"type": "text", "text": SCORES[:9]}, {"type": "text", "text": SCORES[9:]}]}},
    "parts-with-thoughts": {
        "message": {"content": [{"type": "thinking", "thinking": [{"text": "{"}]}, {"type": "text", "text": SCORES}]}
    },
    "output-text": {"message": {"content": [{"type": "output_text", "text": SCORES}]}},
    "strings": {"message": {"content": [SCORES]}},
    "value": {"message": {"content": [{"type": "text", "text": {"value": SCORES}}]}},
    "object": {"message": {"content": DICT}},
    "reasoning": {"message": {"content": "", "reasoning": SCORES}},
    "reasoning-content": {"message": {"content": None, "reasoning_content": f"I think: {SCORES}"}},
    "reasoning-details": {
        "message": {"content": None, "reasoning_details": [{"type": "reasoning.text", "text": SCORES}]}
    },
    "words-beside-reasoning": {"message": {"content": "Done.", "reasoning_content": SCORES}},
    "tool-call": {"message": {"content": None, "tool_calls": [TOOL_CALL]}},
    "tool-call-object": {
        "message": {"content": None, "tool_calls": [{"function": {"name": "scores", "arguments": DICT}}]}
    },
    "function-call": {"message": {"content": None, "function_call": {"name": "scores", "arguments": SCORES}}},
    "second-tool-call": {
        "message": {"content": None, "tool_calls": [{"function": {"name": "note", "arguments": "{}"}}, TOOL_CALL]}
    },
    "parsed": {"message": {"content": None, "parsed": DICT}},
    "thinking": {"message": {"content": None, "thinking": SCORES}},
    "thinking-blocks": {"message": {"content": "", "thinking_blocks": [{"type": "thinking", "thinking": SCORES}]}},
    "thinking-parts": {"message": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": SCORES}]}]}},
    "delta": {"body": {"choices": [{"delta": {"content": SCORES}, "finish_reason": "stop"}]}},
    "text": {"body": {"choices": [{"text": SCORES, "finish_reason": "stop"}]}},
    "no-finish": {"message": {"content": SCORES}, "choice": {"finish_reason": None}},
    "unknown-finish": {"message": {"content": SCORES}, "choice": {"finish_reason": "eos"}},
}
GEMINI_REPLIES = {
    "parts": {"choice": {"content": {"parts": [{"text": SCORES[:9]}, {"text": SCORES[9:]}]}}},
    "thoughts": {"choice": {"content": {"parts": [{"text": "{ no", "thought": True}, {"text": SCORES}]}}},
    "only-thoughts": {"choice": {"content": {"parts": [{"text": SCORES, "thought": True}]}}},
    "function-call": {"choice": {"content": {"parts": [{"functionCall": {"name": "scores", "args": DICT}}]}}},
}


@pytest.mark.parametrize("batch", [(), ("--batch", "--poll-seconds", 0.01)], ids=["single", "batch"])
@pytest.mark.parametrize(
    ("provider", "over"),
    [
        *(pytest.param("openai", over, id=f"openai-{name}") for name, over in OPENAI_REPLIES.items()),
        *(pytest.param("gemini", over, id=f"gemini-{name}") for name, over in GEMINI_REPLIES.items()),
    ],
)
def test_scores_that_were_paid_for_are_found(
    labelling: LabellingFixture, provider: str, over: dict[str, Any], batch: tuple[object, ...]
) -> None:
    """Wherever an endpoint puts them."""
    labelling.write([article(1)])
    with OddServer(over) as server:
        done = labelling.label(server, "--max-attempts", 1, *batch, provider=provider)
    assert done.exit_code == OK, done.output
    assert [label["scores"] for label in labelling.read("labels")] == [DICT]


def test_thoughts_that_were_cut_short_are_no_answer(labelling: LabellingFixture) -> None:
    """They may hold a draft."""
    labelling.write([article(1)])
    over = {"message": {"content": "", "reasoning_content": SCORES}, "choice": {"finish_reason": "length"}}
    with OddServer(over) as server:
        labelling.label(server, "--max-attempts", 1)
    assert [dead["kind"] for dead in labelling.read("dead_letters")] == ["truncated"]


@pytest.mark.parametrize(
    ("provider", "over", "says"),
    [
        ("openai", {"choice": {"finish_reason": "content_filter"}, "message": {"content": ""}}, "content_filter"),
        (
            "openai",
            {
                "choice": {
                    "finish_reason": "content_filter",
                    "content_filter_results": {"violence": {"filtered": True}, "hate": {"filtered": False}},
                }
            },
            "content_filter: violence",
        ),
        ("openai", {"choice": {"finish_reason": "content_filter: SAFETY"}, "message": {"content": ""}}, "SAFETY"),
        ("openai", {"choice": {"finish_reason": "RECITATION"}, "message": {"content": None}}, "RECITATION"),
        ("openai", {"choice": {"native_finish_reason": "SAFETY"}, "message": {"content": ""}}, "SAFETY"),
        ("openai", {"message": {"content": None, "refusal": "I will not"}}, "I will not"),
        ("gemini", {"choice": {"finishReason": "SAFETY", "content": {}}}, "SAFETY"),
        ("gemini", {"choice": {"finishReason": "RECITATION", "content": {}}}, "RECITATION"),
        ("gemini", {"body": {"candidates": [], "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}}, "PROHIBITED"),
        (
            "gemini",
            {
                "choice": {
                    "finishReason": "SAFETY",
                    "safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT", "blocked": True}],
                }
            },
            "SAFETY: HARM_CATEGORY_HARASSMENT",
        ),
    ],
    ids=[
        "filter",
        "category",
        "passed-on",
        "makers-own",
        "native",
        "refusal",
        "safety",
        "recitation",
        "prompt",
        "rating",
    ],
)
@pytest.mark.parametrize("batch", [(), ("--batch", "--poll-seconds", 0.01)], ids=["single", "batch"])
def test_block_names_its_reason(
    labelling: LabellingFixture, provider: str, over: dict[str, Any], says: str, batch: tuple[object, ...]
) -> None:
    """In the provider's words; it is final at the first attempt."""
    labelling.write([article(1)])
    with OddServer(over) as server:
        labelling.label(server, *batch, provider=provider)
        assert server.n_calls == 1
    (dead,) = labelling.read("dead_letters")
    assert dead["kind"] == "rejected"
    assert says in dead["reason"]


EMPTY_REPLIES = {
    "openai-no-choice": ("openai", {"body": {"choices": []}}),
    "openai-null-message": ("openai", {"choice": {"message": None}}),
    "openai-no-content": ("openai", {"message": {"content": None}}),
    "gemini-no-candidate": ("gemini", {"body": {"candidates": []}}),
    "gemini-no-parts": ("gemini", {"choice": {"content": {"role": "model"}}}),
    "gemini-other": ("gemini", {"choice": {"content": {}, "finishReason": "OTHER"}}),
}


@pytest.mark.parametrize(("provider", "over"), EMPTY_REPLIES.values(), ids=EMPTY_REPLIES)
@pytest.mark.parametrize("batch", [(), ("--batch", "--poll-seconds", 0.01)], ids=["single", "batch"])
def test_empty_reply_is_requested_again(
    labelling: LabellingFixture, provider: str, over: dict[str, Any], batch: tuple[object, ...]
) -> None:
    """It was answered, so it is an attempt and is paid."""
    labelling.write([article(1)])
    with OddServer(over) as server:
        labelling.label(server, "--max-attempts", 3, *batch, provider=provider)
        assert server.n_calls == 3
        (dead,) = labelling.read("dead_letters")
        assert (dead["kind"], dead["attempts"]) == ("empty", 3)
        server.over = {}
        assert labelling.label(server, "--max-attempts", 4, *batch, provider=provider).exit_code == OK


def test_content_that_holds_no_scores_is_a_dead_letter(labelling: LabellingFixture) -> None:
    """Of its article alone; the report is written."""
    with OddServer({"message": {"content": {"green": 1}}}) as server:
        done = labelling.label(server, "--max-attempts", 1)
    assert done.exit_code == FAILED
    assert len(labelling.read("dead_letters")) == 12


class OddBatchServer(BatchServer):
    """Spoils the first three lines of each batch's results."""

    def _file(self, request: HttpRequest, path: str) -> HttpReply:
        reply = super()._file(request, path)
        if request.method == "POST":
            return reply
        first, second, third, *others = reply.body.splitlines(keepends=True)
        second, third = second.replace(b"custom_id", b"name"), third.replace(b"status_code", b"status")
        return HttpReply(b"".join([first[:20] + b"\n", second, third, *others]))


def test_odd_lines_of_a_batch_are_failures_of_their_own(labelling: LabellingFixture) -> None:
    """The other lines are collected."""
    with OddBatchServer() as server:
        labelling.label(server, "--batch", "--batch-size", 12, "--poll-seconds", 0.01, "--max-attempts", 1)
    assert len(labelling.read("labels")) == 9
    assert labelling.read("dead_letters") == []
    assert labelling.report["articles"]["left"] == 3
    assert labelling.report["stopped"]["kind"] == "endpoint"
