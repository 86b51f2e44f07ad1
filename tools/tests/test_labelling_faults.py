"""Whose fault a failed call is: every fault of an endpoint, by every provider, in single calls and in batches.

No article loses an attempt and no money is booked for anything but an answer, or a request that may have been
answered. The same command goes on once the endpoint is well again.
"""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Sequence

import pytest
from batch_server import BatchServer
from labelling_faults import (
    BALANCE_FAULTS,
    ENDPOINT_FAULTS,
    GEMINI_FORMS,
    KEY_FAULTS,
    OPENAI_FORMS,
    PLACE_FAULTS,
    SERVER_FAULTS,
    UNEXPLAINED_FAULTS,
    EndpointFault,
    FormFault,
)
from labelling_fixture import LabellingFixture, article
from loopback import HttpReply
from oracle_server import Answer, Call, OracleServer, good_text

OK, FAILED, USAGE = 0, 1, 2
PROVIDERS = ("openai", "gemini")
MONEY: Sequence[object] = ("--price-in", 100, "--price-out", 100, "--budget", 20)
BATCH: Sequence[object] = ("--batch", "--poll-seconds", 0.01, "--batch-size", 3)


def fail_everywhere(server: BatchServer, fault: EndpointFault) -> None:
    """Answer every request with a fault, also those about batches."""
    server.fault = fault.reply


def fail_each_call(server: BatchServer, fault: EndpointFault) -> None:
    """Answer every prompt with a fault, also those within batches."""
    server.behaviour = lambda _: Answer(error=fault.reply)


def heal(server: BatchServer) -> None:
    """Answer well from now on."""
    server.fault = None
    server.behaviour = lambda call: Answer(good_text(call.prompt))


MODES = {
    "single": ((), fail_everywhere),
    "batch": (BATCH, fail_everywhere),
    "in-a-batch": (BATCH, fail_each_call),
}


@pytest.fixture
def three(labelling: LabellingFixture) -> LabellingFixture:
    """Three articles are enough to see whether one is charged."""
    labelling.write([article(number) for number in range(3)])
    return labelling


def charged(labelling: LabellingFixture) -> tuple[int, float]:
    """Return how many attempts articles lost, and what is booked as spent."""
    with sqlite3.connect(labelling.records / "store.sqlite") as store:
        (found,) = store.execute(
            "SELECT count(*) FILTER (WHERE counts AND outcome NOT NULL), coalesce(sum(coalesce(cost, reserved)), 0)"
            " FROM attempts"
        )
    store.close()
    return found[0], found[1]


# What a fault says is read in one place for all modes, so that batches get one fault of each kind and status.
ONE_OF_EACH_STATUS = {
    (kind, fault.status): fault
    for kind, faults in enumerate((KEY_FAULTS, BALANCE_FAULTS, PLACE_FAULTS, SERVER_FAULTS, UNEXPLAINED_FAULTS))
    for fault in faults
}.values()


@pytest.mark.parametrize(
    ("mode", "fault"),
    [
        *(pytest.param("single", fault, id=f"single-{fault.name}") for fault in ENDPOINT_FAULTS),
        *(
            pytest.param(mode, fault, id=f"{mode}-{fault.name}")
            for mode in ("batch", "in-a-batch")
            for fault in ONE_OF_EACH_STATUS
        ),
    ],
)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_faults_of_endpoints_charge_nobody(
    three: LabellingFixture, provider: str, mode: str, fault: EndpointFault
) -> None:
    """One line says why and which command goes on; it does, with a single attempt for each article."""
    options, fail = MODES[mode]
    with BatchServer() as server:
        fail(server, fault)
        done = three.label(server, *options, *MONEY, "--max-attempts", 1, "--concurrency", 1, provider=provider)
        failed = three.report
        assert (done.exit_code, charged(three)) == (FAILED, (0, 0.0)), done.output
        assert (failed["articles"]["left"], three.read("dead_letters")) == (3, [])
        assert failed["stopped"]["kind"] == "endpoint"
        assert "\n" not in failed["stopped"]["message"]
        assert "To go on, run the same command again: distillery label" in done.output.splitlines()[-1]
        if mode == "single":
            assert fault.says in failed["stopped"]["message"]
            assert server.n_calls == 1 or not fault.stops_at_once
        heal(server)
        again = three.label(server, *options, *MONEY, "--max-attempts", 1, "--concurrency", 1, provider=provider)
    assert again.exit_code == OK, again.output
    assert len(three.read("labels")) == 3
    assert charged(three)[0] == 3


