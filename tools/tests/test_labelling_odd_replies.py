"""Answers that are no completion, or an odd one: each is booked once, and none takes the run down."""

from __future__ import annotations

import pytest
from labelling_desk import Desk, article
from loopback import HttpReply
from oracle_server import Answer, OracleServer

OK, FAILED = 0, 1
PROVIDERS = ("openai", "gemini")
PAGE = HttpReply(b"<html>the door of a proxy</html>")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_page_for_an_answer_is_a_settled_failure(desk: Desk, provider: str) -> None:
    """What was set aside of the budget is given back, so that the next call finds it."""
    with OracleServer(lambda _: Answer(error=PAGE)) as server:
        done = desk.label(server, "--budget", 1, "--max-attempts", 1, provider=provider)
        assert server.n_calls == 12
    assert done.exit_code == FAILED
    assert desk.report["calls"]["failures"] == {"unavailable": 12}
    assert desk.report["cost"]["all_runs"] == 0


def test_page_after_page_stops_the_run(desk: Desk) -> None:
    """A wrong URL is no fault of the articles."""
    desk.write([article(number) for number in range(220)])
    with OracleServer(lambda _: Answer(error=PAGE)) as server:
        done = desk.label(server, "--max-attempts", 1, "--concurrency", 4)
        assert 200 <= server.n_calls <= 203
    assert "calls all failed" in done.output


@pytest.mark.parametrize("provider", PROVIDERS)
def test_blocked_reply_is_paid(desk: Desk, provider: str) -> None:
    """The provider bills its prompt, so that it counts against the budget."""
    desk.write([article(1)])
    with OracleServer(lambda _: Answer("", finish="content_filter"), count=lambda text: 50 * bool(text)) as server:
        desk.label(server, "--price-in", 1000, "--price-out", 0, provider=provider)
    (dead,) = desk.read("dead_letters")
    assert dead["kind"] == "rejected"
    assert desk.report["cost"]["now"] == desk.report["cost"]["all_runs"] == pytest.approx(0.05)
