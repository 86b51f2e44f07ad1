"""distillery label --batch: handed over once, collected by whichever run comes after, half the price."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence

import processes
import pytest
from batch_server import BatchServer
from invented import DIMENSIONS
from labelling_fixture import LabellingFixture, article, is_sound
from loopback import HttpReply, HttpRequest, LoopbackServer
from misbehaviour import misbehaving, rate_limited
from oracle_server import OracleServer

from distillery_tools.oracle.providers import ProviderSettings, Request
from distillery_tools.oracle.providers.openai_provider import OpenAIProvider
from distillery_tools.oracle.run.batches import submit_once
from distillery_tools.oracle.run.stop import Stop, StoppedError

OK, FAILED = 0, 1
PROVIDERS = ("openai", "gemini")
BATCH: Sequence[object] = ("--batch", "--batch-size", 5, "--poll-seconds", 0.05)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_batches_give_the_labels_of_single_calls(labelling: LabellingFixture, provider: str) -> None:
    """For half the money, and without a further call when they are all there."""
    with BatchServer() as server:
        done = labelling.label(server, *BATCH, provider=provider)
        batched, half = labelling.read("labels"), labelling.report["cost"]["now"]
        assert (len(server.batches), server.n_requests) == (3, 12)
        assert labelling.label(server, provider=provider).exit_code == OK
        assert server.n_calls == 12
        labelling.labels.unlink()
        labelling.label(server, "--sample", 2, provider=provider)
    assert done.exit_code == OK, done.output
    assert is_sound(batched)
    assert len(batched) == 12
    single = labelling.read("labels")
    assert [label["scores"] for label in single] == [label["scores"] for label in batched]
    assert labelling.report["cost"]["now"] == pytest.approx(2 * half)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_failed_requests_go_into_the_next_batch(labelling: LabellingFixture, provider: str) -> None:
    """Until the cap."""
    labelling.write([article(number) for number in range(40)])
    with BatchServer(misbehaving(DIMENSIONS)) as server:
        labelling.label(server, *BATCH, "--max-attempts", 3, provider=provider)
        requested = server.n_requests
    labels, dead = labelling.read("labels"), labelling.read("dead_letters")
    assert is_sound(labels)
    assert len(labels) + len(dead) + labelling.report["articles"]["left"] == 40
    assert labelling.most_attempts() <= 3
    assert labelling.report["calls"]["all_runs"] == requested


@pytest.mark.parametrize("provider", PROVIDERS)
def test_submission_whose_reply_is_lost_is_not_repeated(labelling: LabellingFixture, provider: str) -> None:
    """It is found among the provider's batches by our token."""
    with BatchServer() as server:
        server.lose_replies = 1
        done = labelling.label(server, *BATCH, "--concurrency", 1, provider=provider)
        assert (len(server.batches), server.n_requests) == (3, 12)
    assert done.exit_code == OK, done.output


@pytest.mark.parametrize("provider", PROVIDERS)
def test_later_run_collects_after_a_kill(labelling: LabellingFixture, provider: str) -> None:
    """Without submitting anything twice; single calls in between are refused, since they would pay twice."""
    with BatchServer() as server:
        server.looks_until_done = 10**6
        command = [*labelling.command(server)[:1], *labelling.arguments(server, provider, *BATCH)]
        with processes.started(*command) as process:
            processes.wait_until(lambda: server.shows(3), process)
            processes.kill(process)
        single = labelling.label(server, provider=provider)
        assert (single.exit_code, server.n_calls) == (FAILED, 0)
        assert "collect them with --batch" in single.output
        server.looks_until_done = 0
        done = labelling.label(server, *BATCH, provider=provider)
        assert (len(server.batches), server.n_requests) == (3, 12)
    assert done.exit_code == OK, done.output
    assert len(labelling.read("labels")) == 12
    assert labelling.report["calls"] == {"now": 0, "all_runs": 12, "failures": {}}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_batch_that_was_collected_in_part_is_collected_to_its_end(labelling: LabellingFixture, provider: str) -> None:
    """Only what had failed before is asked about again."""
    with BatchServer() as server:
        server.looks_until_done = 10**6
        command = [*labelling.command(server)[:1], *labelling.arguments(server, provider, *BATCH)]
        with processes.started(*command) as process:
            processes.wait_until(lambda: server.shows(3), process)
            processes.kill(process)
        with sqlite3.connect(labelling.records / "store.sqlite") as store:
            store.execute(
                "UPDATE attempts SET outcome = 'prose', cost = 0 WHERE number IN"
                " (SELECT min(number) FROM attempts GROUP BY batch)"
            )
        store.close()
        server.looks_until_done = 0
        done = labelling.label(server, *BATCH, provider=provider)
        assert server.n_requests == 12 + 3
    assert done.exit_code == OK, done.output
    assert len(labelling.read("labels")) == 12


def test_submitting_ends_with_a_stop() -> None:
    """However long the provider asks to wait."""

    async def busy(_: HttpRequest) -> HttpReply:
        return rate_limited("3600")

    async def submit_when_stopped(url: str) -> None:
        provider = OpenAIProvider(ProviderSettings(model="m", base_url=url))
        stop = Stop()
        stop.set("interrupted", "Interrupted.")
        request = Request("text", {}, 100)
        try:
            await asyncio.wait_for(submit_once(provider.batches, "token", {"1": request}, stop), 10)
        finally:
            await provider.close()

    with LoopbackServer(busy) as server, pytest.raises(StoppedError):
        asyncio.run(submit_when_stopped(server.url))


def test_batch_that_fails_as_a_whole_stops_the_run(labelling: LabellingFixture) -> None:
    """With the provider's reason, and at no cost."""
    with BatchServer() as server:
        server.fail_with = "this model takes no batches"
        done = labelling.label(server, *BATCH, "--concurrency", 1)
        assert len(server.batches) == 1
    assert done.exit_code == FAILED
    assert "this model takes no batches" in done.output
    assert labelling.report["cost"]["all_runs"] == 0


def test_budget_holds_for_batches(labelling: LabellingFixture) -> None:
    """What does not fit is not handed over."""
    with BatchServer() as server:
        done = labelling.label(server, *BATCH, "--price-in", 100, "--price-out", 0, "--budget", "0.03")
        assert server.n_requests > 0
    assert done.exit_code == FAILED
    assert labelling.report["stopped"]["kind"] == "budget"
    assert 0.015 < labelling.report["cost"]["all_runs"] <= 0.03


def test_server_without_batches_says_so(labelling: LabellingFixture) -> None:
    """As a clear message, and nothing is booked as spent."""
    with OracleServer() as server:
        done = labelling.label(server, *BATCH)
        assert server.n_calls == 0
    assert done.exit_code == FAILED
    assert "The batch was not taken" in done.output
    assert labelling.report["cost"]["all_runs"] == 0
