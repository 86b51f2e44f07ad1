"""What ends a run of labelling early: keys, balances, models, budgets, signals and kills; and how it goes on."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from typing import Any

import processes
import pytest
from labelling_fixture import LabellingFixture, article, is_sound
from loopback import HttpReply
from misbehaviour import fault, rate_limited
from oracle_server import Answer, Call, OracleServer, good_text

from distillery_tools.oracle.store.store import Store

OK, FAILED, USAGE = 0, 1, 2


def gemini_error(status: int, name: str, details: list[Any]) -> HttpReply:
    """Return an error of Google's API with typed details."""
    return HttpReply({"error": {"code": status, "status": name, "message": "as ordered", "details": details}}, status)


DAILY = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "RequestsPerDayPerProject"}],
}
BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.mark.parametrize(
    ("provider", "error", "says"),
    [
        ("openai", fault(401, "invalid_api_key"), "refuses the key or its account; correct it (HTTP 401"),
        ("openai", fault(402, "payment_required"), "The balance is exhausted; add to it (HTTP 402"),
        ("openai", fault(403, "forbidden"), "what the key is allowed to do (HTTP 403"),
        ("openai", fault(404, "model_not_found"), "correct --model or --base-url (HTTP 404"),
        ("openai", fault(429, "insufficient_quota"), "balance is exhausted"),
        ("gemini", gemini_error(401, "UNAUTHENTICATED", []), "refuses the key or its account; correct it (HTTP 401"),
        ("gemini", gemini_error(400, "INVALID_ARGUMENT", [BAD_KEY]), "refuses the key or its account"),
        ("gemini", gemini_error(429, "RESOURCE_EXHAUSTED", [DAILY]), "quota of the day is exhausted"),
    ],
    ids=["key", "balance", "forbidden", "model", "quota", "gemini-key", "gemini-bad-key", "gemini-daily"],
)
def test_fault_of_every_call_stops_the_run(
    labelling: LabellingFixture, provider: str, error: HttpReply, says: str
) -> None:
    """At once: no article is asked about twice, and a later run goes on with all of them."""
    with OracleServer(lambda _: Answer(error=error)) as server:
        done = labelling.label(server, "--concurrency", 3, provider=provider)
        assert server.n_calls <= 3
        assert max(server.by_prompt.values()) == 1
        labelling.label(server, "--concurrency", 3, provider=provider)
        server.behaviour = lambda call: Answer(good_text(call.prompt))
        again = labelling.label(server, "--max-attempts", 1, provider=provider)
        assert server.n_calls <= 6 + 12
    assert done.exit_code == FAILED
    assert says in done.output
    assert "run the same command again" in done.output
    assert again.exit_code == OK
    assert len(labelling.read("labels")) == 12


def test_author_is_no_authentication_error(labelling: LabellingFixture) -> None:
    """Errors are told apart by status and code, never by words in their text."""

    def behave(call: Call) -> Answer:
        if call.again > 1:
            return Answer(good_text(call.prompt))
        return Answer(error=fault(500, "server_error", message="the author's 401 quota key is invalid"))

    with OracleServer(behave) as server:
        done = labelling.label(server)
    assert done.exit_code == OK, done.output
    assert labelling.report["calls"]["failures"] == {"unavailable": 12}


def test_rejected_article_is_a_dead_letter_at_once(labelling: LabellingFixture) -> None:
    """One call, and the others go on."""

    def behave(call: Call) -> Answer:
        if "planted 3 trees" in call.prompt:
            return Answer(error=fault(400, "context_length_exceeded"))
        if "planted 4 trees" in call.prompt:
            return Answer("", finish="content_filter")
        return Answer(good_text(call.prompt))

    with OracleServer(behave) as server:
        labelling.label(server)
        assert server.n_calls == 12
    assert [(dead["id"], dead["kind"], dead["attempts"]) for dead in labelling.read("dead_letters")] == [
        ("a3", "rejected", 1),
        ("a4", "rejected", 1),
    ]


def test_article_after_article_rejected_stops_the_run(labelling: LabellingFixture) -> None:
    """What is refused fifty times in a row is no fault of the articles, whatever is said."""
    labelling.write([article(number) for number in range(70)])
    with OracleServer(lambda _: Answer(error=fault(400, "context_length_exceeded"))) as server:
        done = labelling.label(server, "--no-schema", "--concurrency", 1)
        assert server.n_calls == 50
    assert done.exit_code == FAILED
    assert "The last 50 articles were all rejected" in done.output


