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
        assert server.n_calls < 30
    assert done.exit_code == FAILED
    assert set(labelling.report["calls"]["failures"]) == {"no_completion"}
    assert labelling.report["cost"]["all_runs"] == 0
    assert labelling.read("dead_letters") == []


def test_page_after_page_stops_the_run(labelling: LabellingFixture) -> None:
    """A wrong URL is no fault of the articles."""
    labelling.write([article(number) for number in range(220)])
    with OracleServer(lambda _: Answer(error=PAGE)) as server:
        done = labelling.label(server, "--max-attempts", 1, "--concurrency", 4)
        assert server.n_calls < 30
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


class OddServer(OracleServer):
    """Writes the body of each chat completion in a way of its own."""

    def __init__(self, message: dict[str, Any], usage: dict[str, Any]) -> None:
        """Keep what is written over the message and the usage."""
        super().__init__()
        self.message = message
        self.usage = usage

    def openai_body(self, model: str, prompt: str, answer: Answer) -> dict[str, Any]:
        """Return a chat completion with what was given."""
        body = super().openai_body(model, prompt, answer)
        body["choices"][0]["message"] |= self.message
        body["usage"] |= self.usage
        return body


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens_details": {"cached_tokens": 10**6}},
        {"prompt_tokens": "x12"},
        {"completion_tokens": -4},
        {"prompt_tokens": 2.5},
    ],
    ids=["more-cached-than-sent", "words", "negative", "half"],
)
def test_usage_that_cannot_be_costs_no_label(labelling: LabellingFixture, usage: dict[str, Any]) -> None:
    """The answer is there and is kept."""
    with OddServer({}, usage) as server:
        done = labelling.label(server)
    assert done.exit_code == OK, done.output
    assert len(labelling.read("labels")) == 12
    assert all(label["cost"] > 0 for label in labelling.read("labels"))


def test_text_in_parts_is_joined(labelling: LabellingFixture) -> None:
    """Some endpoints send what was thought beside it."""
    text = '{"green": 1, "shared": 2, "tested": 3}'
    parts = [{"type": "thinking", "thinking": []}, *({"type": "text", "text": part} for part in (text[:9], text[9:]))]
    with OddServer({"content": parts}, {}) as server:
        done = labelling.label(server)
    assert done.exit_code == OK, done.output
    assert {tuple(label["scores"].values()) for label in labelling.read("labels")} == {(1.0, 2.0, 3.0)}


def test_content_that_is_no_text_is_a_dead_letter(labelling: LabellingFixture) -> None:
    """Of its article alone; the report is written."""
    with OddServer({"content": {"green": 1}}, {}) as server:
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