@pytest.mark.parametrize("batch", [(), BATCH], ids=["single", "batch"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_endpoint_that_is_not_there_charges_nobody(
    three: LabellingFixture, provider: str, batch: Sequence[object]
) -> None:
    """Nothing was sent, so nothing is paid; once the server runs, the same command labels all."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = BatchServer(port=port)
    done = three.label(server, *batch, *MONEY, "--max-attempts", 1, provider=provider)
    assert (done.exit_code, charged(three)) == (FAILED, (0, 0.0)), done.output
    assert "cannot be reached" in three.report["stopped"]["message"]
    with server:
        again = three.label(server, *batch, *MONEY, "--max-attempts", 1, provider=provider)
    assert again.exit_code == OK, again.output
    assert len(three.read("labels")) == 3


@pytest.mark.parametrize("kind", ["timeout", "cut"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_requests_without_an_answer_are_paid_but_are_no_attempts(
    three: LabellingFixture, provider: str, kind: str
) -> None:
    """They may have been answered; where nobody is answered it is not the article that is at fault."""
    slow = Answer("", delay=60) if kind == "timeout" else Answer("{}", cut=True)
    with OracleServer(lambda _: slow) as server:
        done = three.label(server, *MONEY, "--max-attempts", 1, "--timeout", 1, provider=provider)
        attempts, cost = charged(three)
        assert (done.exit_code, attempts) == (FAILED, 0)
        assert cost > 0
        server.behaviour = lambda call: Answer(good_text(call.prompt))
        again = three.label(server, *MONEY, "--max-attempts", 1, provider=provider)
    assert again.exit_code == OK, again.output


@pytest.mark.parametrize(
    ("provider", "fault"),
    [
        *(pytest.param("openai", fault, id=f"openai-{fault.name}") for fault in OPENAI_FORMS),
        *(pytest.param("gemini", fault, id=f"gemini-{fault.name}") for fault in GEMINI_FORMS),
    ],
)
@pytest.mark.parametrize("batch", [(), BATCH], ids=["single", "batch"])
def test_refused_part_of_a_request_is_left_out(
    three: LabellingFixture, provider: str, fault: FormFault, batch: Sequence[object]
) -> None:
    """Once for all calls; no article is charged, and the labels say what was asked for otherwise."""

    def behave(call: Call) -> Answer:
        if fault.refuses(call.body):
            return Answer(error=HttpReply(fault.error, fault.status))
        return Answer(good_text(call.prompt))

    with BatchServer(behave) as server:
        options = (*batch, *fault.options, "--max-attempts", 1, "--concurrency", 1)
        done = three.label(server, *options, provider=provider)
        n_refused = three.report["calls"]["failures"].get("request_form", 0)
        assert server.n_calls == 3 + n_refused
    assert done.exit_code == OK, done.output
    assert 1 <= n_refused <= 5 * (3 if batch else 1)
    assert all(label["adapted"] for label in three.read("labels"))
    assert three.report["adapted"] == three.read("labels")[-1]["adapted"]
    assert "since the endpoint refuses it" in done.output
    assert charged(three)[0] == 3


def reject(error: HttpReply, number: int) -> Callable[[Call], Answer]:
    """Return a behaviour that refuses one article and answers the others."""
    return lambda call: (
        Answer(error=error) if f"planted {number} trees" in call.prompt else Answer(good_text(call.prompt))
    )


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ({"error": {"message": "Too long", "code": "context_length_exceeded"}}, "context_length_exceeded"),
        (
            {
                "error": {
                    "message": "the request exceeds the available context size",
                    "type": "exceed_context_size_error",
                }
            },
            "co",
        ),
        ({"object": "error", "message": "This model's maximum context length is 10 tokens"}, "maximum context length"),
        ({"error": {"message": "Filtered", "code": "content_filter"}}, "content_filter"),
        ({"error": {"message": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, "responsibleai"),
        ({"error": {"message": "Your input was flagged for violence", "code": 403}}, "flagged for violence"),
        ({"error": {"message": "Something about this one alone"}}, "this one alone"),
    ],
    ids=["long", "llama.cpp", "vllm", "filter", "azure", "openrouter", "unexplained"],
)
def test_refused_article_is_charged_alone(three: LabellingFixture, error: object, says: str) -> None:
    """At once, and with the reason; the others are labelled."""
    with OracleServer(reject(HttpReply(error, 400), 2)) as server:
        done = three.label(server, "--concurrency", 1)
    assert done.exit_code == FAILED
    (dead,) = three.read("dead_letters")
    assert (dead["id"], dead["kind"]) == ("a2", "rejected")
    assert says in dead["reason"]
    assert len(three.read("labels")) == 2


def test_proxy_setting_that_is_broken_is_one_line(three: LabellingFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is our own fault, and wrong usage."""
    monkeypatch.setenv("ALL_PROXY", "no-such-scheme://127.0.0.1:1")
    with OracleServer() as server:
        done = three.label(server)
        assert server.n_calls == 0
    assert done.exit_code == USAGE
    assert "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY" in done.output
    assert "Traceback" not in done.output


def test_certificates_that_are_missing_are_one_line(three: LabellingFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the setting that names them."""
    monkeypatch.setenv("SSL_CERT_FILE", str(three.folder / "nowhere.pem"))
    with OracleServer() as server:
        done = three.label(server)
        assert server.n_calls == 0
    assert done.exit_code == USAGE
    assert "nowhere.pem" in done.output
    assert "Traceback" not in done.output


def test_store_that_cannot_be_written_is_one_line(three: LabellingFixture) -> None:
    """Before anything is sent."""
    (three.folder / "file").write_text("", encoding="utf-8")
    with OracleServer() as server:
        done = three.label(server, "--store", three.folder / "file" / "store.sqlite")
        assert server.n_calls == 0
    assert done.exit_code == USAGE
    assert "store.sqlite cannot be used" in done.output
    assert "Traceback" not in done.output


def test_another_server_with_the_same_model_is_asked(three: LabellingFixture) -> None:
    """Its answers are its own; the first one's labels are not overwritten."""
    with OracleServer() as first, OracleServer() as second:
        three.label(first)
        refused = three.label(second)
        assert second.n_calls == 0
        store = ("-o", three.folder / "other.jsonl", "--store", three.records / "store.sqlite")
        assert three.label(second, *store).exit_code == OK
        assert second.n_calls == 3
        url = first.openai_url
    assert refused.exit_code == USAGE
    assert "labels that differ in endpoint" in refused.output
    assert {label["endpoint"] for label in three.read("labels")} == {url}


KEY = "sk-secret-0123456789abcdef"


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("shown", [KEY, f"{KEY[:10]}...{KEY[-2:]}", f"{KEY[:12]}********", f"Bearer {KEY}!"])
def test_key_in_a_servers_own_words_is_redacted(
    three: LabellingFixture, monkeypatch: pytest.MonkeyPatch, provider: str, status: int, shown: str
) -> None:
    """It reaches neither file nor console."""
    monkeypatch.setenv("MY_KEY", KEY)
    fault = HttpReply({"error": {"message": f"We do not know {shown} here", "code": status}}, status)
    with OracleServer(lambda _: Answer(error=fault)) as server:
        done = three.label(server, "--key-variable", "MY_KEY", "--max-attempts", 1, provider=provider)
    assert done.exit_code == FAILED
    assert "We do not know" in done.output
    assert "secret" not in done.output
    assert not any(b"secret" in path.read_bytes() for path in three.folder.rglob("*") if path.is_file())


def test_key_in_a_reply_is_redacted(three: LabellingFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is taken for a model's words."""
    monkeypatch.setenv("MY_KEY", KEY)
    with OracleServer(lambda _: Answer(f"You are {KEY}")) as server:
        three.label(server, "--key-variable", "MY_KEY", "--max-attempts", 1)
    assert three.read("dead_letters")[0]["last_reply"] == "You are [key]"
    assert not any(b"secret" in path.read_bytes() for path in three.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("url", ["localhost:1/v1", "http://127.0.0.1:port", "ftp://127.0.0.1/v1", "http://["])
def test_url_that_is_none_is_one_line(three: LabellingFixture, provider: str, url: str) -> None:
    """Nobody is asked, and nothing is charged."""
    with OracleServer() as server:
        done = three.label(server, "--base-url", url, provider=provider)
    assert done.exit_code in {FAILED, USAGE}
    assert "Traceback" not in done.output
    assert not isinstance(done.exception, ValueError)
    assert not three.labels.exists() or three.read("labels") == []


def test_password_in_a_url_is_redacted(three: LabellingFixture) -> None:
    """Also in the command that goes on."""
    with OracleServer(lambda _: Answer(error=HttpReply({"detail": "No"}, 401))) as server:
        url = server.openai_url.replace("http://", "http://somebody:secret-0123@")
        done = three.label(server, "--base-url", url)
    assert done.exit_code == FAILED
    assert "To go on" in done.output
    assert "secret" not in done.output
    assert not any(b"secret" in path.read_bytes() for path in three.folder.rglob("*") if path.is_file())