def test_retry_after_holds_for_all_calls(labelling: LabellingFixture) -> None:
    """After one 429 nobody calls before the time that it states."""
    moments: list[float] = []

    def behave(call: Call) -> Answer:
        moments.append(time.monotonic())
        return Answer(error=rate_limited("0.6")) if call.number == 1 else Answer(good_text(call.prompt))

    with OracleServer(behave) as server:
        done = labelling.label(server, "--concurrency", 1)
    assert done.exit_code == OK
    assert moments[1] - moments[0] >= 0.6
    assert labelling.report["calls"]["failures"] == {"rate_limit": 1}


def test_rate_limit_without_a_time_doubles_the_pause(
    labelling: LabellingFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No article loses an attempt by it."""
    monkeypatch.setattr("distillery_tools.oracle.run.limits.PAUSE", 0.3)
    moments: list[float] = []

    def behave(call: Call) -> Answer:
        moments.append(time.monotonic())
        return Answer(error=fault(429, "RESOURCE_EXHAUSTED")) if call.number <= 2 else Answer(good_text(call.prompt))

    with OracleServer(behave) as server:
        done = labelling.label(server, "--concurrency", 1, "--max-attempts", 1)
    assert done.exit_code == OK
    assert moments[1] - moments[0] >= 0.3
    assert moments[2] - moments[1] >= 0.6


def test_requests_a_minute_are_kept(labelling: LabellingFixture) -> None:
    """Three at once, which is a second's worth and one, and half a second between those that follow."""
    labelling.write([article(number) for number in range(6)])
    with OracleServer() as server:
        done = labelling.label(server, "--requests-per-minute", 120, "--concurrency", 6)
    assert done.exit_code == OK
    assert labelling.report["seconds"] >= 1.4


def test_timeout_ends_the_request(labelling: LabellingFixture) -> None:
    """The server sees the connection close, instead of an answer that nobody awaits."""
    labelling.write([article(1)])

    def behave(call: Call) -> Answer:
        return Answer(good_text(call.prompt), delay=20 if call.again == 1 else 0)

    with OracleServer(behave) as server:
        done = labelling.label(server, "--timeout", 2)
        assert server.closed_early == 1
    assert done.exit_code == OK
    assert labelling.report["calls"]["failures"] == {"timeout": 1}


@pytest.mark.parametrize("concurrency", [1, 4])
def test_budget_is_never_exceeded(labelling: LabellingFixture, concurrency: int) -> None:
    """Over all runs together; more money goes on where less ended."""
    with OracleServer() as server:
        options = ("--price-in", 100, "--price-out", 0, "--concurrency", concurrency)
        done = labelling.label(server, *options, "--budget", "0.05")
        first = server.n_calls
        stopped, spent = labelling.report["stopped"], labelling.report["cost"]["all_runs"]
        labelling.label(server, *options, "--budget", "0.05")
        assert server.n_calls == first
        rest = labelling.label(server, *options, "--budget", "5")
    assert done.exit_code == FAILED
    assert stopped["kind"] == "budget"
    assert 0 < first < 12
    assert 0.03 < spent <= 0.05
    assert rest.exit_code == OK
    assert len(labelling.read("labels")) == 12


def test_budget_needs_a_price(labelling: LabellingFixture) -> None:
    """Without one nothing is sent."""
    with OracleServer() as server:
        done = labelling.label(server, "--model", "home-made", "--budget", 1)
        assert server.n_calls == 0
    assert done.exit_code == USAGE
    assert "--price-in" in done.output


def test_thinking_and_cached_tokens_are_paid(labelling: LabellingFixture) -> None:
    """Thinking as output, cached tokens at their own price."""
    labelling.write([article(1)])
    with OracleServer(
        lambda call: Answer(good_text(call.prompt), thinking=1000, cached=10), count=lambda _: 50
    ) as server:
        labelling.label(server)
    (label,) = labelling.read("labels")
    assert label["tokens"] == {"prompt": 50, "cached": 10, "output": 50, "thinking": 1000}
    # gpt-4.1-mini: 0.40 a million in, 0.10 cached, 1.60 out.
    assert label["cost"] == pytest.approx((40 * 0.4 + 10 * 0.1 + 1050 * 1.6) / 1e6)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_lets_calls_end_and_writes_what_there_is(labelling: LabellingFixture, number: int) -> None:
    """No call is lost, and the next run makes only those that are left."""
    with OracleServer(lambda call: Answer(good_text(call.prompt), delay=0.3)) as server:
        command = labelling.command(server, "--concurrency", 2)
        with processes.started(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            processes.wait_until(lambda: server.n_calls >= 3, process)
            process.send_signal(number)
            output, _ = processes.end_of(process)
        made = server.n_calls
        assert process.returncode == 128 + number
        assert "run the same command again: distillery label" in output
        assert len(labelling.read("labels")) == made
        labelling.label(server)
        assert server.n_calls == 12


def test_second_signal_ends_the_calls_in_flight(labelling: LabellingFixture) -> None:
    """What was answered before is written all the same."""

    def behave(call: Call) -> Answer:
        return Answer(good_text(call.prompt), delay=60 if call.number > 2 else 0)

    with OracleServer(behave) as server:
        command = labelling.command(server, "--concurrency", 2)
        with processes.started(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            processes.wait_until(lambda: server.n_calls >= 4, process)
            process.send_signal(signal.SIGINT)
            assert process.stderr
            assert "Press Ctrl-C again to cancel them" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            processes.end_of(process)
        assert process.returncode == 128 + signal.SIGINT
    assert len(labelling.read("labels")) == 2
    assert labelling.report["stopped"]["kind"] == "interrupted"


def test_signal_ends_a_run_whose_calls_do_not_end(labelling: LabellingFixture) -> None:
    """Calls in flight have some seconds; what was answered is written, and they are booked as if they were billed."""
    with OracleServer(lambda call: Answer(good_text(call.prompt), delay=600 if call.number > 2 else 0)) as server:
        command = labelling.command(server, "--concurrency", 2, "--timeout", 900)
        with processes.started(*command) as process:
            processes.wait_until(lambda: server.n_calls >= 4, process)
            process.send_signal(signal.SIGTERM)
            processes.end_of(process)
        assert process.returncode == 128 + signal.SIGTERM
    assert len(labelling.read("labels")) == 2
    assert labelling.most_attempts() == 1


def label_and_kill(command: list[str], server: OracleServer, n_calls: int, seconds: float) -> None:
    """Kill a run some seconds after the server has counted this many calls, unless it has ended by then."""
    with processes.started(*command) as process:
        processes.wait_until(lambda: server.n_calls >= n_calls or process.poll() is not None, process)
        time.sleep(seconds)
        processes.kill(process)


def test_kill_loses_at_most_the_calls_in_flight(labelling: LabellingFixture) -> None:
    """After kill -9 at random moments: every article once, every call that was counted booked."""
    chance = random.Random(1)
    labelling.write([article(number) for number in range(60)])
    with OracleServer(lambda call: Answer(good_text(call.prompt), delay=0.05)) as server:
        command = labelling.command(server, "--concurrency", 4, "--max-attempts", 100)
        for _ in range(3):
            label_and_kill(command, server, server.n_calls + 4, seconds=chance.uniform(0, 0.2))
        done = labelling.label(server, "--max-attempts", 100)
    assert done.exit_code == OK, done.output
    labels = labelling.read("labels")
    assert is_sound(labels)
    assert len(labels) == 60
    with sqlite3.connect(labelling.records / "store.sqlite") as store:
        rows = dict(store.execute("SELECT outcome, count(*) FROM attempts GROUP BY outcome"))
    store.close()
    assert rows["labelled"] == 60
    booked = sum(rows.values())
    assert booked - rows.get("crashed", 0) <= server.n_calls <= booked


def test_store_cut_at_any_byte_is_sound(labelling: LabellingFixture) -> None:
    """What a crash of the machine leaves of its journal: every answer that is left has its call, none is half there."""
    with OracleServer(lambda call: Answer(good_text(call.prompt), delay=0.02)) as server:
        label_and_kill(labelling.command(server, "--concurrency", 1), server, 8, seconds=0)
    store = labelling.records / "store.sqlite"
    journal = store.with_name("store.sqlite-wal").read_bytes()
    chance = random.Random(2)
    found = set()
    for size in [0, len(journal), *(chance.randrange(len(journal)) for _ in range(30))]:
        copy = labelling.folder / f"{size}.sqlite"
        copy.write_bytes(store.read_bytes())
        copy.with_name(f"{copy.name}-wal").write_bytes(journal[:size])
        asyncio.run(Store.open(copy).close())
        with sqlite3.connect(copy) as connection:
            answers = {key for (key,) in connection.execute("SELECT key FROM answers")}
            called = {key for (key,) in connection.execute("SELECT key FROM attempts WHERE outcome = 'labelled'")}
        connection.close()
        assert answers == called
        found.add(len(answers))
    assert max(found) >= 7
    assert len(found) > 3


def test_store_is_for_one_run_at_a_time(labelling: LabellingFixture) -> None:
    """A second run says so instead of paying twice."""
    with OracleServer() as server:
        first = Store.open(labelling.records / "store.sqlite")
        done = labelling.label(server)
        asyncio.run(first.close())
        assert server.n_calls == 0
        assert labelling.label(server).exit_code == OK
    assert done.exit_code == USAGE
    assert "Is another run using it" in done.output


def test_key_is_in_no_file_and_no_message(labelling: LabellingFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when the provider refuses it."""
    monkeypatch.setenv("MY_KEY", "sk-secret-0123456789")
    with OracleServer(lambda _: Answer(error=fault(401, "invalid_api_key"))) as server:
        done = labelling.label(server, "--key-variable", "MY_KEY")
        assert server.calls[0].headers["authorization"] == "Bearer sk-secret-0123456789"
    assert "secret" not in done.output
    written = [path.read_bytes() for path in labelling.folder.rglob("*") if path.is_file()]
    assert not any(b"secret" in content for content in written)


@pytest.mark.parametrize("provider", ["openai", "gemini"])
@pytest.mark.parametrize("key", ["sk-secret\n0123", "sk-secret\u2026", "sk-secret\t1"])
def test_key_that_no_header_holds_is_refused_unshown(
    labelling: LabellingFixture, monkeypatch: pytest.MonkeyPatch, provider: str, key: str
) -> None:
    """Before anything is sent: the error of the client would show it."""
    monkeypatch.setenv("MY_KEY", key)
    with OracleServer() as server:
        done = labelling.label(server, "--key-variable", "MY_KEY", "--max-attempts", 1, provider=provider)
        assert server.n_calls == 0
    assert done.exit_code == USAGE
    assert "MY_KEY" in done.output
    assert "secret" not in done.output
    assert not any(b"secret" in path.read_bytes() for path in labelling.folder.rglob("*") if path.is_file())


def test_line_end_after_a_key_is_none_of_it(labelling: LabellingFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a key that was read from a file has one."""
    monkeypatch.setenv("MY_KEY", "sk-secret-0123456789\n")
    with OracleServer() as server:
        assert labelling.label(server, "--key-variable", "MY_KEY").exit_code == OK
        assert server.calls[0].headers["authorization"] == "Bearer sk-secret-0123456789"


def test_dry_run_sends_and_writes_nothing(labelling: LabellingFixture) -> None:
    """It shows the first prompt, and counts what is left to ask."""
    with OracleServer() as server:
        planned = labelling.label(server, "--dry-run", "--format", "json")
        assert server.n_calls == 0
        assert not labelling.labels.parent.exists()
        plan = json.loads(planned.output)
        assert "Neighbours planted 0 trees" in plan["prompt"]
        assert (plan["calls"], plan["given"]) == (12, 12)
        assert plan["cost"] > 0
        labelling.write([article(number) for number in range(15)])
        labelling.write([article(number) for number in range(12)])
        labelling.label(server)
        labelling.write([article(number) for number in range(15)])
        again = json.loads(labelling.label(server, "--dry-run", "--format", "json").output)
    assert (again["calls"], again["answered"]) == (3, 12)
    # The server counts words; what it counted before is what is expected of it.
    assert again["tokens"]["prompt"] == pytest.approx(labelling.report["tokens"]["prompt"] / 12 * 3, rel=0.1)


def test_no_key_is_a_wrong_use(labelling: LabellingFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named are the variables; an endpoint with a URL of its own may need none."""
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with OracleServer() as server:
        assert labelling.label(server).exit_code == OK
        done = labelling.label(server, "--key-variable", "NO_SUCH_KEY")
    assert done.exit_code == USAGE
    assert "NO_SUCH_KEY" in done.output
    assert os.environ.get("NO_SUCH_KEY") is None
